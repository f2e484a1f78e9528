"""Shalgai: which villages are far, and which can live.

`gis.run(study)` scores every settlement of a study and returns the results as objects; with `out` it writes them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gis.pipeline import Result
    from gis.study import Study

__all__ = ["run"]


def run(study: "Study | Path | str | None" = None, *, out: "Path | str | None" = None) -> "Result":
    """Run a study.

    Parameters
    ----------
    study
        A study, or the path of a study file; None is the demonstration of Kazakhstan.
    out
        A folder to write the outputs into; None writes nothing.

    Returns
    -------
    gis.pipeline.Result

    Raises
    ------
    gis.errors.ShalgaiError
        A study, layer or folder that cannot be used; the text says which and what to do.

    Examples
    --------
    >>> import gis
    >>> result = gis.run()  # doctest: +SKIP
    >>> result.settlements.potential.value_counts()  # doctest: +SKIP
    """
    # Late, so that `import gis` and `shalgai --help` answer at once: the geospatial libraries take seconds to load.
    from gis.outputs import write_outputs
    from gis.pipeline import compute
    from gis.study import Study, demonstration, read_study

    chosen = study if isinstance(study, Study) else read_study(demonstration() if study is None else Path(study))
    result = compute(chosen)
    if out is not None:
        write_outputs(result, Path(out))
    return result
