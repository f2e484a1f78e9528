"""The composite index: denominate, impute, treat outliers, normalise, weigh, aggregate.

Settlements x indicators are `(n, k)` arrays, NaN or masked where unknown. Each step is a function from array to array,
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
    outranking,
    outranking_among,
    row_weights,
)
from gis.kernels._normalise import NORMALISATIONS, Normalisation, normalise
from gis.kernels._treatment import Treatment, denominate, impute, treat_outliers
from gis.kernels._weights import (
    correlation_adjusted_weights,
    entropy_weights,
    equal_weights,
    given_weights,
    hierarchical_weights,
)

__all__ = [
    "AGGREGATIONS",
    "NORMALISATIONS",
    "Aggregation",
    "Normalisation",
    "Treatment",
    "aggregate",
    "contributions",
    "correlation_adjusted_weights",
    "denominate",
    "entropy_weights",
    "equal_weights",
    "given_weights",
    "hierarchical_weights",
    "impute",
    "missing_share",
    "normalise",
    "outranking",
    "outranking_among",
    "row_weights",
    "treat_outliers",
]
