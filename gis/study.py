"""The study file: what is asked, of which layers, by which rules."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, PrivateAttr, Tag, ValidationError, field_validator, model_validator

from gis.errors import StudyError
from gis.fields import travel_time_min
from gis.read.shipped import layers_dir
from gis.study_faults import fault_text
from gis.study_layers import (
    Climate,
    Closures,
    File,
    Land,
    Language,
    Layer,
    Model,
    Positive,
    Roads,
    Season,
    Settlements,
    Slug,
    Straight,
)  # fmt: skip
from gis.study_rules import (
    Certainty,
    GridChoice,
    IndexRule,
    Indicator,
    Outputs,
    Planning,
    PotentialRule,
    Regional,
    RemotenessRule,
    Supply,
    Support,
    Tier,
    Towns,
    Typology,
)  # fmt: skip


def _kind_of_seasons(value: object) -> str:
    if value in ("kz", "months"):
        return "(preset)"
    return "(file)" if isinstance(value, str | Path) else "(list)"


class Study(Model):
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
    """Polygons of the districts; column district (name or code). Settlements without one get the one they lie in.

    Districts of one name are told apart by the column region, or by the polygons of the regions.
    """
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
        raise StudyError("\n".join(f"{name}: {fault_text(fault, Study)}" for fault in error.errors())) from None
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
