"""How far a settlement is, from 0 (near) to 100 (remote): the presets of remoteness and accessibility.

Every preset is a function of plain tables: distances or minutes in, a `Remoteness` out, with the score of 100, the
published value, the published classes, and the ruler by which another region or a later year is scored alike.

| preset | measured by |
|---|---|
| `aria_plus`, `cari_plus` | the way to each tier over its mean, capped at 3 |
| `kz` | minutes to each tier over a cap, weighted |
| `far`, `nz_ua` | minutes to urban areas by size against fixed limits |
| `statcan_ir`, `gravity` | people of all centres over the cost of, or with a decay by, the way there |

The floating catchments and the Rural Access Index come from `gis.kernels.access` as they are.
"""

from gis.kernels.access import enhanced_two_step_fca, rural_access_index, three_step_fca, two_step_fca
from gis.stages._remoteness import Remoteness, classes
from gis.stages._remoteness_people import GRAVITY_CLASSES, STATCAN_IR_CLASSES, gravity, statcan_ir
from gis.stages._remoteness_tiers import (
    ARIA_CAP,
    ARIA_PLUS_CLASSES,
    CARI_PLUS_CLASSES,
    FAR_CLASSES,
    FAR_MINUTES,
    KZ_CLASSES,
    NZ_UA_MINUTES,
    aria_plus,
    cari_plus,
    far,
    kz,
    nz_ua,
    over_seasons,
)

__all__ = [
    "ARIA_CAP",
    "ARIA_PLUS_CLASSES",
    "CARI_PLUS_CLASSES",
    "FAR_CLASSES",
    "FAR_MINUTES",
    "GRAVITY_CLASSES",
    "KZ_CLASSES",
    "NZ_UA_MINUTES",
    "STATCAN_IR_CLASSES",
    "Remoteness",
    "aria_plus",
    "cari_plus",
    "classes",
    "enhanced_two_step_fca",
    "far",
    "gravity",
    "kz",
    "nz_ua",
    "over_seasons",
    "rural_access_index",
    "statcan_ir",
    "three_step_fca",
    "two_step_fca",
]
