"""The rules that a study can set: tiers, scores, classes, certainty, the planner's tables, outputs."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gis.kernels.composite import Normalisation
from gis.study_layers import File, Model, NotNegative, Number, Positive, Share, Slug


class Tier(Model):
    """A tier of centres; the first in the list is the highest, and a higher tier serves the lower ones."""

    name: Slug
    """Short name for columns: lower-case Latin letters, digits and _."""
    title: str | None = None
    """What people see; by default the words of the chosen language, or the name."""
    values: Annotated[list[str], Field(min_length=1)] | None = None
    """The values of the settlements' column `tier` that belong to it."""
    population_min: NotNegative | None = None
    """Or: the least population."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Tier":
        if (self.values is None) == (self.population_min is None):
            raise ValueError(f"tier {self.name!r} needs either values or population_min, and not both")
        return self


class GridChoice(Model):
    """The grid of the rasters."""

    crs: str = "auto"
    """A coordinate system, or "auto" for an equal-area one fitted to the study area."""
    cell_km: Positive | None = None
    """Size of the cells; without it a round size that makes no more than 1.5 million cells."""
    margin_km: NotNegative = 20.0
    """How far the grid reaches beyond the settlements."""


class RemotenessRule(Model):
    """How remoteness is scored."""

    preset: Literal["kz", "aria_plus", "cari_plus", "far", "nz_ua", "statcan_ir", "gravity"] = "aria_plus"
    """By tiers: `kz`, `far`, `nz_ua` (minutes), `aria_plus`, `cari_plus`; by people of all centres: the others."""
    table: File | None = None
    """CSV of the limits or parameters of any preset but ARIA+ and CARI+; without it `remoteness_kz.csv` and so on."""
    classes: File | None = None
    """CSV of classes; without it `remoteness_classes.csv`."""
    season: Literal["first", "worst", "mean"] = "first"
    """The first season, the worst, or the mean: of the months for minutes to tiers, of the seasons for all else.

    By people (`statcan_ir`, `gravity`) the mean is of what is reached; for minutes, a closed month makes it endless but
    under `kz`, which caps it.
    """
    measure: Literal["km", "minutes"] = "km"
    """What `aria_plus` and `cari_plus` measure."""
    means_km: dict[str, Positive] | None = None
    """Frozen mean kilometres by tier for `aria_plus`, `cari_plus`: the ruler of another run (see its run.json)."""
    means_min: dict[str, Positive] | None = None
    """The same in minutes, where they are measured."""
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    """Frozen least and greatest for `statcan_ir`, `gravity`: remoteness_range of another run's run.json."""
    log: bool = True
    """For `statcan_ir`: take the logarithm before scaling to 0-1."""
    decay: Literal["exponential", "power", "gaussian"] = "exponential"
    """For `gravity`: how the weight of people falls with minutes."""
    half_life_min: Positive | None = None
    """For `gravity`: minutes at which the weight is a half, in place of the table's: 15, 30, 60, 120 or 300."""
    exponent: Positive | None = None
    """For `gravity` with the decay `power`: in place of the half-life."""
    floor_min: Positive | None = None
    """For the decay `power`: the shortest time, in place of the table's."""

    @model_validator(mode="after")
    def _season(self) -> "RemotenessRule":
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(f"range must be the least and the greatest, got {self.range}")
        if self.exponent is not None and self.decay != "power":
            raise ValueError("exponent belongs to the decay 'power'; give half_life_min to the others")
        return self


class Supply(Model):
    """Something that people share, such as beds: how much of it there is per person, by floating catchments."""

    name: Slug
    """Short name for the column `supply_<name>`."""
    column: str
    """The settlements' column with how much each of them has."""
    method: Literal["2sfca", "e2sfca", "3sfca"] = "e2sfca"
    """Two steps, two steps with weights that fall with minutes (10, 20, 30), or three steps (10, 20, 30, 60)."""
    threshold_min: Positive = 30.0
    """For `2sfca`: within how many minutes."""
    steps: File | None = None
    """CSV of method, within_min and weight for the others; without it the preset `catchments.csv`."""
    season: Literal["first", "worst", "mean"] = "first"
    """By the journeys of the first season, by the longest of all seasons, or the mean of the seasons' supplies."""
    per: Positive = 1000.0
    """Per how many people the result is."""


