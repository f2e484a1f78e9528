"""The layers that a study can name: files, their columns, and what holds on the roads and over land."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

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


class Model(BaseModel):
    """What all parts of a study share: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Layer(Model):
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
    """The speed over land, where no land cover says it: 5 is walking, 10 to 20 a car on the steppe."""
    over_land_max_km: NotNegative = 50.0
    """How far from every road and centre land is still travelled; a settlement beyond is unreachable."""


class Straight(Model):
    """How journeys are estimated where the study has no roads."""

    detour_factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.4
    """How much longer the way is than the straight line."""
    speed_kph: Positive = 50.0
    """The speed on it."""


class RasterLayer(Model):
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


class Climate(Model):
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


class LandCover(Model):
    """Land cover, and how fast one walks through it."""

    path: Path
    """A raster of classes."""
    speeds: Path | None = None
    """CSV of code, land_cover and speed_kph (0: no way through); without it `land_cover.csv`, with the IGBP's codes."""


class Land(Model):
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


class Season(Model):
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


class Closures(Model):
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
