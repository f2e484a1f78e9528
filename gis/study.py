"""The study file: what is asked, of which layers, by which rules."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from gis.errors import StudyError
from gis.fields import travel_time_min
from gis.kernels.composite import Normalisation
from gis.read.shipped import layers_dir

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
# Strict: neither "50" nor true is a number.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Month = Annotated[int, Field(strict=True, ge=1, le=12)]
Language = Literal["kk", "ru", "en"]


def _plain_path(path: Path) -> Path:
    # "C:\new\table" in TOML holds a line break and a tab.
    if any(ord(letter) < 32 for letter in str(path)):
        raise ValueError("a path cannot hold a line break or tab; write / in paths, also on Windows")
    return path


File = Annotated[Path, AfterValidator(_plain_path)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Layer(_Model):
    """A vector layer: a GeoPackage, Shapefile, GeoJSON, FlatGeobuf, CSV, XLSX or OSM PBF."""

    path: File
    """The file, relative to the study file."""
    layer: str | None = None
    """The layer, in a file that holds several."""
    crs: str | None = None
    """The coordinate system, where the file does not say it: for example "EPSG:28412"."""
    encoding: str | None = None
    """The encoding of text, where it is not recognised: for example "cp1251"."""
    columns: dict[str, str] = {}
    """Our name of a column = the file's name of it."""


class Settlements(Layer):
    """The settlements; columns settlement_id, name, name_kk, name_ru, name_en, population, region, tier, lon, lat."""


class Roads(Layer):
    """The roads; columns road_class, surface, maxspeed_kph, oneway, bridge, tunnel, ref, name, months."""

    noding: Literal["vertices", "crossings"] = "vertices"
    """Roads meet at the vertices they share (as in OpenStreetMap) or wherever they cross, but for bridges."""
    speeds: File | None = None
    """CSV of speed by road class; without it the preset `speeds.csv`."""
    surfaces: File | None = None
    """CSV of factors by surface; without it the preset `surfaces.csv`."""
    closures: File | None = None
    """CSV of closures as agencies publish them: ref, km_from, km_to, months, note."""
    near_km: NotNegative = 2.0
    """Up to how far from a road the way to it is a local street or track."""
    near_kph: Positive = 20.0
    """The speed on that way."""
    over_land_kph: Positive = 10.0
    """The speed over land, beyond that: 5 is walking, 10 to 20 a car on the steppe."""
    over_land_max_km: NotNegative = 50.0
    """The longest way over land; a settlement farther than that from every road is unreachable."""


class Straight(_Model):
    """How journeys are estimated where the study has no roads."""

    detour_factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.4
    """How much longer the way is than the straight line."""
    speed_kph: Positive = 50.0
    """The speed on it."""


class RasterLayer(_Model):
    """A raster of one band (the year) or twelve (the months)."""

    path: Annotated[
        Annotated[File, Tag("(file)")] | Annotated[list[File], Field(min_length=12, max_length=12), Tag("(months)")],
        Discriminator(lambda value: "(months)" if isinstance(value, list) else "(file)"),
    ]
    """One file, or twelve files of a month each."""
    scale: Number | None = None
    """Factor to the stored values, where the file does not say it: WorldClim 1.4 stores temperature in 0.1 C."""
    offset: Number | None = None
    """Added after scaling."""

    @field_validator("scale")
    @classmethod
    def _scale(cls, scale: float | None) -> float | None:
        if scale == 0:
            raise ValueError("a scale of 0 would make every value 0; leave the key out where there is none")
        return scale


