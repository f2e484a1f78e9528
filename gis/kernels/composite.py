"""The composite index: denominate, impute, treat outliers, normalise, weigh, aggregate.

Settlements x indicators are `(n, k)` arrays, NaN where unknown. Each step is a function from array to array,
so that every stage can be written as a table and recomputed by hand. What cannot be used (a constant, text,
infinities, an indicator without values, negative weights) is refused with a `ValueError` that names the
indicator; no step makes NaN out of a known value in silence.

The steps and their names follow the handbook of OECD and JRC (2008) and COINr (Becker et al. 2022).
"""

from gis.kernels._aggregate import (
    AGGREGATIONS,
    Aggregation,
    aggregate,
    contributions,
    missing_share,
    row_weights,
)
from gis.kernels._normalise import NORMALISATIONS, Normalisation, normalise

__all__ = [
    "AGGREGATIONS",
    "NORMALISATIONS",
    "Aggregation",
    "Normalisation",
    "aggregate",
    "contributions",
    "missing_share",
    "normalise",
    "row_weights",
]
