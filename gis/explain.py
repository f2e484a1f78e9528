"""Why a settlement has its values: read back from the outputs of a run."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio

from gis import fields
from gis.errors import ShalgaiError
from gis.publish.bundle import recover
from gis.publish.card import apportioned, card_text, cards_html

_CLASSED = (fields.HIGH, fields.MEDIUM, fields.LOW)
_FACTS = (
    fields.POPULATION, fields.ACCESS_KM, fields.ACCESS_MIN, fields.TEMPERATURE_MEAN_C, fields.HEATING_DEGREE_DAYS,
    fields.PRECIPITATION_MM, fields.REMOTENESS,
)  # fmt: skip
_NAMES = (fields.NAME, fields.NAME_KK, fields.NAME_RU, fields.NAME_EN)


def find(settlements: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Find settlements by id or by the name in any language and alphabet; case, blanks and ё or е do not matter.

    Parameters
    ----------
    settlements
        On `settlement_id`, with the columns of names.
    wanted
        An id or a name.

    Returns
    -------
    DataFrame
        The rows that match; all settlements of that name, or where there is none, all of a name that sounds like it
        (`Aqtobe` for `Ақтөбе`).

    Raises
    ------
    ShalgaiError
        None matches; the nearest names are given.

    Examples
    --------
    >>> villages = pd.DataFrame({"name": ["Аягөз", "Абай"]}, index=["7", "8"])
    >>> find(villages, "аягөз").index.tolist(), find(villages, "Ayagoz").index.tolist()
    (['7'], ['7'])
    """
    if wanted in settlements.index:
        return settlements.loc[[wanted]]
    names = settlements[[name for name in _NAMES if name in settlements]].astype("string")
    sought = _folded(wanted)
    hit = (names.fillna("\0").map(_folded) == sought).any(axis=1)
    alike = _sound(wanted)
    if not hit.any() and alike:
        hit = (names.fillna("").map(_sound) == alike).any(axis=1)
    if hit.any():
        return settlements[hit]
    known = {_folded(name): name for column in names for name in names[column].dropna()}
    near = [known[key] for key in difflib.get_close_matches(sought, list(known), n=5, cutoff=0.5)]
    hint = f"; near it: {', '.join(near)}" if near else ""
    raise ShalgaiError(f"no settlement has the name or id {wanted!r}{hint}")


