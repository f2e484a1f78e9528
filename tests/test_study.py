"""The study file: what it takes, and what each fault in it says."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from study_tools import write_country

from gis.errors import StudyError
from gis.study import Study, demonstration, make_study, read_study, study_schema

SHORTEST = '[settlements]\npath = "villages.csv"\n'


def refusal(text: str) -> str:
    with pytest.raises(StudyError) as caught:
        make_study(tomllib.loads(text), folder=Path("/data"), name="study.toml")
    return str(caught.value)


def models(model: type[BaseModel] = Study, at: str = "") -> dict[str, type[BaseModel]]:
    """Every model of a study by the key that leads to it."""
    found = {at: model}
    for name, field in model.model_fields.items():
        for inner in inner_models(field.annotation):
            found |= models(inner, f"{at}.{name}".lstrip("."))
    return found


def inner_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in inner_models(inner)]


def smallest(model: type[BaseModel]) -> dict[str, Any]:
    """The keys that a model needs, with values that it takes."""
    values = {"name": "x", "block": "x", "column": "x", "direction": 1, "path": "x", "settlements": {"path": "x"}}
    needed = {name: values[name] for name, field in model.model_fields.items() if field.is_required()}
    return needed | ({"values": ["x"]} if "population_min" in model.model_fields else {})


def study_with(at: str, inner: dict[str, Any]) -> dict[str, Any]:
    """The shortest study with a table at a key."""
    study: dict[str, Any] = {"settlements": {"path": "villages.csv"}}
    if not at:
        return study | inner
    *above, last = at.split(".")
    table = study
    for key in above:
        table = table.setdefault(key, {})
    table[last] = [inner] if last in ("tiers", "seasons", "indicators", "supplies") else inner
    return study


KEYS = [(at, name) for at, model in models().items() for name in model.model_fields]


def test_the_walk_over_the_models_finds_every_table() -> None:
    assert {"", "settlements", "roads", "climate.temperature", "tiers", "indicators", "outputs"} <= models().keys()


@pytest.mark.parametrize("at", models(), ids=lambda at: at or "study")
def test_every_table_takes_its_needed_keys_alone(at: str) -> None:
    make_study(study_with(at, smallest(models()[at])), folder=Path("/data"))


@pytest.mark.parametrize(("at", "name"), KEYS, ids=lambda part: part or "study")
def test_every_key_refuses_a_value_of_the_wrong_type_and_is_named(at: str, name: str) -> None:
    wrong = study_with(at, smallest(models()[at]) | {name: {"no": {"such": ["thing"]}}})
    with pytest.raises(StudyError) as caught:
        make_study(wrong, folder=Path("/data"), name="study.toml")
    first = str(caught.value).splitlines()[0]
    key = re.sub(r"(tiers|seasons|indicators|supplies)(?=\.)", r"\1.1", f"{at}.{name}".lstrip("."))
    assert first.startswith(f"study.toml: {key}")
    assert "[" not in first.split(": ")[1], "pydantic's own words are no part of a key"


@pytest.mark.parametrize(("at", "name"), KEYS, ids=lambda part: part or "study")
def test_every_misspelt_key_is_refused_with_the_right_spelling(at: str, name: str) -> None:
    wrong = study_with(at, smallest(models()[at]) | {name + "x": 1})
    with pytest.raises(StudyError) as caught:
        make_study(wrong, folder=Path("/data"), name="study.toml")
    assert f"{name}x: no such key; did you mean {name!r}?" in str(caught.value)


@pytest.mark.parametrize("at", models(), ids=lambda at: at or "study")
def test_every_missing_key_is_named(at: str) -> None:
    needed = [name for name, field in models()[at].model_fields.items() if field.is_required()]
    for name in needed:
        table = {key: value for key, value in smallest(models()[at]).items() if key != name}
        data = study_with(at, table) if at else table
        with pytest.raises(StudyError, match=rf"{name}: missing; this key is needed"):
            make_study(data, folder=Path("/data"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('language = "de"\n' + SHORTEST, "language = 'de': expected 'kk', 'ru' or 'en'"),
        (SHORTEST + 'language = "ru"', "language belongs at the top of the file"),
        (SHORTEST + "[outputs]\nformat = 1", "outputs.format: no such key; known here: folder"),
        ('settlements = "a.csv"', "settlements = 'a.csv': expected a table: [settlements] on a line of its own"),
        (SHORTEST + "[settlements.columns]\nname = 3", "settlements.columns.name = 3: expected text in quotes"),
        (SHORTEST + '[roads]\npath = "r"\nnear_km = -1', "roads.near_km = -1: expected 0 or more"),
        (SHORTEST + '[roads]\npath = "r"\nnear_kph = 0', "roads.near_kph = 0: expected a number above 0"),
        (SHORTEST + '[roads]\npath = "r"\nnear_kph = "50"', "roads.near_kph = '50': expected a number"),
        (SHORTEST + '[roads]\npath = "r"\nnear_kph = true', "roads.near_kph = true: expected a number"),
        (SHORTEST + '[roads]\npath = "C:\\new"', "write / in paths"),
        (SHORTEST + "[straight]\ndetour_factor = 0.5", "straight.detour_factor = 0.5: expected 1 or more"),
        (SHORTEST + "[grid]\ncell_km = inf", "grid.cell_km = inf: expected a finite number"),
        (SHORTEST + "[climate]\nheating_base_c = nan", "climate.heating_base_c = nan: expected a finite number"),
        (SHORTEST + '[climate]\ntemperature = "t.tif"', "expected a table: [climate.temperature]"),
        (SHORTEST + '[climate.temperature]\npath = ["a", "b"]', "expected at least 12 of them, not 2"),
        (SHORTEST + "[climate.temperature]\npath = 3", "climate.temperature.path = 3: expected a path in quotes"),
        (SHORTEST + '[climate.temperature]\npath = "t"\nscale = 0', "a scale of 0 would make every value 0"),
        ("tiers = []\n" + SHORTEST, "at least one tier is needed"),
        (SHORTEST + '[tiers]\nname = "a"\nvalues = ["x"]', "expected [[tiers]], with two brackets"),
        (SHORTEST + '[[tiers]]\nname = "A b"\nvalues = ["x"]', "expected lower-case Latin letters"),
        (SHORTEST + '[[tiers]]\nname = "a"', "tier 'a' needs either values or population_min, and not both"),
        (SHORTEST + '[[tiers]]\nname = "a"\nvalues = ["x"]\npopulation_min = 1', "and not both"),
        (SHORTEST + '[[tiers]]\nname = "a"\nvalues = []', "expected at least 1"),
        (SHORTEST + 2 * '[[tiers]]\nname = "a"\npopulation_min = 1\n', "given twice: a"),
        (
            SHORTEST + '[[tiers]]\nname = "a"\nvalues = ["x"]\n[[tiers]]\nname = "b"\nvalues = ["x", "y"]',
            "a value belongs to one tier; given twice: x",
        ),
        (
            SHORTEST + '[[tiers]]\nname = "a"\npopulation_min = 5\n[[tiers]]\nname = "b"\npopulation_min = 50',
            "the tiers must go from high to low; population_min is 5, 50",
        ),
        (
            SHORTEST + '[[tiers]]\nname = "a"\nvalues = ["x"]\n[[tiers]]\nname = "b"\npopulation_min = 50',
            "the tiers must all have values, or all population_min",
        ),
        (SHORTEST + '[[seasons]]\nname = "w"\nmonths = [13]', "seasons.1.months.1 = 13: expected 12 or less"),
        (SHORTEST + '[[seasons]]\nname = "w"\nmonths = []', "expected at least 1"),
        (SHORTEST + '[[seasons]]\nname = "w"\npaved = 2', "seasons.1.paved = 2: expected 1 or less"),
        (SHORTEST + 2 * '[[seasons]]\nname = "w"\n', "each season needs a name of its own; given twice: w"),
        ("seasons = []\n" + SHORTEST, "at least one season is needed"),
        (
            SHORTEST + '[[tiers]]\nname = "a"\nvalues = ["x"]\n[[tiers]]\nname = "a_w"\nvalues = ["y"]\n'
            '[[seasons]]\nname = "s"\n[[seasons]]\nname = "w"',
            "make the column travel_time_a_w_min twice",
        ),
        ("indicators = []\n" + SHORTEST, "at least one indicator is needed"),
        (
            SHORTEST + '[[indicators]]\nname = "a"\nblock = "b"\ncolumn = "c"\ndirection = 0',
            "indicators.1.direction = 0: expected 1 or -1",
        ),
        (SHORTEST + "[blocks]\nx = -1", "blocks.x = -1: expected a number above 0"),
        (SHORTEST + '[blocks]\n"A b" = 1', "blocks.A b = 'A b': expected lower-case Latin letters"),
        (SHORTEST + '[potential]\nrule = "thresholds"', "the rule thresholds needs high and low"),
        (SHORTEST + '[potential]\nrule = "thresholds"\nhigh = 20\nlow = 50', "limit of low (50) lies above"),
        (SHORTEST + '[potential]\nrule = "thresholds"\nhigh = 200\nlow = 5', "limit of high (200) lies above 100"),
        (SHORTEST + "[potential]\nhigh = 0\nmedium = 0\nlow = 0", "must be above zero"),
        (SHORTEST + '[remoteness]\npreset = "aria"', "remoteness.preset = 'aria': expected 'kz', 'aria_plus', "),
    ],
)  # fmt: skip
def test_a_wrong_value_says_key_value_and_what_was_expected(text: str, said: str) -> None:
    message = refusal(text)
    assert said in message
    assert message.startswith("study.toml: ")
    assert "Input should" not in message, "in the program's words, not pydantic's"


def test_all_faults_are_shown_at_once_each_on_a_line() -> None:
    message = refusal('titel = "x"\n[settlements]\n[roads]\npath = "r"\nnear_km = -1\nnear_kph = "fast"\n')
    assert len(message.splitlines()) == 4
    assert all(line.startswith("study.toml: ") for line in message.splitlines())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'title = "x"\ntitle "y"\n', "study.toml: not valid TOML: .*line 2"),
        (b"", "settlements: missing"),
        ('title = "Абай"'.encode("cp1251"), "study.toml: line 1 is not UTF-8 text; save the file as UTF-8"),
        (b"# one\n# two\n# \xff\n", "line 3 is not UTF-8"),
        ('title = "Абай"'.encode("utf-16"), "not UTF-8"),
        (b'[settlements]\npath = "C:\\data\\a.csv"', "line 2.*write / in paths"),
        (b"[settlements]\npath = 'a'\npath = 'b'", "not valid TOML: .*; a key or a table is there twice"),
    ],
)
def test_a_file_that_is_not_toml_says_where(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(content)
    with pytest.raises(StudyError, match=said):
        read_study(file)


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(SHORTEST.replace("villages", "Ауылдар"), encoding="utf-8-sig")
    assert read_study(file).settlements.path == Path("Ауылдар.csv")


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no such study file; `shalgai init FOLDER` writes one"):
        read_study(tmp_path / "study.toml")
    with pytest.raises(StudyError, match="is a folder; name the study file in it"):
        read_study(tmp_path)


def test_relative_paths_start_from_the_study_file_and_absolute_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Менің зерттеуім"
    study = write_country(folder)
    monkeypatch.chdir(tmp_path)
    read = read_study(study.relative_to(tmp_path))
    assert read.resolve(read.settlements.path) == folder / "places.csv"
    assert read.resolve(tmp_path / "x") == tmp_path / "x"


def test_a_study_without_options_has_defaults_that_say_what_they_do() -> None:
    study = make_study({"settlements": {"path": "villages.csv"}}, folder=Path("/data"))
    assert study.roads is None
    assert study.straight.detour_factor >= 1
    assert [season.months for season in study.seasons] == [list(range(1, 13))]
    # The national review's classes: 1 204 of high, 5 625 of medium and 595 of low potential.
    assert (study.potential.high, study.potential.medium, study.potential.low) == (1204, 5625, 595)
    for model in models().values():
        for name, field in model.model_fields.items():
            inner = inner_models(field.annotation)
            assert field.description or inner or name == "settlements", f"{model.__name__}.{name} is not described"


def test_a_study_cannot_be_changed_after_reading() -> None:
    study = read_study(demonstration())
    with pytest.raises(ValueError, match="frozen"):
        study.title = "other"  # type: ignore[misc]


def test_the_schema_is_well_formed_and_names_every_key() -> None:
    schema = json.loads(json.dumps(study_schema(), allow_nan=False))
    assert schema["$schema"].startswith("http://json-schema.org/")
    parts = schema["$defs"] | {"Study": schema}
    for model in models().values():
        part = parts[model.__name__]
        assert set(part["properties"]) == set(model.model_fields)
        assert part["additionalProperties"] is False
        assert set(part.get("required", [])) == {n for n, f in model.model_fields.items() if f.is_required()}
    text = json.dumps(schema)
    for reference in re.findall(r'"\$ref": "#/\$defs/(\w+)"', text):
        assert reference in schema["$defs"]


def test_the_schema_knows_one_raster_file_and_twelve() -> None:
    kinds = study_schema()["$defs"]["RasterLayer"]["properties"]["path"]["oneOf"]
    assert [kind["type"] for kind in kinds] == ["string", "array"]
    months = {"path": [f"{month}.tif" for month in range(12)]}
    data = {"settlements": {"path": "a"}, "climate": {"temperature": months}}
    read = make_study(data, folder=Path("/data"))
    assert read.climate.temperature is not None
    assert read.climate.temperature.path == [Path(f"{month}.tif") for month in range(12)]


def test_a_study_survives_the_way_into_the_run_record() -> None:
    study = read_study(demonstration())
    again = make_study(study.model_dump(mode="json"), folder=study.folder)
    assert again == study
