"""The card of a settlement, as text and as a page to print: why it has its values, and what would change them."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gis import fields as f
from gis.publish.palette import POTENTIAL
from gis.publish.words import class_name, column_label, indicator_name, number, tier_name, words

Card = Mapping[str, Any]


def apportioned(values: Sequence[float], total: float, digits: int) -> tuple[list[int], int]:
    """Round values so that they sum to their rounded total; in units of the last digit.

    Each is rounded down, and what is left goes to those that lost most.

    Parameters
    ----------
    values
        Finite numbers.
    total
        Their sum.
    digits
        Behind the decimal point.

    Returns
    -------
    parts, whole
        Whole numbers; the parts sum to the whole, which is the total as it is printed.

    Examples
    --------
    >>> apportioned([0.26, 0.26, 0.26], 0.78, 1)
    ([3, 3, 2], 8)
    """
    scaled = [value * 10**digits for value in values]
    parts = [math.floor(value) for value in scaled]
    whole = round(float(f"{total:.{digits}f}") * 10**digits)
    order = sorted(range(len(parts)), key=lambda i: parts[i] - scaled[i])
    for i in order[: max(whole - sum(parts), 0)]:
        parts[i] += 1
    return parts, whole


def card_text(card: Card, language: str) -> str:
    """Write a card as plain text, without a blank line.

    Parameters
    ----------
    card
        From `gis.explain.cards`.
    language
        `en`, `ru` or `kk`.
    """
    lines = [f"{' / '.join(card['names'])} [{card['settlement_id']}]"]
    lines += [f"  {label}: {value}" for label, value in _facts(card, language)]
    for journey in card["journeys"]:
        lines.append(f"  {_tier(card, journey['tier'], language)}: {_journey(journey, language)}")
        lines += [f"      {detail}" for detail in _details(journey, language)]
    lines += [f"  {label}: {value}" for label, value in _climate_and_remoteness(card, language)]
    lines.append(f"  {column_label(f.VIABILITY, language)}: {_viability(card, language)}")
    for row in card["indicators"]:
        lines.append(f"    {_points(row['points_printed'], language):>6}  {_indicator(row, language)}")
    if card["indicators"]:
        total = _points(card["points_total_printed"], language)
        lines.append(f"  = {total:>6}  " + words(language)["card.total"])
    lines += [f"  {label}: {value}" for label, value in _verdict(card, language)]
    heading, changes = _changes(card, language)
    if heading:
        lines += [f"  {heading}:", *(f"    {change}" for change in changes)]
    return "\n".join(lines)


def cards_html(cards: Sequence[Card], language: str, title: str) -> str:
    """Write cards as one page of HTML that needs no other file; each starts a new sheet when it is printed.

    Parameters
    ----------
    cards
        From `gis.explain.cards`.
    language
        `en`, `ru` or `kk`.
    title
        Of the study.

    Notes
    -----
    Names come from files of unknown origin: every text is escaped.
    """
    body = "\n".join(_article(card, language) for card in cards)
    heading = html.escape(" / ".join(cards[0]["names"]) if cards else title)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<p class='study'>{html.escape(title)}</p>\n{body}\n</body>\n</html>\n"
    )


_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b2733; max-width: 46rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 0 .6rem } h2 { font-size: 1.05rem; margin: 1.2rem 0 .3rem }
.study, small, .id { color: #52616d } .id { font-weight: normal; font-size: 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2rem .5rem .2rem 0;
border-bottom: 1px solid #d9e0e5; vertical-align: top } td.n { text-align: right; white-space: nowrap;
font-variant-numeric: tabular-nums } tr.sum td { font-weight: 600; border-top: 2px solid #1b2733 }
.bar { display: flex; height: 1.1rem; margin: .3rem 0; print-color-adjust: exact; -webkit-print-color-adjust: exact }
.class { border: 2px solid; border-radius: .3rem; padding: .05rem .4rem }
article + article { margin-top: 3rem }
@media print { body { margin: 0; max-width: none; font-size: 11pt } article { break-after: page }
article:last-child { break-after: auto } tr { break-inside: avoid } }
"""


