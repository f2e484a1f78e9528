"""Pictures of regions, as SVG that opens anywhere: classes by region, Lorenz curves and rankings.

Letters are drawn as outlines of the font that comes with matplotlib, which has the Kazakh ones. The same figures make
the same bytes.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis import fields as f
from gis.publish import palette
from gis.publish.words import LANGUAGES, class_name, column_label, number, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Untrusted names may hold $: no mathematics in them. The salt makes the ids in the file repeatable.
_STYLE: Any = {"text.parse_math": False, "svg.hashsalt": "shalgai", "font.family": "DejaVu Sans", "font.size": 9.0}
_COLOURS = (palette.POTENTIAL["high"], palette.POTENTIAL["low"], palette.REGION, palette.ROADS["trunk"][0])
_DASHES = ("-", "--", "-.", ":")
_ABOVE_IN, _BELOW_IN = 0.3, 0.5  # what titles and axes take
_ROOM = 0.04  # the least share of a bar that a number is written in


def write_classes_by_region(path: Path, regions: pd.DataFrame, names: Sequence[str], language: str) -> None:
    """Draw the shares of the classes of potential in each region as bars, with the numbers of settlements in them.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    regions
        A row for each region: `settlements` and `settlements_<class>`.
    names
        Of the regions, in their order, which is that of the bars from above.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> counts = {f"settlements_{name}": [2, 0] for name in f.POTENTIALS}
    >>> with TemporaryDirectory() as folder:
    ...     write_classes_by_region(Path(folder) / "a.svg", pd.DataFrame(counts), ["Ұлытау", "Abai"], "kk")
    ...     (Path(folder) / "a.svg").read_text("utf-8")[:5]
    '<?xml'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    w = words(language)
    counts = regions[[f"settlements_{name}" for name in f.POTENTIALS]].to_numpy(float)
    total = counts.sum(axis=1)
    share = np.divide(counts, total[:, None], out=np.zeros_like(counts), where=total[:, None] > 0)
    rows = range(len(counts))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.0, 1.0 + 0.24 * len(counts)), layout="constrained")
        axes = figure.add_subplot()
        left = np.zeros(len(counts))
        for column, name in enumerate(f.POTENTIALS):
            if not counts[:, column].any():
                continue
            colour = palette.POTENTIAL[name]
            edge = palette.OUTLINE if name in (f.UNINHABITED, f.UNKNOWN) else "white"  # light ones need a line
            axes.barh(rows, share[:, column], left=left, color=colour, height=0.78, edgecolor=edge, linewidth=0.5,
                      label=class_name(f.POTENTIAL, name, language))  # fmt: skip
            for row in np.flatnonzero(share[:, column] >= _ROOM).tolist():
                middle = left[row] + share[row, column] / 2
                axes.text(middle, row, number(counts[row, column], language), ha="center", va="center", fontsize=7,
                          color=_ink(colour))  # fmt: skip
            left += share[:, column]
        for row in rows:
            axes.text(1.01, row, number(total[row], language), va="center")
        axes.set_title(w["column.settlements"], loc="right", fontsize="small")
        axes.set_yticks(rows, names)
        axes.set(xlim=(0, 1), ylim=(len(counts) - 0.4, -0.6), xticks=[])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.legend(loc="outside lower center", ncols=len(f.POTENTIALS), frameon=False)
        _save(figure, path)


