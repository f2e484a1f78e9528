"""The ways in which the web map colours settlements: classes with colours and marks, and a class for each."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd

from gis import fields as f
from gis.publish import palette
from gis.publish.map_steps import Json
from gis.publish.payload import message, numbers, tier_label
from gis.publish.words import LANGUAGES, bin_labels, class_name, column_label, number, said, words

TYPOLOGY, ARIDITY_CLASS, KOPPEN = "typology", "aridity_class", "koppen"
PROBABILITY = "probability"
_SCORE = (20, 40, 60, 80)
_SHAPES = ("disc", "box", "diamond")


def themes(
    settlements: pd.DataFrame,
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    remoteness_classes: Sequence[str],
) -> list[Json]:
    """List the ways to colour the settlements: each with classes, and a code per settlement.

    Those of numbers have bounds in the place of codes, and say where the numbers are: the minutes of a tier, which
    change with the season, or a column of the points.

    Parameters
    ----------
    settlements
        Columns as in `gis.fields`; a theme whose columns are missing is left out.
    tiers, tier_names, remoteness_classes
        As in `gis.publish.web_map.write_map`.
    """
    found = [
        *_potential(settlements),
        *_typology(settlements),
        *_remoteness_classes(settlements, remoteness_classes),
        *_scores(settlements),
        *_certainty(settlements),
        *_climate(settlements),
    ]
    for k, tier in enumerate(tiers):
        column = f.travel_time_min(tier)
        if column in settlements:
            names, group = tier_label(tier, tier_names), message("map.travel_time")
            theme = {
                "key": column, "tier": k, "bounds": list(palette.MINUTES), "group": group, "short": names,
                "label": {x: f"{group[x]}: {names[x]}" for x in names},
                "classes": binned(palette.MINUTES, palette.MINUTES_COLOURS, "min"),
            }  # fmt: skip
            found.append(theme)
    if not found:
        plain = {"label": message("layer.settlements"), "colour": palette.POTENTIAL[f.HIGH], "mark": "disc"}
        found.append({"key": "plain", "label": plain["label"], "classes": [plain], "codes": [0] * len(settlements)})
    return found


def beside(
    settlements: pd.DataFrame,
    other: pd.DataFrame,
    own: Sequence[Json],
    tiers: Sequence[str],
    remoteness_classes: Sequence[str],
) -> Json:
    """Return, by theme, the class or the number of each settlement in another run.

    Parameters
    ----------
    settlements, other
        Of the two runs; matched by their index. A settlement that the other run does not have has no data.
    own
        What `themes` made of `settlements`; those that the other run lacks are left out.
    tiers, remoteness_classes
        As in `themes`.
    """
    other = pd.DataFrame(other).reindex(settlements.index)
    theirs = {one["key"]: one for one in themes(other, tiers, None, remoteness_classes)}
    found: Json = {}
    for theme in own:
        key = theme["key"]
        if key not in theirs:
            continue
        if "bounds" in theme:
            values = probability_of_class(other) if key == PROBABILITY else other[key]
            found[key] = numbers([] if values is None else values, 1 if key in (f.REMOTENESS, f.VIABILITY) else 0)
        else:
            place = {one["label"]["en"]: code for code, one in enumerate(theme["classes"])}
            labels = [one["label"]["en"] for one in theirs[key]["classes"]]
            found[key] = [place.get(labels[code], len(place) - 1) for code in theirs[key]["codes"]]
    return found


def binned(bounds: Sequence[float], colours: Sequence[str], unit: str = "") -> list[Json]:
    """Return the classes of bins, then unreachable, then no data; without a unit the bins end at 100.

    Examples
    --------
    >>> [one["label"]["en"] for one in binned((50,), ("#ffffff", "#000000"))]
    ['0–50', '50–100', 'Cannot be reached', 'No data']
    """
    if unit:
        each = {language: bin_labels(bounds, unit, language) for language in LANGUAGES}
        labels = [{x: each[x][i] for x in LANGUAGES} for i in range(len(colours))]
    else:
        labels = [dict.fromkeys(LANGUAGES, f"{a}–{b}") for a, b in zip([0, *bounds], [*bounds, 100], strict=True)]
    return [
        *({"label": t, "colour": c, "mark": "disc"} for t, c in zip(labels, colours, strict=True)),
        {"label": message("class.unreachable"), "colour": palette.UNREACHABLE, "mark": "slash"},
        _no_data(),
    ]


def bins(values: pd.Series, bounds: Sequence[float]) -> list[int]:
    """Return the class of each value among those of `binned`.

    Examples
    --------
    >>> bins(pd.Series([3, 60, np.inf, np.nan]), (50,))
    [0, 1, 2, 3]
    """
    array = np.asarray(pd.to_numeric(values, errors="coerce"), float)
    codes = np.digitize(array, bounds, right=True)
    codes[np.isinf(array)] = len(bounds) + 1
    codes[np.isnan(array)] = len(bounds) + 2
    return [int(c) for c in codes]


def minutes_classes() -> list[Json]:
    """Return the classes of the travel-time rasters, for their legend."""
    classes = binned(palette.MINUTES, palette.MINUTES_COLOURS, "min")
    return [{**one, "mark": "hatch" if one["mark"] == "slash" else "square"} for one in classes[:-1]]


def _no_data() -> Json:
    return {"label": message("class.no_data"), "colour": palette.NO_DATA, "mark": "cross"}


def _theme(column: str, classes: Sequence[Json], codes: Sequence[int], **more: object) -> Json:
    return {"key": column, "label": said(partial(column_label, column)), "classes": classes, "codes": codes, **more}


def _numeric(
    key: str, values: str, bounds: Sequence[float], classes: Sequence[Json], label: Json, **more: object
) -> Json:
    return {"key": key, "label": label, "classes": classes, "values": values, "bounds": list(bounds), **more}


def _codes(values: pd.Series, classes: Sequence[str], missing: int) -> list[int]:
    place = {name: i for i, name in enumerate(classes)}
    return [place.get(str(v), missing) for v in values]


def _potential(frame: pd.DataFrame) -> list[Json]:
    if f.POTENTIAL not in frame:
        return []
    codes = _codes(frame[f.POTENTIAL], f.POTENTIALS, f.POTENTIALS.index(f.UNKNOWN))
    return [_theme(f.POTENTIAL, [_class_of_potential(v) for v in f.POTENTIALS], codes, card=True)]


def _class_of_potential(value: str) -> Json:
    mark = {f.UNINHABITED: "ring", f.UNKNOWN: "cross"}.get(value, "disc")
    return {
        "label": said(partial(class_name, f.POTENTIAL, value)), "colour": palette.POTENTIAL[value], "mark": mark,
    }  # fmt: skip


def _typology(frame: pd.DataFrame) -> list[Json]:
    """Colour tells how strong a type is, shape how far."""
    if TYPOLOGY not in frame:
        return []
    own = [f"{far}_{how}" for far in palette.TYPOLOGY_MARKS for how in palette.TYPOLOGY]
    known = [*own, f.UNINHABITED, f.UNKNOWN]
    named = [*known, *sorted({str(v) for v in frame[TYPOLOGY].dropna()} - set(known))]
    classes = []
    for k, name in enumerate(named):
        far, _, how = name.partition("_")
        if name in own:
            look = {"colour": palette.TYPOLOGY[how], "mark": palette.TYPOLOGY_MARKS[far]}
        elif name in (f.UNINHABITED, f.UNKNOWN):
            look = {key: _class_of_potential(name)[key] for key in ("colour", "mark")}
        else:
            look = _other(k - len(known))
        classes.append({"label": said(partial(class_name, TYPOLOGY, name)), **look})
    codes = _codes(frame[TYPOLOGY], named, named.index(f.UNKNOWN))
    return [_theme(TYPOLOGY, classes, codes, card=True)]


def _other(k: int) -> Json:
    """Give the colour and shape of one of many classes without an order."""
    colours = palette.OTHERS
    return {"colour": colours[k % len(colours)], "mark": _SHAPES[k // len(colours) % len(_SHAPES)]}


def _remoteness_classes(frame: pd.DataFrame, names: Sequence[str]) -> list[Json]:
    if f.REMOTENESS_CLASS not in frame or not names:
        return []
    classes = [
        {"label": said(partial(class_name, f.REMOTENESS_CLASS, c)), "colour": colour, "mark": "disc"}
        for c, colour in palette.remoteness_colours(names).items()
    ]
    codes = _codes(frame[f.REMOTENESS_CLASS], names, len(classes))
    return [_theme(f.REMOTENESS_CLASS, [*classes, _no_data()], codes, card=True)]


def _scores(frame: pd.DataFrame) -> list[Json]:
    return [
        _numeric(column, column, _SCORE, binned(_SCORE, colours), said(partial(column_label, column)))
        for column, colours in ((f.REMOTENESS, palette.REMOTENESS), (f.VIABILITY, palette.VIABILITY))
        if column in frame
    ]


def _certainty(frame: pd.DataFrame) -> list[Json]:
    """Whether the class of potential is stable (else its mark is hollow), and how probable it is."""
    if f.POTENTIAL not in frame or f.POTENTIAL_STABLE not in frame:
        return []
    group = message("map.certainty")
    judged = f.POTENTIALS[:3]
    classes: list[Json] = []
    for value in judged:
        sure = _class_of_potential(value)
        doubtful = message("map.doubtful")
        label = {x: f"{sure['label'][x]}, {doubtful[x]}" for x in LANGUAGES}
        classes += [sure, {**sure, "label": label, "mark": "hollow"}]
    classes += [_class_of_potential(value) for value in f.POTENTIALS[3:]]
    stable = [v is not None and not pd.isna(v) and bool(v) for v in frame[f.POTENTIAL_STABLE]]
    place = _codes(frame[f.POTENTIAL], f.POTENTIALS, f.POTENTIALS.index(f.UNKNOWN))
    codes = [2 * p + (not sure) if p < len(judged) else p + len(judged) for p, sure in zip(place, stable, strict=True)]
    found = [_theme(f.POTENTIAL_STABLE, classes, codes, group=group)]
    if probability_of_class(frame) is not None:
        classes = binned(palette.PROBABILITY, palette.PROBABILITY_COLOURS)
        for one in classes[: len(palette.PROBABILITY_COLOURS)]:
            one["label"] = {x: f"{text} %" for x, text in one["label"].items()}
        label = message("map.probability")
        found.append(_numeric(PROBABILITY, PROBABILITY, palette.PROBABILITY, classes, label, group=group))
    return found


def probability_of_class(frame: pd.DataFrame) -> pd.Series | None:
    """Return the probability, in percent, of the class of potential that each settlement has; NaN without one.

    `None` where the columns are missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"potential": ["high", "unknown"], "probability_high": [0.75, np.nan]})
    >>> probability_of_class(frame).tolist()
    [75.0, nan]
    """
    columns = {value: f.probability(value) for value in f.POTENTIALS if f.probability(value) in frame}
    if f.POTENTIAL not in frame or not columns:
        return None
    found = pd.Series(np.nan, index=frame.index)
    for value, column in columns.items():
        here = (frame[f.POTENTIAL] == value).to_numpy(bool)
        found[here] = pd.to_numeric(frame[column], errors="coerce")[here] * 100.0
    return found


def _climate(frame: pd.DataFrame) -> list[Json]:
    group = message("map.climate")
    found = []
    if f.HEATING_DEGREE_DAYS in frame:
        bounds = palette.HEATING
        classes = binned(bounds, palette.HEATING_COLOURS)
        for one, label in zip(classes, _ranges(bounds), strict=False):
            one["label"] = label
        column, label = f.HEATING_DEGREE_DAYS, said(partial(column_label, f.HEATING_DEGREE_DAYS))
        found.append(_numeric(column, column, bounds, classes, label, group=group))
    if ARIDITY_CLASS in frame:
        classes = [
            {"label": _climate_name(name), "colour": colour, "mark": "disc"} for name, colour in palette.ARIDITY.items()
        ]
        codes = _codes(frame[ARIDITY_CLASS], list(palette.ARIDITY), len(classes))
        found.append(_theme(ARIDITY_CLASS, [*classes, _no_data()], codes, group=group, card=True))
    if KOPPEN in frame:
        names = sorted({str(v) for v in frame[KOPPEN].dropna()})
        classes = [{"label": _climate_name(name), **_other(k)} for k, name in enumerate(names)]
        codes = _codes(frame[KOPPEN], names, len(classes))
        found.append(_theme(KOPPEN, [*classes, _no_data()], codes, group=group, card=True))
    return found


def _ranges(bounds: Sequence[float]) -> list[dict[str, str]]:
    """Name the bins by their bounds alone; the heading has the unit."""

    def labels(language: str) -> list[str]:
        marks = [number(bound, language) for bound in bounds]
        return [f"≤ {marks[0]}", *(f"{a} – {b}" for a, b in pairwise(marks)), f"> {marks[-1]}"]

    each = {language: labels(language) for language in LANGUAGES}
    return [{x: each[x][i] for x in LANGUAGES} for i in range(len(bounds) + 1)]


def _climate_name(value: str) -> dict[str, str]:
    return said(lambda language: words(language).get(f"climate.{value}", str(value)))