class Indicator(Model):
    """An indicator of viability."""

    name: Slug
    """Short name for columns."""
    block: Slug
    """The block it belongs to."""
    column: str
    """A column of the results (such as travel_time_town_min) or of the settlements' file.

    Numbers, empty where unknown. inf means unreachable: it counts as the worst value where less is better, and is
    refused in your own column where more is. -inf is always refused.
    """
    direction: Literal[1, -1]
    """1: more is better; -1: less is better. What scores badly where the others score well is warned of."""
    weight: Positive = 1.0
    """Its weight within the block."""
    transform: Literal["none", "log", "outliers"] = "none"
    """`log`: for values of 0 or more over powers of ten; `outliers`: pulled in where skew and kurtosis are high."""
    normalise: Normalisation = "min_max"
    """How it is brought to 0-1."""
    goalposts: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    """For `goalposts`: low and high, in the column's unit."""
    target: Number | None = None
    """For `distance_to_target`: the value that scores 1, in the column's unit."""
    reference: str | None = None
    """For `distance_to_reference`: the id of the settlement that scores 1."""
    missing: Literal["none", "mean", "median", "fail"] = "none"
    """A gap drops out, is filled in from the group (see index.missing_by), or stops the run."""
    per: str | None = None
    """A column to divide by, such as population."""
    per_scale: Positive = 1.0
    """1000 for a rate per thousand."""

    @model_validator(mode="after")
    def _needs(self) -> "Indicator":
        for way, key in (
            ("goalposts", "goalposts"), ("distance_to_target", "target"), ("distance_to_reference", "reference")
        ):  # fmt: skip
            if (self.normalise == way) != (getattr(self, key) is not None):
                raise ValueError(f"indicator {self.name!r}: normalise {way!r} and the key {key} go together")
        if self.transform == "outliers" and self.normalise in ("goalposts", "distance_to_target"):
            raise ValueError(f"indicator {self.name!r}: outliers are moved by the data, goalposts and targets are not")
        if self.goalposts is not None and not self.goalposts[0] < self.goalposts[1]:
            raise ValueError(f"indicator {self.name!r}: goalposts must rise, got {self.goalposts}")
        return self


class IndexRule(Model):
    """How the indicators become viability."""

    aggregation: Literal["arithmetic", "geometric", "harmonic", "generalised", "copeland"] = "arithmetic"
    """`geometric` and `harmonic` let a strength make good a weakness in part only, and need a floor above 0."""
    power: Number | None = None
    """For `generalised`: the power of the mean."""
    weights: Literal["given", "equal", "correlation", "entropy"] = "given"
    """As the study gives them, all equal, or within each block by correlation or entropy."""
    floor: Annotated[Number, Field(ge=0, lt=100)] = 0.0
    """The points of the worst score: 1 for a geometric or harmonic mean."""
    missing_by: str | None = None
    """The column of groups that gaps are filled in from, such as region; without it all settlements are one."""

    @model_validator(mode="after")
    def _power(self) -> "IndexRule":
        if (self.aggregation == "generalised") != (self.power is not None):
            raise ValueError("aggregation 'generalised' and the key power go together")
        return self


class PotentialRule(Model):
    """How viability becomes a class."""

    rule: Literal["shares", "thresholds"] = "shares"
    """By shares of the settlements, or by limits of viability."""
    high: NotNegative = 1204
    """The share of high; or the limit at and above which potential is high."""
    medium: NotNegative = 5625
    """The share of medium (not used by thresholds)."""
    low: NotNegative = 595
    """The share of low; or the limit below which potential is low."""

    @model_validator(mode="after")
    def _limits(self) -> "PotentialRule":
        if self.rule == "thresholds" and not ({"high", "low"} <= self.model_fields_set):
            raise ValueError("the rule thresholds needs high and low: limits of viability between 0 and 100")
        if self.rule == "thresholds" and self.high > 100:
            raise ValueError(f"the limit of high ({self.high:g}) lies above 100, where viability ends")
        if self.rule == "thresholds" and self.low > self.high:
            raise ValueError(f"the limit of low ({self.low:g}) lies above the limit of high ({self.high:g})")
        if self.rule == "shares" and self.high + self.medium + self.low <= 0:
            raise ValueError("one of the shares high, medium and low must be above zero")
        return self


