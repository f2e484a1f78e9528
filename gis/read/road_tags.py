"""Words that describe roads, as OpenStreetMap and its descendants write them, made into values."""

import numpy as np
from numpy.typing import NDArray

from gis.read.text import Column, coded

Bool = NDArray[np.bool_]

# fmt: off
NON_ROAD = frozenset([
    "abandoned", "bridleway", "bus_guideway", "bus_stop", "busway", "construction", "corridor",
    "crossing", "cycleway", "demolished", "disused", "elevator", "emergency_bay", "escape", "footway",
    "give_way", "ladder", "milestone", "no", "path", "pedestrian", "planned", "platform", "proposed",
    "raceway", "razed", "rest_area", "sidewalk", "services", "steps", "stop", "street_lamp",
    "toll_gantry", "traffic_island", "traffic_signals", "trailhead", "via_ferrata", "virtual",
])
"""Values of OpenStreetMap's `highway` that no vehicle drives on (wiki.openstreetmap.org, Key:highway).

A value is left out only where the table of classes does not have it.
"""

ROAD = frozenset([
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street",
    "service", "track", "road",
])
"""Values of OpenStreetMap's `highway` that vehicles drive on: a table of classes should have them all."""
# fmt: on

# Limits that the law sets, km/h: Russia's traffic rules, section 10; Kazakhstan's, section 10.
_BY_LAW_KPH = {
    "ru:urban": 60.0,
    "ru:rural": 90.0,
    "ru:motorway": 110.0,
    "ru:living_street": 20.0,
    "kz:urban": 60.0,
    "kz:rural": 90.0,
    "kz:living_street": 20.0,
    "walk": 5.0,
}
_NO_LIMIT = frozenset(["", "none", "no", "signals", "variable", "unposted", "default", "implicit", "0"])
_MILE_KM = 1.609344
_KNOT_KM = 1.852

_FALSE = frozenset(["", "no", "false", "f", "0", "0.0", "n", "нет", "жоқ", "none", "nan"])
_WITH = frozenset(["yes", "true", "1", "1.0", "y", "да", "иә"])
_AGAINST = frozenset(["-1", "-1.0", "reverse"])


def parse_maxspeed(values: Column) -> tuple[NDArray[np.float64], Bool]:
    """Read speed limits into km/h: `60`, `60 km/h`, `40 mph`, `RU:urban`, `KZ:urban`, `walk`.

    Returns
    -------
    speed_kph, unreadable : arrays of shape `(n,)`
        NaN where there is no limit (`none`, `signals`), none is given, it is 0 (Geofabrik's "not known"), or
        it is unreadable. Of several limits (`60;80`) the lowest counts.

    Examples
    --------
    >>> import pandas as pd
    >>> speed_kph, unreadable = parse_maxspeed(pd.Series(["60", "40 mph", "RU:urban", "none", "fast"]))
    >>> speed_kph.round(1).tolist(), unreadable.tolist()
    ([60.0, 64.4, 60.0, nan, nan], [False, False, False, False, True])
    """
    codes, words = coded(values)
    parsed = [_one_maxspeed(word.casefold()) for word in words]
    kph = np.array([np.nan if p is None else p for p in parsed])
    unreadable = np.array([p is None for p in parsed])
    return kph[codes], unreadable[codes]


def _one_maxspeed(text: str) -> float | None:
    """Return km/h, NaN for no limit, None where unreadable."""
    limits = []
    for part in text.replace(",", ".").split(";"):
        word = part.strip()
        if word in _NO_LIMIT:
            continue
        if word in _BY_LAW_KPH:
            limits.append(_BY_LAW_KPH[word])
            continue
        number = word.rstrip("abcdefghijklmnopqrstuvwxyz/. ")
        factor = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": _MILE_KM, "knots": _KNOT_KM}.get(
            word[len(number) :].strip()
        )
        try:
            speed = float(number) * (factor if factor is not None else np.nan)
        except ValueError:
            return None
        if not np.isfinite(speed) or speed < 0:
            return None
        if speed > 0:
            limits.append(speed)
    return min(limits, default=np.nan)


def parse_oneway(values: Column) -> tuple[NDArray[np.int8], Bool, bool]:
    """Read directions: 0 both ways, 1 along the line, -1 against it.

    `yes`, `true` and `1` are along, `-1` and `reverse` against, `no`, `false`, `0` and blanks both. A
    column that holds `B` beside `F` and `T` is Geofabrik's (F along, T against, B both); without any `B`
    those letters stand for true and false.

    Returns
    -------
    oneway, unreadable, geofabrik
        Two arrays of shape `(n,)`, and whether the letters were read as Geofabrik's. Unreadable is 0.

    Examples
    --------
    >>> import pandas as pd
    >>> parse_oneway(pd.Series(["yes", "-1", None, "often"]))[0].tolist()
    [1, -1, 0, 0]
    >>> parse_oneway(pd.Series(["F", "T", "B"]))[0].tolist(), parse_oneway(pd.Series(["F", "T"]))[0].tolist()
    ([1, -1, 0], [0, 1])
    """
    codes, texts = coded(values)
    words = [text.casefold() for text in texts]
    geofabrik = "b" in words
    along = _WITH | ({"f"} if geofabrik else {"t"})
    against = _AGAINST | ({"t"} if geofabrik else set())
    both = (_FALSE - {"f"}) | {"b"} if geofabrik else _FALSE
    value = np.array([1 if w in along else -1 if w in against else 0 for w in words], np.int8)
    unreadable = np.array([w not in along | against | both for w in words])
    return value[codes], unreadable[codes], geofabrik


def parse_flag(values: Column) -> Bool:
    """Read a flag such as `bridge`: true for anything but `no`, `false`, `0`, `F` and blanks.

    Examples
    --------
    >>> import pandas as pd
    >>> parse_flag(pd.Series(["yes", "viaduct", "no", None, True, 0])).tolist()
    [True, True, False, False, True, False]
    """
    codes, words = coded(values)
    return np.array([word.casefold() not in _FALSE for word in words])[codes]