def _ink(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"


def write_lorenz(path: Path | IO[bytes], lorenz: pd.DataFrame, gini: Mapping[str, float], language: str) -> None:
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
        figure = Figure(figsize=(5.6, 5.6))
        axes = figure.add_axes((0.13, 0.1, 0.84, 0.84))  # to lay it out by trial takes longer than to draw it
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


def write_ranking(
    path: Path | IO[bytes], ranking: pd.DataFrame, language: str, names: Mapping[str, str] | None = None
) -> None:
    """Draw the regions by each column as bars, the largest above, with the mean of people as a line.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    ranking
        From `gis.stages.disparity.ranking`.
    language
        `en`, `ru` or `kk`.
    names
        Of the regions in that language; one that is missing is called as in the table.

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

    w, parts, names = words(language), list(ranking.groupby("column", sort=False)), names or {}
    with mpl.rc_context(_STYLE):
        heights = [_ABOVE_IN + 0.1 + 0.2 * len(part) + _BELOW_IN for _, part in parts]
        figure = Figure(figsize=(7.0, sum(heights)))
        shown = {str(name): names.get(str(name), str(name)) for name in ranking["region"]}
        left = 0.2 + _width_in(shown.values())
        right = 0.2 + _width_in(_value(value, language) for value in ranking["value"])
        for i, (column, part) in enumerate(parts):
            low, high = sum(heights[i + 1 :]) + _BELOW_IN, heights[i] - _ABOVE_IN - _BELOW_IN
            box = (left / 7.0, low / sum(heights), max(7.0 - left - right, 1.0) / 7.0, high / sum(heights))
            axes = figure.add_axes(box)
            upward = part.iloc[::-1]
            axes.barh(range(len(part)), upward["value"], color=_COLOURS[0], height=0.7)
            for place, value in enumerate(upward["value"]):
                axes.text(1.01, place, _value(value, language), va="center", transform=axes.get_yaxis_transform())
            axes.set_yticks(range(len(part)), [shown[name] for name in upward["region"].map(str)])
            axes.set_ylim(-0.6, len(part) - 0.4)
            first = part[part["to_mean"] > 0].head(1)
            if len(first):
                mean = float(first["value"].iloc[0] / first["to_mean"].iloc[0])
                label = w["planning.mean"] + ": " + number(mean, language, 1)
                axes.axvline(mean, color=palette.CENTRE, linewidth=1, linestyle="--")
                axes.set_xlabel(label, loc="right", fontsize="medium")
            axes.set_title(column_label(str(column), language), loc="left", fontsize="medium", fontweight="bold")
            axes.spines[["top", "right"]].set_visible(False)
        _save(figure, path)


def _value(value: float, language: str) -> str:
    return number(value, language, 1 if value < 1000 else 0)


def _width_in(texts: Iterable[str]) -> float:
    """Return the width of the longest of some texts, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=_STYLE["font.family"], size=_STYLE["font.size"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        widths = [text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] for text in texts]
    return max(widths, default=0.0) / 72.0


def disparity_pictures(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Draw the Lorenz curves and the ranking in every language, as SVG texts for a page.

    Letters stay letters, which makes a picture small and leaves the font to the reader's browser.

    Parameters
    ----------
    tables
        `lorenz`, `ranking` and `disparity`; a picture whose table is missing is left out.
    names
        Of each region, by language.

    Returns
    -------
    dict
        By language and name: `lorenz`, `ranking`.

    Examples
    --------
    >>> table = pd.DataFrame({"column": ["remoteness"], "region": "Abai", "value": 4.0, "to_mean": 1.0})
    >>> made = disparity_pictures({"ranking": table}, {"Abai": {"en": "Abai", "ru": "Абай", "kk": "Абай"}})
    >>> "Абай" in made["ru"]["ranking"], "Абай" in made["en"]["ranking"]
    (True, False)
    """
    import matplotlib as mpl

    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    with mpl.rc_context({"svg.fonttype": "none"}):
        for language in LANGUAGES:
            own = {region: said[language] for region, said in names.items()}
            if "lorenz" in tables:
                svg = BytesIO()
                write_lorenz(svg, tables["lorenz"], gini_by_people(tables["disparity"]), language)
                found[language]["lorenz"] = svg.getvalue().decode()
            if "ranking" in tables:
                svg = BytesIO()
                write_ranking(svg, tables["ranking"], language, own)
                found[language]["ranking"] = svg.getvalue().decode()
    return found


def gini_by_people(disparity: pd.DataFrame) -> dict[str, float]:
    """Return the Gini coefficient of each column between regions, weighted by people."""
    by_people = disparity[(disparity["among"] == "regions") & (disparity["weighting"] == "population")]
    return dict(zip(by_people["column"], by_people["gini"], strict=True))


def _save(figure: "Figure", path: Path | IO[bytes]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a name may hold what the font lacks, such as emoji
        figure.savefig(path, format="svg", metadata={"Date": None})
