import csv
import inspect
import re
from importlib.resources import files
from string import Formatter
from typing import get_args

import pytest

import gis.publish
from gis import fields as f
from gis.publish import palette
from gis.publish.words import LANGUAGES, bin_labels, class_name, column_label, words
from gis.study_rules import Indicator

ROWS = list(csv.DictReader(files("gis.publish").joinpath("words.csv").read_text("utf-8").splitlines()))
SOURCE = "\n".join(
    p.read_text("utf-8")
    for folder in (files("gis.publish"), files("gis.publish").joinpath("templates"))
    for p in sorted(folder.iterdir(), key=str)
    if p.name.endswith((".py", ".jinja"))
)  # fmt: skip
SCRIPT = "\n".join(p.read_text("utf-8") for p in files("gis.publish").joinpath("templates").iterdir())
FAMILIES = (
    *("climate", "tier", "remoteness", "indicator", "layer", "season"),
    *("typology", "criterion", "comparison", "answer", "among", "weighting", "assumption", "block"),
    *("transform", "normalise", "missing", "run"),
)
"""Looked up by the ids of presets, tables and studies, with the id itself where there is no message."""


def columns_of_the_program():
    constants = {v for k, v in vars(f).items() if k.isupper() and isinstance(v, str)} - set(f.POTENTIALS)
    made = {
        name(x)
        for name, x in [
            *((g, "town") for g in (f.travel_time_min, f.distance_km, f.centre)),
            *((g, "town") for g in (f.months_cut_off, f.worst_month, f.seasonality)),
            (f.contribution, "people"),
            *((f.probability, p) for p in f.POTENTIALS),
            *((g, m) for g in (f.temperature_c, f.precipitation_mm) for m in range(1, 13)),
        ]
    }
    return sorted(constants | made | {f.travel_time_min("town", "winter")})


def test_keys_are_unique_and_every_cell_is_filled_and_trimmed():
    keys = [row["key"] for row in ROWS]
    assert len(keys) == len(set(keys))
    for row in ROWS:
        for language in LANGUAGES:
            assert row[language], row["key"]
            assert row[language] == row[language].strip(), row["key"]


def test_placeholders_are_the_same_in_all_languages():
    for row in ROWS:
        names = {tuple(sorted(n for _, n, _, _ in Formatter().parse(row[lang]) if n)) for lang in LANGUAGES}
        assert len(names) == 1, row["key"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("column", columns_of_the_program())
def test_every_field_has_a_heading_with_its_unit(column, language):
    label = column_label(column, language)
    assert label != column
    assert "_" not in label
    assert "{" not in label
    unit = {"_km": ("km", "км"), "_min": ("min", "мин"), "_c": ("°C",), "_mm": ("mm", "мм"), "_m": ("m", "м")}
    unit["_kph"] = ("km/h", "км/ч", "км/сағ")
    for ending, ways in unit.items():
        if column.endswith(ending):
            assert label.endswith(ways), label


def test_every_class_has_a_name():
    for language in LANGUAGES:
        assert {f"potential.{p}" for p in f.POTENTIALS} <= set(words(language))
        assert {f"road.{r}" for r in palette.ROADS} <= set(words(language))
        assert len({class_name(f.POTENTIAL, p, language) for p in f.POTENTIALS}) == len(f.POTENTIALS)


def test_no_message_is_unused():
    used = set(re.findall(r'"([a-z]+\.[a-z_0-9]+)"', SOURCE))
    used |= {f"map.{name}" for name in re.findall(r"\bw(?:ords)?\.([a-z_]+)", SCRIPT)}
    used |= {f"month.{m:02d}" for m in range(1, 13)}
    used |= {f"column.{c}" for c in columns_of_the_program()}
    used |= {f"potential.{p}" for p in f.POTENTIALS} | {f"road.{r}" for r in palette.ROADS}
    used |= {"unit.min", "unit.km"}  # bin_labels takes the unit
    used |= {f"fields.{k}" for k in ("layer", "column", "meaning", "kind", "missing")}
    used |= {"column.temperature_month_c", "column.precipitation_month_mm"}
    unused = {r["key"] for r in ROWS if r["key"].split(".")[0] not in (*FAMILIES, "column")} - used
    assert not unused


def test_no_message_is_missing():
    named = set(re.findall(r'w\["([a-z]+\.[a-z_0-9]+)"\]', SOURCE))
    named |= set(re.findall(r'words\([^)]*\)\["([a-z]+\.[a-z_0-9]+)"\]', SOURCE))
    assert named
    assert named <= set(words("en"))
    from gis.publish import web_map

    page = set(web_map._LABELS) | {k.removeprefix("map.") for k in words("en") if k.startswith("map.")}
    assert set(web_map._LABELS.values()) <= set(words("en"))
    asked = set(re.findall(r"\bw\.([a-z_]+)", SCRIPT)) | set(re.findall(r"\bwords\.([a-z_]+)", SCRIPT))
    assert asked
    assert asked <= page


def test_kazakh_and_russian_are_not_english():
    for row in ROWS:
        if row["key"].startswith(("tier.", "potential.", "map.", "column.")):
            assert re.search("[а-яәіңғүұқөһ]", row["kk"].lower()), row
            assert re.search("[а-я]", row["ru"].lower()), row


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="en, ru, kk"):
        words("de")


def test_the_study_s_name_of_a_tier_wins_and_seasons_are_named():
    assert column_label("travel_time_market_town_winter_min", "en", {"market_town": "bazaar"}) == (
        "Travel time: bazaar, winter, min"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_for_each_bin(language):
    labels = bin_labels(palette.MINUTES, "min", language)
    assert len(labels) == len(palette.MINUTES_COLOURS) == len(set(labels))
    assert len(bin_labels(palette.KILOMETRES, "km", language)) == len(palette.MINUTES_COLOURS)


def test_the_folder_of_messages_is_package_data():
    assert inspect.getfile(gis.publish)
    assert files("gis.publish").joinpath("words.csv").is_file()


def test_all_that_the_tables_of_indicators_may_hold_has_a_heading():
    from gis.study_rules import Indicator

    keys = [key for key in Indicator.model_fields if key not in ("name", "goalposts")]
    for column in (*keys, "goalpost_low", "goalpost_high", "floor", f.supply("hospital_beds")):
        headings = {column_label(column, language) for language in ("en", "ru", "kk")}
        assert column not in headings
        assert len(headings) > 1, column
    assert column_label(f.supply("hospital_beds"), "en") == "Supply per person: hospital beds"


def test_all_ways_to_treat_an_indicator_have_a_name():
    for key in ("transform", "normalise", "missing"):
        options = get_args(Indicator.model_fields[key].annotation)
        assert len(options) >= 3
        assert {f"{key}.{option}" for option in options} == {one for one in words("kk") if one.startswith(f"{key}.")}