def _folded(name: str) -> str:
    """What spellings have in common: case, blanks, ё for е, and letters that a Mac types as two signs."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("ё", "е").split())


_LATIN = dict(zip("абвгдежзиклмнопрстуфхыэқғңәөұүһіıqyw", "abvgdejziklmnoprstufhiekgnaouuhiikiu", strict=True)) | {
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia", "ş": "sh", "ç": "ch", "ъ": "", "ь": "",
}  # fmt: skip
_ALIKE = (("shch", "sh"), ("dzh", "j"), ("zh", "j"), ("kh", "h"), ("gh", "g"), ("ie", "e"))


def _sound(name: str) -> str:
    """What the spellings of a name in Kazakh, Russian and either Latin alphabet have in common; as store.js has it."""
    text = "".join(_LATIN.get(sign, sign) for sign in unicodedata.normalize("NFC", name).casefold())
    # Marks above letters that are in no table above; й comes to и by this.
    bare = "".join(_LATIN.get(sign, sign) for sign in unicodedata.normalize("NFD", text) if sign.isalnum())
    for many, one in _ALIKE:
        bare = bare.replace(many, one)
    return re.sub(r"(.)\1+", r"\1", bare)


def explain(folder: Path, wanted: str) -> str:
    """Say in plain text why settlements have their values, and what would lift their class.

    Parameters
    ----------
    folder
        The outputs of a run.
    wanted
        An id or a name; where several settlements share it, each is explained.

    Returns
    -------
    str
        Their cards, a blank line between them.

    Raises
    ------
    ShalgaiError
        The folder holds no results, or no settlement matches.
    """
    record, found = cards(folder, wanted)
    return "\n\n".join(card_text(card, record["parameters"]["language"]) for card in found)


def explain_json(folder: Path, wanted: str) -> str:
    """Return the cards of settlements as JSON, for programs; as `explain`."""
    return json.dumps(cards(folder, wanted)[1], ensure_ascii=False, indent=2, allow_nan=False)


def explain_html(folder: Path, wanted: str) -> str:
    """Return the cards of settlements as one page of HTML that needs no other file; as `explain`."""
    record, found = cards(folder, wanted)
    return cards_html(found, record["parameters"]["language"], record["title"])


def cards(folder: Path, wanted: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Gather what is known of settlements: the record of the run, and a card for each of them.

    Parameters
    ----------
    folder, wanted
        As for `explain`.

    Returns
    -------
    record, cards
        The content of run.json; and plain values under machine names, None where unknown. `points` of the
        indicators sum to `viability.points_total` in the decimals given, `points_printed` (tenths of a point) to
        `points_total_printed`.

    Raises
    ------
    ShalgaiError
        As for `explain`.
    """
    recover(folder)
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        settlements = _layer(folder, "settlements").set_index(fields.SETTLEMENT_ID)
        settlements.index = settlements.index.astype(str)
        rows = find(settlements, wanted)
        return record, [_card(folder, row, settlements, record) for _, row in rows.iterrows()]
    except (OSError, ValueError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        raise ShalgaiError(
            f"{folder}: no results of a run here; `shalgai run STUDY.toml --out {folder}` makes them"
        ) from None


def _layer(folder: Path, layer: str, of: str | None = None) -> pd.DataFrame:
    where = None if of is None else "settlement_id = '" + of.replace("'", "''") + "'"
    table: pd.DataFrame = pyogrio.read_dataframe(
        folder / "results.gpkg", layer=layer, where=where, read_geometry=False, fid_as_index=False
    )
    return table


def _card(folder: Path, row: pd.Series, settlements: pd.DataFrame, record: dict[str, Any]) -> dict[str, Any]:
    key, value = str(row.name), _number(row[fields.VIABILITY])
    every = settlements[fields.VIABILITY].round(9)
    indicators, total, printed = _indicators(_layer(folder, "indicator_values", key), value)
    probabilities = {name: _number(row.get(fields.probability(name))) for name in _CLASSED}
    limits = {k: v for k, v in record["figures"]["potential_limits"].items() if isinstance(v, int | float)}
    upper = {fields.LOW: fields.MEDIUM, fields.MEDIUM: fields.HIGH}.get(str(row[fields.POTENTIAL]))
    upper = upper if upper in limits else None
    return {
        "settlement_id": key,
        "names": list(dict.fromkeys(str(row[name]) for name in _NAMES if name in row and pd.notna(row[name]))),
        "region": _text(row.get(fields.REGION)),
        "tiers": record["tiers"],
        "values": {column: _number(row.get(column)) for column in _FACTS},
        "remoteness_class": _text(row[fields.REMOTENESS_CLASS]),
        "journeys": _journeys(_layer(folder, "routes", key), row, settlements, record),
        "viability": {
            "value": value,
            "points_total": total,
            "low": _number(row.get(fields.VIABILITY_P05)),
            "high": _number(row.get(fields.VIABILITY_P95)),
            "rank": None if value is None else int((every > round(value, 9)).sum()) + 1,
            "of": int(every.notna().sum()),
            "rank_low": _number(row.get(fields.RANK_P05)),
            "rank_high": _number(row.get(fields.RANK_P95)),
        },
        "indicators": indicators,
        "points_total_printed": printed,
        "missing": [one["indicator"] for one in indicators if one["value"] is None and not one["unreachable"]],
        "missing_share": _number(row[fields.VIABILITY_MISSING]),
        "potential": str(row[fields.POTENTIAL]),
        "limits": limits,
        "draws": record["figures"].get("certainty", {}).get("draws", 0),
        "probabilities": {} if None in probabilities.values() else probabilities,
        "stable": bool(row.get(fields.POTENTIAL_STABLE, True)),
        "next_potential": upper,
        "next_limit": limits[upper] if upper else None,
        "changes": _changes(_layer(folder, "changes", key)) if upper else [],
    }


def _journeys(
    routes: pd.DataFrame, row: pd.Series, settlements: pd.DataFrame, record: dict[str, Any]
) -> list[dict[str, Any]]:
    tiers, empty, out = record["tiers"], _empty_tiers(record), []
    names = settlements[fields.NAME]
    own = fields.NAME_IN[record["parameters"]["language"]]
    if own in settlements:
        names = settlements[own].where(settlements[own].fillna("") != "", names)
    for tier in tiers:
        route = routes[routes["tier"] == tier].iloc[0]
        minutes, centre = _number(row[fields.travel_time_min(tier)]), _text(row[fields.centre(tier)])
        status = "reached" if minutes is not None else "unknown" if tier in empty else "unreachable"
        slowest = None
        if status == "reached" and pd.notna(route["slowest_kind"]):
            slowest = {"kind": str(route["slowest_kind"]), "paved": route["slowest_surface"] == "paved"}
            slowest |= {name: _number(route[f"slowest_{name}"]) for name in ("km", "min", "kph")}
        out.append(
            {
                "tier": tier,
                "status": status,
                "minutes": minutes,
                "km": _number(row[fields.distance_km(tier)]),
                "centre_id": centre,
                "centre_name": None if centre is None else str(names.get(centre, centre)),
                "parts": json.loads(route["parts"]),
                "slowest": slowest,
                "seasons": _seasons(row, tier, tiers, reached=status == "reached"),
                "seasonality": _number(row.get(fields.seasonality(tier))),
                "worst_month": _number(row.get(fields.worst_month(tier))),
                "months_cut_off": _number(row.get(fields.months_cut_off(tier))),
                "months_without_freight": _number(row.get(fields.months_without_freight(tier))),
                "paved_saves_min": _number(route["paved_saves_min"]),
            }
        )
    return out


def _seasons(row: pd.Series, tier: str, tiers: Iterable[str], *, reached: bool) -> dict[str, float | None]:
    """Minutes in the seasons after the first; None where the centre cannot be reached then."""
    firsts = {fields.travel_time_min(other) for other in tiers}
    pattern = re.compile(rf"travel_time_{re.escape(tier)}_(.+)_min")
    longer = [other for other in tiers if other.startswith(f"{tier}_")]
    out = {}
    for column in row.index:
        match = pattern.fullmatch(str(column))
        if match is None or column in firsts:
            continue
        if not any(f"{tier}_{match[1]}".startswith(f"{other}_") for other in longer):
            out[match[1]] = _number(row[column])
    return out if reached or any(value is not None for value in out.values()) else {}


def _indicators(table: pd.DataFrame, viability: float | None) -> tuple[list[dict[str, Any]], float | None, int]:
    """The indicators, those of most points first, with points that sum as they stand."""
    if viability is None or table.empty or table["points"].isna().any():  # Copeland's index has no parts
        return [], None, 0
    table = table.sort_values("points", ascending=False, kind="stable")
    points = table["points"].to_list()
    fine, total = apportioned(points, viability, 4)
    printed, whole = apportioned(points, viability, 1)
    rows = [
        {
            "indicator": str(one["indicator"]),
            "column": str(one["column"]),
            "value": _number(one["value"]),
            "unreachable": bool(one["unreachable"]),
            "score": _number(one["score"]),
            "percentile": _number(one["percentile"]),
            "weight": _number(one["weight"]),
            "points": part / 1e4,
            "points_printed": tenths,
        }
        for (_, one), part, tenths in zip(table.iterrows(), fine, printed, strict=True)
    ]
    return rows, total / 1e4, whole


def _changes(table: pd.DataFrame) -> list[dict[str, Any]]:
    numbers = ("value", "needed", "minutes_saved", "viability", "probability")
    return [
        {
            "indicator": str(one["indicator"]),
            "tier": _text(one["tier"]),
            "potential": str(one["potential"]),
            **{name: _number(one[name]) for name in numbers},
        }
        for _, one in table.iterrows()
    ]


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def _empty_tiers(record: dict[str, Any]) -> set[str]:
    """The tiers above which, and in which, there is no centre: their travel times are unknown, not infinite."""
    empty = set()
    for tier, centres in record["figures"]["centres"].items():
        if centres:
            break
        empty.add(tier)
    return empty