class Climate(_Model):
    """The climate rasters, temperature in C and precipitation in mm."""

    temperature: RasterLayer | None = None
    """Mean temperature."""
    precipitation: RasterLayer | None = None
    """Precipitation of each month, or of the year."""
    temperature_min: RasterLayer | None = None
    """Mean of the daily minimum, twelve months, C."""
    temperature_max: RasterLayer | None = None
    """Mean of the daily maximum, twelve months, C."""
    wind: RasterLayer | None = None
    """Mean wind at 10 m, twelve months, m/s."""
    humidity: RasterLayer | None = None
    """Mean relative humidity, twelve months, per cent."""
    radius_km: NotNegative = 0.0
    """Settlements take the mean of the cells within this distance; 0: what the rasters have at the point."""
    rasters: bool = True
    """Write each measure as a raster, into the folder climate of the outputs."""
    heating_base_c: Number = 18.0
    """Base of the heating degree days: 17 and 18 are in use."""
    cooling_base_c: Number = 18.0
    """Base of the cooling degree days."""
    growing_base_c: Number = 5.0
    """Base of the growing degree days: 5 for wheat and grass, 10 for maize."""
    frost_c: Number = 0.0
    """A month of frost has a mean below this."""
    heat_c: Number = 22.0
    """A month of heat has a mean above this."""
    koppen_cold_c: Literal[0, -3] = 0
    """The coldest month that divides C from D in Koeppen's classes: 0 (Beck, Peel) or -3 (Koeppen, Kottek, Rubel)."""
    pet: Literal["thornthwaite", "hargreaves"] = "thornthwaite"
    """The evapotranspiration behind the UNEP aridity; hargreaves needs temperature_min and temperature_max."""
    discomfort: File | None = None
    """CSV of zone, column, comparison and limit: the zones of discomfort; without it the preset `discomfort.csv`."""

    @model_validator(mode="after")
    def _pet(self) -> "Climate":
        if self.pet == "hargreaves" and (self.temperature_min is None or self.temperature_max is None):
            raise ValueError("pet 'hargreaves' needs temperature_min and temperature_max")
        return self


class LandCover(_Model):
    """Land cover, and how fast one walks through it."""

    path: Path
    """A raster of classes."""
    speeds: Path | None = None
    """CSV of code, land_cover and speed_kph (0: no way through); without it `land_cover.csv`, with the IGBP's codes."""


class Land(_Model):
    """The way over land, of the surfaces of travel time."""

    cover: LandCover | None = None
    """Land cover: its walking speeds replace roads.over_land_kph."""
    elevation: RasterLayer | None = None
    """Metres above the sea: slope slows by Tobler's rule, uphill and downhill differently, and thin air by height."""
    rivers: Layer | None = None
    """Lines of rivers: barriers, which roads and gaps in the lines cross."""
    bridges_only: bool = False
    """Whether a road crosses a river only where it is a bridge, a tunnel or a ferry."""
    neighbours: Literal[8, 16] = 8
    """Moves from cell to cell: 8 overstate straight ways by up to 8.24 %, 16 by up to 2.79 % and take longer."""


class Tier(_Model):
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


class Season(_Model):
    """A season; the first in the list is the one that remoteness is scored by."""

    name: Slug
    """Short name for columns."""
    months: Annotated[list[Month], Field(min_length=1)] = list(range(1, 13))
    """Its months, 1 to 12."""
    paved: Share = 1.0
    """Factor of speed on paved roads; 0 is closed."""
    unpaved: Share = 1.0
    """Factor of speed on unpaved roads; 0 is closed."""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name == "worst":
            raise ValueError("the columns of the worst month are named so; choose another name")
        return name


class Closures(_Model):
    """Rules by which monthly temperatures close roads, at the middle of each; the table turns them on."""

    unpaved_after_thaw: bool = True
    """Unpaved roads are closed in the month after the thaw: the first after the coldest whose mean is above thaw_c."""
    thaw_c: Number = 0.0
    """The mean temperature above which a month is thawed, C."""
    ice_roads: bool = True
    """Ice roads are open only in months whose mean is below ice_road_c, but for those with months of their own."""
    ice_road_c: Number = -10.0
    """The mean temperature below which ice carries, C."""
    freight_stops_c: Number = -30.0
    """The mean temperature at and below which lorries stand still, C: such months are counted, cars go on."""


class GridChoice(_Model):
    """The grid of the rasters."""

    crs: str = "auto"
    """A coordinate system, or "auto" for an equal-area one fitted to the study area."""
    cell_km: Positive | None = None
    """Size of the cells; without it a round size that makes about 100 000 cells."""
    margin_km: NotNegative = 20.0
    """How far the grid reaches beyond the settlements."""


def _kind_of_seasons(value: object) -> str:
    if value in ("kz", "months"):
        return "(preset)"
    return "(file)" if isinstance(value, str | Path) else "(list)"


