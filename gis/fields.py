"""Names of the columns that flow through the program, with their units.

One place for each name: a column that is read, computed, styled and printed is spelled here once.
"""

SETTLEMENT_ID = "settlement_id"
NAME = "name"
NAME_KK = "name_kk"
NAME_RU = "name_ru"
NAME_EN = "name_en"
NAME_IN = {"kk": NAME_KK, "ru": NAME_RU, "en": NAME_EN}
POPULATION = "population"
REGION = "region"
TIER = "tier"

REACHABLE = "reachable"
ACCESS_KM = "access_km"
ACCESS_MIN = "access_min"
ROAD_MIN = "road_min"
TRACK_MIN = "track_min"
OFFROAD_MIN = "offroad_min"

ROAD_ID = "road_id"
ROAD_CLASS = "road_class"
SURFACE = "surface"
MAXSPEED_KPH = "maxspeed_kph"
ONEWAY = "oneway"
BRIDGE = "bridge"
TUNNEL = "tunnel"
REF = "ref"
MONTHS = "months"
MONTHS_CLOSED = "months_closed"
MONTHS_FREIGHT_STOPPED = "months_freight_stopped"

FROM_ID = "from_id"
TO_ID = "to_id"
COMPONENT_ID = "component_id"
LENGTH_M = "length_m"
SPEED_KPH = "speed_kph"
FORWARD_MIN = "forward_min"
BACKWARD_MIN = "backward_min"

REMOTENESS = "remoteness"
REMOTENESS_CLASS = "remoteness_class"
VIABILITY = "viability"
VIABILITY_MISSING = "viability_missing"
POTENTIAL = "potential"
VIABILITY_P05 = "viability_p05"
VIABILITY_P95 = "viability_p95"
RANK_P05 = "rank_p05"
RANK_P95 = "rank_p95"
POTENTIAL_STABLE = "potential_stable"

TEMPERATURE_MEAN_C = "temperature_mean_c"
TEMPERATURE_COLDEST_C = "temperature_coldest_c"
TEMPERATURE_WARMEST_C = "temperature_warmest_c"
TEMPERATURE_RANGE_C = "temperature_range_c"
HEATING_DEGREE_DAYS = "heating_degree_days"
PRECIPITATION_MM = "precipitation_mm"
ARIDITY_DE_MARTONNE = "aridity_de_martonne"

HIGH, MEDIUM, LOW, UNINHABITED, UNKNOWN = "high", "medium", "low", "uninhabited", "unknown"
POTENTIALS = (HIGH, MEDIUM, LOW, UNINHABITED, UNKNOWN)
"""Classes of `potential`, best first; `unknown` where viability has no value."""


def travel_time_min(tier: str, season: str | None = None) -> str:
    """Name the column of minutes to the nearest centre of a tier, in a season where there are several.

    Examples
    --------
    >>> travel_time_min("town"), travel_time_min("town", "winter")
    ('travel_time_town_min', 'travel_time_town_winter_min')
    """
    return f"travel_time_{tier}_min" if season is None else f"travel_time_{tier}_{season}_min"


def distance_km(tier: str) -> str:
    """Name the column of kilometres along the quickest journey to the nearest centre of a tier.

    Examples
    --------
    >>> distance_km("town")
    'distance_town_km'
    """
    return f"distance_{tier}_km"


def centre(tier: str) -> str:
    """Name the column with the settlement id of the nearest centre of a tier.

    Examples
    --------
    >>> centre("town")
    'centre_town'
    """
    return f"centre_{tier}"


def months_cut_off(tier: str) -> str:
    """Name the column with the number of months in which no centre of a tier can be reached.

    Examples
    --------
    >>> months_cut_off("town")
    'months_cut_off_town'
    """
    return f"months_cut_off_{tier}"


def months_without_freight(tier: str) -> str:
    """Name the column with the number of months in which lorries stop on the journey to a tier.

    Examples
    --------
    >>> months_without_freight("town")
    'months_without_freight_town'
    """
    return f"months_without_freight_{tier}"


def worst_month(tier: str) -> str:
    """Name the column with the month, 1 to 12, of the longest travel time to a tier.

    Examples
    --------
    >>> worst_month("town")
    'worst_month_town'
    """
    return f"worst_month_{tier}"


def seasonality(tier: str) -> str:
    """Name the column with how much longer the journey to a tier takes in the worst month than in the best.

    Examples
    --------
    >>> seasonality("town")
    'seasonality_town'
    """
    return f"seasonality_{tier}"


def probability(potential: str) -> str:
    """Name the column with the share of the draws in which a settlement is of a class of potential.

    Examples
    --------
    >>> probability("high")
    'probability_high'
    """
    return f"probability_{potential}"


def remoteness_value(preset: str) -> str:
    """Name the column of the score that a preset of remoteness is published with.

    Examples
    --------
    >>> remoteness_value("aria_plus")
    'remoteness_aria_plus'
    """
    return f"remoteness_{preset}"


def supply(name: str) -> str:
    """Name the column of a supply per person, by floating catchments.

    Examples
    --------
    >>> supply("beds")
    'supply_beds'
    """
    return f"supply_{name}"


def contribution(indicator: str) -> str:
    """Name the column with the points that an indicator adds to viability (they sum to `viability`).

    Examples
    --------
    >>> contribution("frost")
    'contribution_frost'
    """
    return f"contribution_{indicator}"


def temperature_c(month: int) -> str:
    """Name the column of a month's mean temperature, months counted from 1.

    Examples
    --------
    >>> temperature_c(1)
    'temperature_01_c'
    """
    return f"temperature_{month:02d}_c"


def precipitation_mm(month: int) -> str:
    """Name the column of a month's precipitation, months counted from 1.

    Examples
    --------
    >>> precipitation_mm(12)
    'precipitation_12_mm'
    """
    return f"precipitation_{month:02d}_mm"
