"""Pictures of disparity between regions, as SVG that opens anywhere: Lorenz curves and rankings.

Letters are drawn as outlines of the font that comes with matplotlib, which has the Kazakh ones. The same figures make
the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gis.publish import palette
from gis.publish.words import column_label, number, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Untrusted names may hold $: no mathematics in them. The salt makes the ids in the file repeatable.
_STYLE: Any = {"text.parse_math": False, "svg.hashsalt": "shalgai", "font.family": "DejaVu Sans", "font.size": 9.0}
_COLOURS = (palette.POTENTIAL["high"], palette.POTENTIAL["low"], palette.REGION, palette.ROADS["trunk"][0])
_DASHES = ("-", "--", "-.", ":")


def write_lorenz(path: Path, lorenz: pd.DataFrame, gini: Mapping[str, float], language: str) -> None:
    """Draw the Lorenz curve of each column in one picture, with its Gini coefficient.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    lorenz
        From `gis.stages.disparity.lorenz_points`.
    gini
        By column.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> points = pd.DataFrame({"column": "remoteness", "people": [0.0, 0.5, 1.0], "amount": [0.0, 0.25, 1.0]})
    >>> with TemporaryDirectory() as folder:
    ...     write_lorenz(Path(folder) / "lorenz.svg", points, {"remoteness": 0.25}, "kk")
    ...     (Path(folder) / "lorenz.svg").read_text("utf-8")[:5]
    '<?xml'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    w = words(language)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.6, 5.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=palette.NO_DATA, linewidth=1, label=w["planning.equal"])
        for i, (column, part) in enumerate(lorenz.groupby("column", sort=False)):
            label = w["planning.gini"].format(
                what=column_label(str(column), language), gini=number(gini[str(column)], language, 3)
            )
            colour, dash = _COLOURS[i % len(_COLOURS)], _DASHES[i // len(_COLOURS) % len(_DASHES)]
            axes.plot(part["people"], part["amount"], color=colour, linestyle=dash, linewidth=1.8, label=label)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=w["planning.lorenz"])
        axes.set(xlabel=w["column.people"], ylabel=w["column.amount"])
        axes.grid(color="#dddddd", linewidth=0.5)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.legend(loc="upper left", frameon=False)
        _save(figure, path)


def write_ranking(path: Path, ranking: pd.DataFrame, language: str) -> None:
    """Draw the regions by each column as bars, the largest above, with the mean of people as a line.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    ranking
        From `gis.stages.disparity.ranking`.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = pd.DataFrame({"column": "remoteness", "rank": [1, 2], "region": ["Ұлытау", "Abai"],
    ...                       "value": [4.0, 1.0], "population": [1.0, 1.0], "to_mean": [1.6, 0.4]})
    >>> with TemporaryDirectory() as folder:
    ...     write_ranking(Path(folder) / "ranking.svg", table, "kk")
    ...     (Path(folder) / "ranking.svg").read_text("utf-8")[:5]
    '<?xml'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    w, parts = words(language), list(ranking.groupby("column", sort=False))
    with mpl.rc_context(_STYLE):
        heights = [0.9 + 0.2 * len(part) for _, part in parts]
        figure = Figure(figsize=(7.0, sum(heights)), layout="constrained")
        panels = figure.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (column, part) in zip(panels, parts, strict=True):
            upward = part.iloc[::-1]
            axes.barh(range(len(part)), upward["value"], color=_COLOURS[0], height=0.7)
            for place, value in enumerate(upward["value"]):
                text = number(value, language, 1 if value < 1000 else 0)
                axes.text(1.01, place, text, va="center", transform=axes.get_yaxis_transform())
            axes.set_yticks(range(len(part)), upward["region"])
            axes.set_ylim(-0.6, len(part) - 0.4)
            first = part[part["to_mean"] > 0].head(1)
            if len(first):
                mean = float(first["value"].iloc[0] / first["to_mean"].iloc[0])
                label = w["planning.mean"] + ": " + number(mean, language, 1)
                axes.axvline(mean, color=palette.CENTRE, linewidth=1, linestyle="--")
                axes.set_title(label, loc="right", fontsize="medium")
            axes.set_title(column_label(str(column), language), loc="left", fontsize="medium", fontweight="bold")
            axes.spines[["top", "right"]].set_visible(False)
        _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None})