class RemotenessRule(_Model):
    """How remoteness is scored."""

    preset: Literal["kz", "aria_plus", "cari_plus", "far", "nz_ua", "statcan_ir", "gravity"] = "aria_plus"
    """By tiers: `kz`, `far`, `nz_ua` (minutes), `aria_plus`, `cari_plus`; by people of all centres: the others."""
    table: File | None = None
    """CSV of the limits of `kz`, `far` or `nz_ua`; without it `remoteness_kz.csv` and so on."""
    classes: File | None = None
    """CSV of classes; without it `remoteness_classes.csv`."""
    season: Literal["first", "worst", "mean"] = "first"
    """For `kz`, `far`, `nz_ua`: the minutes of the first season, of the worst month, or the mean of the months."""
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
    half_life_min: Positive = 60.0
    """For `gravity`: minutes at which the weight is a half; 15, 30, 60, 120 and 300 are in use."""
    exponent: Positive | None = None
    """For `gravity` with the decay `power`: in place of the half-life."""
    floor_min: Positive = 1.0
    """For the decay `power`: the shortest time."""

    @model_validator(mode="after")
    def _season(self) -> "RemotenessRule":
        if self.season != "first" and self.preset not in ("kz", "far", "nz_ua"):
            raise ValueError(f"season {self.season!r} needs the preset kz, far or nz_ua, not {self.preset}")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(f"range must be the least and the greatest, got {self.range}")
        if self.exponent is not None and self.decay != "power":
            raise ValueError("exponent belongs to the decay 'power'; give half_life_min to the others")
        return self


class Supply(_Model):
    """Something that people share, such as beds: how much of it there is per person, by floating catchments."""

    name: Slug
    """Short name for the column `supply_<name>`."""
    column: str
    """The settlements' column with how much each of them has."""
    method: Literal["2sfca", "e2sfca", "3sfca"] = "e2sfca"
    """Two steps, two steps with weights that fall with minutes (10, 20, 30), or three steps (10, 20, 30, 60)."""
    threshold_min: Positive = 30.0
    """For `2sfca`: within how many minutes."""
    per: Positive = 1000.0
    """Per how many people the result is."""


class Indicator(_Model):
    """An indicator of viability."""

    name: Slug
    """Short name for columns."""
    block: Slug
    """The block it belongs to."""
    column: str
    """A column of the results (such as travel_time_town_min) or of the settlements' file."""
    direction: Literal[1, -1]
    """1: more is better; -1: less is better."""
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


class IndexRule(_Model):
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


class PotentialRule(_Model):
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


class Planning(_Model):
    """The planner's tables by region and district."""

    limits_min: Annotated[list[Positive], Field(min_length=1)] = [30.0, 60.0, 120.0]
    """People and settlements farther than these minutes from each tier are counted."""
    all_season_within_km: Positive = 2.0
    """The Rural Access Index counts rural people within this distance of a paved road."""
    disparity: list[str] = ["remoteness", "viability"]
    """Columns of the settlements, 0 or more, in which regions are compared."""


class Regional(_Model):
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


class Towns(_Model):
    """Towns, all other settlements being rural; and the rule by which a small town is called depressed."""

    values: Annotated[list[str], Field(min_length=1)] = ["republican_city", "regional_centre", "city", "town"]
    """The values of the settlements' column `tier` that are towns."""
    population_max: Positive = 50_000.0
    """The most people that a small town has."""
    criteria: File | None = None
    """CSV of criterion, column, comparison, limit and points; without it the preset `towns.csv`."""
    points_min: Positive = 2.0
    """A town is depressed where the criteria that it meets have so many points."""


class Support(_Model):
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


class Typology(_Model):
    """Types of settlements: remoteness crossed with potential."""

    near: list[str] | None = None
    """The classes of remoteness that are near; without it the first third of them (two of five)."""
    remote: list[str] | None = None
    """The classes of remoteness that are remote; without it the last third of them (two of five)."""
    table: File | None = None
    """CSV of remoteness, potential and type; without it the preset `typology.csv`."""


class Certainty(_Model):
    """How sure scores are: what is drawn again and again, and how far it varies."""

    draws: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 500
    """How many draws; 0 for none. Of 500 a probability of 0.8 is known to 0.02 or so."""
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    """The same seed makes the same draws."""
    weights: Share = 0.25
    """By what share of itself each weight of an indicator and of a block is moved up or down; 0 is certain."""
    normalisations: list[Literal["percentile_rank"]] = ["percentile_rank"]
    """Alternatives to the study's own way of bringing indicators to one scale; [] for none."""
    aggregations: list[Literal["geometric", "harmonic"]] = ["geometric"]
    """Alternatives to the weighted mean; [] for none."""
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


class Outputs(_Model):
    """Where results go."""

    folder: File = Path("results")
    """The folder, relative to the study file."""