def _article(card: Card, language: str) -> str:
    w, e = words(language), html.escape
    heading_journeys, total_word = e(w["card.journeys"]), e(w["card.total"])
    rows = "".join(_row(label, value) for label, value in _facts(card, language))
    out = [
        f"<article>\n<h1>{e(' / '.join(card['names']))} <span class='id'>{e(str(card['settlement_id']))}</span></h1>",
        f"<table>{rows}{''.join(_row(*pair) for pair in _climate_and_remoteness(card, language))}</table>",
        f"<h2>{heading_journeys}</h2>\n<table>",
    ]
    for journey in card["journeys"]:
        details = "".join(f"<br><small>{e(detail)}</small>" for detail in _details(journey, language))
        tier = e(_tier(card, journey["tier"], language))
        out.append(f"<tr><th>{tier}</th><td>{e(_journey(journey, language))}{details}</td></tr>")
    out.append(f"</table>\n<h2>{e(column_label(f.VIABILITY, language))}: {e(_viability(card, language))}</h2>\n<table>")
    for row in card["indicators"]:
        points = e(_points(row["points_printed"], language))
        out.append(f"<tr><td class='n'>{points}</td><td>{e(_indicator(row, language))}</td></tr>")
    if card["indicators"]:
        total = e(_points(card["points_total_printed"], language))
        out.append(f"<tr class='sum'><td class='n'>{total}</td><td>{total_word}</td></tr>")
    out.append("</table>")
    label, verdict = _verdict(card, language)[-1]
    colour = POTENTIAL[card["potential"]]
    out.append(f"<h2>{e(label)}: <span class='class' style='border-color:{colour}'>{e(verdict)}</span></h2>")
    out += [f"<p>{e(name)}: {e(value)}</p>" for name, value in _verdict(card, language)[:-1]]
    out.append(_bar(card))
    heading, changes = _changes(card, language)
    if heading:
        out.append(f"<h2>{e(heading)}</h2>\n<table>{''.join(f'<tr><td>{e(c)}</td></tr>' for c in changes)}</table>")
    return "\n".join(part for part in [*out, "</article>"] if part)


def _row(label: str, value: str) -> str:
    return f"<tr><th>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"


def _bar(card: Card) -> str:
    """Draw the probabilities of the classes as one bar."""
    if not card["probabilities"]:
        return ""
    parts = "".join(
        f"<div style='flex:{share:.4f} 0 0;background:{POTENTIAL[name]}'></div>"
        for name, share in card["probabilities"].items()
    )
    return f"<div class='bar'>{parts}</div>"


def _facts(card: Card, language: str) -> list[tuple[str, str]]:
    out = [(column_label(f.REGION, language), str(card["region"]))] if card["region"] else []
    for column, digits in ((f.POPULATION, 0), (f.ACCESS_KM, 1), (f.ACCESS_MIN, 1)):
        out.append((column_label(column, language), _known(card["values"].get(column), language, digits)))
    return out


def _climate_and_remoteness(card: Card, language: str) -> list[tuple[str, str]]:
    columns = ((f.TEMPERATURE_MEAN_C, 1), (f.HEATING_DEGREE_DAYS, 0), (f.PRECIPITATION_MM, 0))
    out = [(column_label(c, language), _known(card["values"].get(c), language, digits)) for c, digits in columns]
    if card["remoteness_class"] is not None:
        name = class_name(f.REMOTENESS_CLASS, card["remoteness_class"], language)
        shown = f"{_known(card['values'].get(f.REMOTENESS), language, 1)} ({name})"
        out.append((column_label(f.REMOTENESS, language), shown))
    return out


def _known(value: float | None, language: str, digits: int) -> str:
    return words(language)["class.no_data"] if value is None else number(value, language, digits)


def _tier(card: Card, tier: str, language: str) -> str:
    return tier_name(tier, language, card["tiers"])


def _journey(journey: Card, language: str) -> str:
    w = words(language)
    if journey["status"] != "reached":
        return w["class.no_data"] if journey["status"] == "unknown" else w["class.unreachable"]
    minutes, km = number(journey["minutes"], language), number(journey["km"], language)
    return f"{minutes} {w['unit.min']}, {km} {w['unit.km']} -> {journey['centre_name']}"


def _way(part: Card, language: str) -> str:
    w = words(language)
    off_road = {"access": w["journey.access"], "over_land": w["journey.over_land"], "straight": w["journey.straight"]}
    if part["kind"] in off_road:
        return off_road[part["kind"]]
    minor = {
        "unclassified": w["journey.unclassified"], "residential": w["journey.residential"],
        "service": w["journey.service"], "track": w["journey.track"], "ferry": w["journey.ferry"],
        "ice_road": w["journey.ice_road"],
    }  # fmt: skip
    kind = part["kind"].removesuffix("_link")
    paved = w["card.paved"] if part["paved"] else w["card.unpaved"]
    return f"{minor.get(kind) or class_name(f.ROAD_CLASS, kind, language).lower()} ({paved})"


