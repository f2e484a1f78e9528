"""Percentile ranks of scores, and of other scores among them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.kernels.composite import normalise

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Ruler:
    """The scores of an indicator, by which the percentile ranks of other scores are looked up.

    Parameters
    ----------
    least, most
        Of all its scores.
    sorted
        The known scores of each alternative and lot from low to high, and their ranks; empty without ranks.
    """

    least: float
    most: float
    sorted: Mapping[tuple[int, ...], tuple[Float, Float]]

    @classmethod
    def of(cls, values: Float, ranked: Float | None) -> "Ruler":
        """Sort scores of shape `(alternatives, lots, n)` with their ranks."""
        rows: dict[tuple[int, ...], tuple[Float, Float]] = {}
        least, most = float(np.nanmin(values)), float(np.nanmax(values))
        if ranked is None:
            return cls(least, most, rows)
        for where in np.ndindex(*values.shape[:2]):
            known = ~np.isnan(values[where])
            order = np.argsort(values[where][known], kind="stable")
            rows[where] = values[where][known][order], ranked[where][known][order]
        return cls(least, most, rows)

    def ranks(self, new: Float) -> Float:
        """Find the percentile ranks of scores of shape `(alternatives, lots, m)` among those of all settlements."""
        out = np.empty_like(new)
        for where, (values, ranked) in self.sorted.items():
            out[where] = np.interp(new[where], values, ranked)
            out[where][np.isnan(new[where])] = np.nan
        return out


def percentiles(values: Float) -> Float:
    """Replace scores by their percentile ranks, alternative by alternative; equal ones share the middle."""
    flat = values.reshape(-1, values.shape[-1])
    out = flat.copy()
    for row, scores in enumerate(flat):
        if np.ptp(scores[~np.isnan(scores)]) > 0:
            out[row] = normalise(scores, "percentile_rank", ties="average")
    return out.reshape(values.shape)