class Study(_Model):
    """A study: layers, rules and outputs, as read from a TOML file."""

    title: str = "Remoteness and viability of settlements"
    """Heads the map and the tables."""
    language: Language = "en"
    """Of what people see: kk, ru or en."""
    notes: list[str] = []
    """Shown on the map and kept with the results: sources, licences, cautions."""
    settlements: Settlements
    roads: Roads | None = None
    straight: Straight = Straight()
    water: Layer | None = None
    """Polygons of water, which nobody crosses but by road."""
    land: Land = Land()
    boundary: Layer | None = None
    """Polygons of the study area: rasters have no value outside."""
    regions: Layer | None = None
    """Polygons of the regions; column region (the name). Settlements without a region get the one they lie in."""
    districts: Layer | None = None
    """Polygons of the districts; column district (name or code). Settlements without one get the one they lie in."""
    climate: Climate = Climate()
    tiers: list[Tier] | None = None
    """From high to low; without them the five ARIA+ tiers by population."""
    seasons: Annotated[
        Annotated[Literal["kz", "months"], Tag("(preset)")]
        | Annotated[File, Tag("(file)")]
        | Annotated[list[Season], Tag("(list)")],
        Discriminator(_kind_of_seasons),
    ] = [Season(name="year")]
    """A list; or "kz" or "months" (the presets `seasons_kz.csv`, `seasons_months.csv`); or a CSV like them."""
    closures: Closures | None = None
    """Rules of closure by temperature; none without the table."""
    grid: GridChoice = GridChoice()
    remoteness: RemotenessRule = RemotenessRule()
    supplies: list[Supply] = []
    """What people share: columns of supply per person."""
    indicators: list[Indicator] | None = None
    """Without them those of the preset `indicators.csv` whose columns the study has."""
    blocks: dict[Slug, Positive] | None = None
    """Weight of each block; without them the preset `blocks.csv`, and 1 for a block that it does not name."""
    index: IndexRule = IndexRule()
    potential: PotentialRule = PotentialRule()
    typology: Typology = Typology()
    planning: Planning = Planning()
    regional: Regional | None = None
    towns: Towns = Towns()
    support: Support = Support()
    certainty: Certainty = Certainty()
    outputs: Outputs = Outputs()

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("tiers")
    @classmethod
    def _tiers(cls, tiers: list[Tier] | None) -> list[Tier] | None:
        if tiers is None:
            return None
        if not tiers:
            raise ValueError("at least one tier is needed; leave the key out for the ARIA+ tiers")
        _unique([tier.name for tier in tiers], "tier")
        values = [value for tier in tiers for value in tier.values or []]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"a value belongs to one tier; given twice: {', '.join(twice)}")
        by_population = [tier.population_min for tier in tiers if tier.population_min is not None]
        if 0 < len(by_population) < len(tiers):
            raise ValueError("the tiers must all have values, or all population_min")
        if by_population != sorted(by_population, reverse=True):
            given = ", ".join(f"{least:g}" for least in by_population)
            raise ValueError(f"the tiers must go from high to low; population_min is {given}")
        return tiers

    @field_validator("seasons")
    @classmethod
    def _seasons(cls, seasons: str | Path | list[Season]) -> str | Path | list[Season]:
        if not isinstance(seasons, list):
            return seasons
        if not seasons:
            raise ValueError("at least one season is needed; leave the key out for one season, the year")
        _unique([season.name for season in seasons], "season")
        return seasons

    @field_validator("indicators")
    @classmethod
    def _indicators(cls, indicators: list[Indicator] | None) -> list[Indicator] | None:
        if indicators is not None:
            if not indicators:
                raise ValueError("at least one indicator is needed; leave the key out for the preset's")
            _unique([indicator.name for indicator in indicators], "indicator")
        return indicators

    @model_validator(mode="after")
    def _columns(self) -> "Study":
        names = [travel_time_min(tier.name) for tier in self.tiers or []]
        later = self.seasons[1:] if isinstance(self.seasons, list) else []
        names += [travel_time_min(t.name, season.name) for t in self.tiers or [] for season in later]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the names of tiers and seasons make the column {twice[0]} twice; choose another name")
        return self

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self._folder

    def resolve(self, path: Path) -> Path:
        """Return a path of the study, relative ones from the study file's folder."""
        return path if path.is_absolute() else self._folder / path


def demonstration() -> Path:
    """Return the study file of the demonstration that comes with the program.

    Examples
    --------
    >>> read_study(demonstration()).language
    'kk'
    """
    return layers_dir() / "kazakhstan" / "study.toml"