class Planning(Model):
    """The planner's tables by region and district."""

    limits_min: Annotated[list[Positive], Field(min_length=1)] = [30.0, 60.0, 120.0]
    """People and settlements farther than these minutes from each tier are counted."""
    all_season_within_km: Positive | None = None
    """The Rural Access Index counts rural people so near to a paved road; without it `rural_access.csv`: 2."""
    disparity: list[str] = ["remoteness", "viability"]
    """Columns of the settlements, 0 or more, in which regions are compared."""


class Regional(Model):
    """Figures by region, such as product per head: a table (CSV, XLSX), or columns of the layer of regions."""

    path: File | None = None
    """The table; without it, columns of the layer of regions are used."""
    key: str = "region"
    """Its column with the name of the region."""
    values: list[str] = []
    """Columns per person, 0 or more, in which regions are compared."""
    amounts: list[str] = []
    """Columns of amounts by branch (workers, product), of which location quotients are made."""
    whole: str | None = None
    """Column with the total of all branches; without it, the sum of `amounts`."""


class Towns(Model):
    """Towns, all other settlements being rural; and the rule by which a small town is called depressed."""

    values: Annotated[list[str], Field(min_length=1)] = ["republican_city", "regional_centre", "city", "town"]
    """The values of the settlements' column `tier` that are towns."""
    population_max: Positive = 50_000.0
    """The most people that a small town has."""
    criteria: File | None = None
    """CSV of criterion, column, comparison, limit and points; without it the preset `towns.csv`."""
    points_min: Positive = 2.0
    """A town is depressed where the criteria that it meets have so many points."""


class Support(Model):
    """Support villages, and the satellites that they serve."""

    values: Annotated[list[str], Field(min_length=1)] | None = None
    """The values of the settlements' column `tier` that may be support villages; without it all but towns."""
    population_min: NotNegative = 1000.0
    """The least population of a support village."""
    limit_min: Positive = 60.0
    """Minutes within which a support village serves."""
    number: Annotated[int, Field(strict=True, ge=1)] | None = None
    """The most support villages that are proposed; without it as many as `share` needs."""
    share: Annotated[Share, Field(gt=0)] = 0.9
    """The share of rural people to be served."""


class Typology(Model):
    """Types of settlements: remoteness crossed with potential."""

    near: list[str] | None = None
    """The classes of remoteness that are near; without it the first third of them (two of five)."""
    remote: list[str] | None = None
    """The classes of remoteness that are remote; without it the last third of them (two of five)."""
    table: File | None = None
    """CSV of remoteness, potential and type; without it the preset `typology.csv`."""


class Certainty(Model):
    """How sure scores are: what is drawn again and again, and how far it varies."""

    draws: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 500
    """How many draws; 0 for none. Of 500 a probability of 0.8 is known to 0.02 or so."""
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    """The same seed makes the same draws."""
    weights: Share = 0.25
    """By what share of itself each weight of an indicator and of a block is moved up or down; 0 is certain."""
    normalisations: list[Literal["percentile_rank"]] = ["percentile_rank"]
    """Alternatives to the study's own way of bringing indicators to one scale; [] for none."""
    aggregations: list[Literal["geometric", "harmonic", "copeland"]] = ["geometric"]
    """Alternatives to the weighted mean; [] for none. `copeland` compares all pairs, which takes longer."""
    speeds: Annotated[Number, Field(ge=1, le=10)] = 1.4
    """By how much speeds are multiplied or divided at most: published tables differ by two; 1 is certain."""
    seasons: bool = True
    """Whether any season may be the one that is scored by."""
    population: Share = 0.1
    """Relative standard error of the number of people; 0 is certain."""
    missing: bool = True
    """Whether a missing value takes that of another settlement by lot; else it drops out, as published."""
    stable: Annotated[Share, Field(gt=0)] = 0.8
    """The probability of its class from which on a settlement's class is stable."""
    paved_kph: Positive = 50.0
    """The speed once a road is paved, for the change that `explain` calls a paved road."""


class Outputs(Model):
    """Where results go."""

    folder: File = Path("results")
    """The folder, relative to the study file."""