def _details(journey: Card, language: str) -> list[str]:
    w, out = words(language), []
    parts = [part for part in journey["parts"] if part["km"] >= 0.05]  # what prints as more than 0.0 km
    if len(parts) > 1:
        parts = [f"{_way(p, language)} {number(p['km'], language, 1)} {w['unit.km']}" for p in parts]
        out.append(w["card.parts"] + ": " + ", ".join(parts))
    slowest = journey["slowest"]
    if slowest is not None:
        shown = {key: number(slowest[key], language, digits) for key, digits in (("km", 1), ("kph", 0), ("min", 0))}
        out.append(w["card.slowest"].format(what=_way(slowest, language), **shown))
    alike: dict[tuple[str, bool], list[str]] = {}  # seasons that take as long are said together
    for season, minutes in journey["seasons"].items():
        said = w["class.unreachable"]
        if minutes is not None:
            more = minutes - journey["minutes"] if journey["minutes"] is not None else 0.0
            sign = "+" if more >= 0 else "−"
            added = f" ({sign}{number(abs(more), language)})" if round(more) else ""
            said = f"{number(minutes, language)} {w['unit.min']}{added}"
        alike.setdefault((said, season == "worst"), []).append(w.get(f"season.{season}", season.replace("_", " ")))
    out += [f"{', '.join(names)}: {said}" for (said, _), names in alike.items()]
    for key, message in (("months_cut_off", "map.cut_off_months"), ("months_without_freight", "map.freight_months")):
        if journey.get(key):
            out.append(w[message].format(months=number(journey[key], language)))
    if (journey["paved_saves_min"] or 0.0) >= 0.5:
        out.append(w["card.saves"].format(min=number(journey["paved_saves_min"], language)))
    return out


def _viability(card: Card, language: str) -> str:
    w, value = words(language), card["viability"]
    if value["value"] is None:
        return w["class.no_data"]
    out = [number(value["value"], language, 1)]
    place = {"rank": number(value["rank"], language), "of": number(value["of"], language)}
    if value["low"] is None:
        return "; ".join([*out, w["card.rank"].format(**place)])
    low, high = (number(value[side], language, 1) for side in ("low", "high"))
    out.append(w["card.interval"].format(draws=number(card["draws"], language), low=low, high=high))
    low, high = (number(value[side], language) for side in ("rank_low", "rank_high"))
    return "; ".join([*out, w["card.rank_interval"].format(**place, low=low, high=high)])


def _points(tenths: int, language: str) -> str:
    return number(tenths / 10, language, 1)


def _indicator(row: Card, language: str) -> str:
    w, name = words(language), indicator_name(row["indicator"], language)
    if row["unreachable"]:
        return f"{name}: {w['class.unreachable']}"
    if row["value"] is None:
        return f"{name}: {w['class.no_data']}"
    better = w["card.better"].format(share=number(row["percentile"], language))
    return f"{name}: {number(row['value'], language, _digits(row['value']))} ({better})"


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 or value == 0 else 1 if abs(value) >= 10 else 2


def _verdict(card: Card, language: str) -> list[tuple[str, str]]:
    """What is missing, how sure the class is, and the class itself, the last."""
    w = words(language)
    out = [(column_label(f.VIABILITY_MISSING, language), _known(card["missing_share"], language, 2))]
    if card["missing"]:
        out.append((w["card.missing"], ", ".join(indicator_name(name, language) for name in card["missing"])))
    if card["probabilities"]:
        shown = ", ".join(
            f"{class_name(f.POTENTIAL, name, language)} {number(share * 100, language)} %"
            for name, share in card["probabilities"].items()
        )
        stable = w["card.stable"] if card["stable"] else w["card.not_stable"]
        out.append(
            (w["card.in_draws"].format(draws=number(card["draws"], language)).capitalize(), f"{shown}; {stable}")
        )
    limits = ", ".join(
        f"{class_name(f.POTENTIAL, name, language)} >= {number(value, language, 1)}"
        for name, value in card["limits"].items()
    )
    name = class_name(f.POTENTIAL, card["potential"], language)
    out.append((column_label(f.POTENTIAL, language), f"{name} ({limits})"))
    return out


def _changes(card: Card, language: str) -> tuple[str, list[str]]:
    w = words(language)
    if card["next_potential"] is None:
        return "", []
    wanted = class_name(f.POTENTIAL, card["next_potential"], language)
    heading = w["card.changes"].format(potential=wanted, limit=number(card["next_limit"], language, 1))
    lines = []
    for change in card["changes"]:
        if change["minutes_saved"] is not None:
            minutes, viability = number(change["minutes_saved"], language), number(change["viability"], language, 1)
            tier = _tier(card, change["tier"], language)
            what = w["card.saved"].format(min=minutes, tier=tier, viability=viability)
            if change["viability"] < card["next_limit"]:
                what += ", " + w["card.not_enough"]
        else:
            what = _from_to(change, language)
        line = f"{indicator_name(change['indicator'], language)}: {what}"
        if change["probability"] is not None:
            share = number(change["probability"] * 100, language)
            line += "; " + w["card.chance"].format(potential=wanted, share=share)
        lines.append(line)
    return heading, lines or [w["card.no_change"]]


def _from_to(change: Card, language: str) -> str:
    """Write a change so that what is printed is enough: rounded away from the present value."""
    value, needed = change["value"], change["needed"]
    digits = _digits(needed)
    up = value is not None and needed > value
    rounded = (math.ceil if up else math.floor)(needed * 10**digits) / 10**digits
    shown = words(language)["class.unreachable"] if value is None else number(value, language, digits)
    return f"{shown} → {number(rounded, language, digits)}"