def read_study(path: Path) -> Study:
    r"""Read a study file.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        The file is not there or is not TOML, or a key or value is not what was expected; each fault in a line, with
        key, value and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "study.toml")
    ...     _ = file.write_text('[settlements]\npath = "villages.csv"\n[road]\npath = "roads.gpkg"\n')
    ...     read_study(file)
    Traceback (most recent call last):
      ...
    gis.errors.StudyError: study.toml: road: no such key; did you mean 'roads'?
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StudyError(f"{path}: no such study file; `shalgai init FOLDER` writes one to start from") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise StudyError(f"{path.name}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    except IsADirectoryError:
        raise StudyError(f"{path}: is a folder; name the study file in it") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        hint = "; write / in paths, also on Windows" if "\\" in str(error) else ""
        hint = "; a key or a table is there twice" if "overwrite" in str(error) else hint
        raise StudyError(f"{path.name}: not valid TOML: {error}{hint}") from None
    return make_study(data, folder=path.resolve().parent, name=path.name)


def make_study(data: dict[str, Any], *, folder: Path, name: str = "study") -> Study:
    """Make a study from its keys and values; relative paths start from `folder`.

    Raises
    ------
    StudyError
        As `read_study`.

    Examples
    --------
    >>> study = make_study({"settlements": {"path": "villages.csv"}}, folder=Path("/data"))
    >>> study.resolve(study.settlements.path).as_posix()
    '/data/villages.csv'
    """
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        raise StudyError("\n".join(f"{name}: {_fault(fault)}" for fault in error.errors())) from None
    study._folder = folder
    return study


def study_schema() -> dict[str, Any]:
    """Return the JSON schema of a study file, for editors that complete and check TOML.

    Examples
    --------
    >>> study_schema()["required"]
    ['settlements']
    """
    return {"$schema": "http://json-schema.org/draft-07/schema#"} | Study.model_json_schema()


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each {what} needs a name of its own; given twice: {', '.join(twice)}")


_EXPECTED = {
    "string_type": "expected text in quotes",
    "path_type": "expected a path in quotes",
    "float_type": "expected a number",
    "int_type": "expected a whole number",
    "finite_number": "expected a finite number",
    "string_pattern_mismatch": "expected lower-case Latin letters, digits and _, beginning with a letter",
    "string_too_long": "expected at most {max_length} letters",
    "literal_error": "expected {expected}",
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "less_than_equal": "expected {le:g} or less",
    "too_short": "expected at least {min_length} of them, not {actual_length}",
    "too_long": "expected {max_length} of them, not {actual_length}",
    "list_type": "expected a list in [ ]",
}


def _fault(fault: Any) -> str:
    # In parentheses stand our names for the kinds of a value, in brackets pydantic's: no part of the key.
    loc = [part for part in fault["loc"] if not (isinstance(part, str) and part[:1] in ("(", "["))]
    key = ".".join(part if isinstance(part, str) else str(part + 1) for part in loc) or "the study"
    kind, value = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        return f"{key}: no such key; {_hint(loc)}"
    if kind == "missing":
        return f"{key}: missing; this key is needed"
    message = _EXPECTED.get(kind, str(fault["msg"]).removeprefix("Value error, ")).format(**fault.get("ctx", {}))
    if kind in ("model_type", "dict_type"):
        message = f"expected a table: [{key}] on a line of its own, its keys below"
    elif kind == "list_type" and loc[-1] in ("tiers", "seasons", "indicators", "supplies"):
        message = f"expected [[{key}]], with two brackets on each side, for each of them"
    return f"{key}: {message}" if isinstance(value, dict | list) else f"{key} = {_shown(value)}: {message}"


def _shown(value: object) -> str:
    """Write a value as TOML does, or nearly."""
    return str(value).lower() if isinstance(value, bool) else repr(str(value) if isinstance(value, Path) else value)


def _hint(loc: list[str | int]) -> str:
    key, known = str(loc[-1]), _keys_beside(tuple(loc))
    if len(loc) > 1 and key in ("title", "language", "notes"):
        return f"{key} belongs at the top of the file, above the first line in [ ]"
    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


def _keys_beside(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that are known where an unknown one was found, by walking the models."""
    model: Any = Study
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model is not None else None
        model = _model_in(field.annotation) if field is not None else None
    return sorted(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
