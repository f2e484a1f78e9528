"""One palette for the QGIS styles, the web map and its legend, safe for colour-blind eyes.

Classes differ in lightness as well as in hue, and the classes without a value (`uninhabited`, `unknown`,
unreachable, no data) have a mark of their own, so that nothing rests on hue alone.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gis import fields as f

POTENTIAL: Mapping[str, str] = MappingProxyType(
    {f.HIGH: "#1b6ca8", f.MEDIUM: "#f2c14e", f.LOW: "#b5362f", f.UNINHABITED: "#ffffff", f.UNKNOWN: "#9a9a9a"}
)
"""Fill of each class of `potential`."""

REMOTENESS: Sequence[str] = ("#fde9a9", "#f6b26b", "#dd6f5f", "#96397a", "#3b1d5a")
"""From the nearest class to the most remote: light to dark."""

VIABILITY: Sequence[str] = ("#8c2d2a", "#d9795d", "#efd9a0", "#7fb7be", "#1b6ca8")
"""From the least viable to the most."""

TYPOLOGY: Mapping[str, str] = MappingProxyType(
    {
        "strong": POTENTIAL[f.HIGH], "viable": POTENTIAL[f.HIGH], "fair": POTENTIAL[f.MEDIUM],
        "failing": POTENTIAL[f.LOW],
    }
)  # fmt: skip
"""Fill of a type of settlement by the second half of its name; the first half has a shape in `TYPOLOGY_MARKS`."""

TYPOLOGY_MARKS: Mapping[str, str] = MappingProxyType({"near": "disc", "midway": "box", "remote": "diamond"})

OTHERS: Sequence[str] = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
"""Fill of classes without an order (the colours of Okabe and Ito, 2008); shapes tell more of them apart."""

HEATING: Sequence[int] = (2000, 3000, 4000, 5000, 6000, 7000)
"""Upper bounds of the bins of heating degree days; one more bin lies above the last."""

HEATING_COLOURS: Sequence[str] = ("#ffffd4", "#fee08b", "#fdae61", "#9ecae1", "#6baed6", "#2171b5", "#08306b")

ARIDITY: Mapping[str, str] = MappingProxyType(
    {
        "hyper-arid": "#8c2d04", "arid": "#d95f0e", "semi-arid": "#fe9929", "dry sub-humid": "#fee391",
        "humid": "#41b6c4",
    }
)  # fmt: skip

PROBABILITY: Sequence[int] = (50, 70, 90, 99)
"""Upper bounds, in percent, of the bins of the probability of a class."""

PROBABILITY_COLOURS: Sequence[str] = ("#fff3b0", "#e6b566", "#b87a8c", "#6a51a3", "#2d004b")

SHARES: Sequence[int] = (10, 25, 50, 75)
"""Upper bounds of the bins of shares in percent, for regions."""

SHARES_COLOURS: Sequence[str] = ("#f7f4ea", "#dbcfe8", "#b69acb", "#82569f", "#4b2063")

MINUTES: Sequence[int] = (15, 30, 60, 120, 180, 240, 360, 480, 720)
"""Upper bounds of the bins of travel time; one more bin lies above the last."""

MINUTES_COLOURS: Sequence[str] = (
    "#fcffa4", "#fbd14b", "#fca50a", "#f3761b", "#dd513a",
    "#bc3754", "#932667", "#6a176e", "#420a68", "#160b39",
)  # fmt: skip
"""One for each bin of `MINUTES` and the one above (the inferno ramp, reversed: near is light)."""

KILOMETRES: Sequence[int] = (10, 25, 50, 100, 150, 200, 300, 400, 600)
"""Upper bounds of the bins of distance; coloured as travel time is."""

UNREACHABLE = "#7d8f99"
"""Cells and settlements from which no centre can be reached; the map hatches it."""
NO_DATA = "#9a9a9a"
"""Settlements whose value is not known; rasters are transparent there."""
OUTLINE = "#222222"
HALO = "#ffffff"
CENTRE = "#111111"
REGION = "#5b4a6f"
CONTEXT: Mapping[str, str] = MappingProxyType({"land": "#fbfaf6", "water": "#b7d5e8"})
"""Fill of the layers that lie below all else; those of other names are drawn as water."""

ROADS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "motorway": ("#7a3b12", 1.4),
        "trunk": ("#9c4f17", 1.1),
        "primary": ("#b3702d", 0.8),
        "secondary": ("#8d7b66", 0.6),
        "tertiary": ("#a39a8e", 0.45),
        "local": ("#b5afa7", 0.3),
    }
)
"""Colour and width (mm on paper) by class of road; classes that are not here are drawn as `local`."""


def road_style(road_class: str) -> str:
    """Return the key of `ROADS` that a class of road is drawn with.

    Links are drawn as the class they join.

    Examples
    --------
    >>> road_style("trunk_link"), road_style("residential")
    ('trunk', 'local')
    """
    key = str(road_class).removesuffix("_link")
    return key if key in ROADS else "local"


def remoteness_colours(classes: Sequence[str]) -> dict[str, str]:
    """Give a colour to each class of remoteness, the nearest first; up to five classes keep the ramp's ends.

    Raises
    ------
    ValueError
        More than five classes: they could not be told apart.

    Examples
    --------
    >>> remoteness_colours(["near", "far"])
    {'near': '#fde9a9', 'far': '#3b1d5a'}
    """
    if len(classes) > len(REMOTENESS):
        raise ValueError(f"expected at most {len(REMOTENESS)} classes of remoteness, got {len(classes)}")
    last = max(len(classes) - 1, 1)
    return {name: REMOTENESS[round(i * (len(REMOTENESS) - 1) / last)] for i, name in enumerate(classes)}


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a colour, 0 to 255.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
