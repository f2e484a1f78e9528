"""`shalgai explain`: why a settlement has its values, found by any of its names."""

import json
import re
import shutil
import unicodedata
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from study_tools import call, contents, write_country

from gis.errors import ShalgaiError
from gis.explain import explain, find
from gis.publish.words import words

LANGUAGES = ["en", "ru", "kk"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The results of the small country in each language."""
    folders = {}
    for language in LANGUAGES:
        study = write_country(tmp_path_factory.mktemp(language))
        study.write_text(f'language = "{language}"\n' + study.read_text(encoding="utf-8"), encoding="utf-8")
        done = call("run", study)
        assert done.code == 0, done.err
        folders[language] = study.parent / "results"
    return folders


@pytest.fixture(scope="module")
def settlements(results: dict[str, Path]) -> gpd.GeoDataFrame:
    frame = gpd.read_file(results["en"] / "results.gpkg", layer="settlements")
    return frame.set_index("settlement_id")


@pytest.mark.parametrize(
    "name",
    ["c", "Алыс", "алыс", "АЛЫС", "Далёкое", "далекое", " Far ", "fAr", unicodedata.normalize("NFD", "Далёкое")],
)
def test_every_spelling_finds_the_settlement(results: dict[str, Path], name: str) -> None:
    done = call("explain", results["en"], name)
    assert done.code == 0
    assert done.err == ""
    assert done.out.splitlines()[0] == "Алыс / Далёкое / Far [c]"


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Ақтөбе", "Aqtobe Aqtöbe Актобе Aktobe Ақ-төбе"),
        ("Қызылорда", "Qyzylorda Kyzylorda Кызылорда Qızılorda"),
        ("Жезқазған", "Jezqazgan Zhezkazgan Жезказган Zhezqazghan"),
        ("Щучинск", "Shchuchinsk щучинск"),
        ("Хромтау", "Khromtau Hromtau"),
        ("Шымкент", "Shymkent Şımkent ШЫМКЕНТ"),
        ("Байқоңыр", "Baikonyr Байконыр Bayqoñyr"),
        ("Усть-Каменогорск", "ust+kamenogorsk Ust-Kamenogorsk"),
    ],
)
def test_a_name_is_found_in_any_alphabet(known: str, typed: str) -> None:
    villages = pd.DataFrame({"name": [known, "Абай", None]}, index=["7", "8", "9"])
    for name in typed.split():
        assert find(villages, name.replace("+", " ")).index.tolist() == ["7"], name


def test_who_is_called_so_comes_before_who_sounds_so() -> None:
    villages = pd.DataFrame({"name": ["Ақтау", "Актау"]}, index=["7", "8"])
    assert find(villages, "актау").index.tolist() == ["8"]
    assert find(villages, "Aqtau").index.tolist() == ["7", "8"]
    with pytest.raises(ShalgaiError, match="no settlement"):
        find(villages, "!?")


@pytest.mark.parametrize(("name", "near"), [("Алы", "Алыс"), ("Vilge", "Village"), ("Горд", "Город")])
def test_a_misspelt_name_is_answered_with_the_nearest(results: dict[str, Path], name: str, near: str) -> None:
    done = call("explain", results["en"], name)
    assert done.code == 1
    assert f"no settlement has the name or id '{name}'; near it: " in done.err
    assert near in done.err
    assert done.out == ""


def test_a_name_like_no_other_is_answered_without_a_guess(settlements: gpd.GeoDataFrame) -> None:
    with pytest.raises(ShalgaiError, match=r"no settlement has the name or id 'qqqqqqq'$"):
        find(settlements, "qqqqqqq")


def test_of_settlements_of_one_name_each_is_explained(tmp_path: Path) -> None:
    study = write_country(tmp_path)
    places = tmp_path / "places.csv"
    places.write_text(places.read_text(encoding="utf-8").replace("Алыс", "Ауыл"), encoding="utf-8")
    assert call("run", study).code == 0
    done = call("explain", tmp_path / "results", "ауыл")
    cards = done.out.strip().split("\n\n")
    assert [card.splitlines()[0][-3:] for card in cards] == ["[b]", "[c]"]


def test_an_id_wins_over_a_name() -> None:
    frame = pd.DataFrame({"name": ["2", "1"]}, index=["1", "2"])
    assert find(frame, "1").index.tolist() == ["1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_is_in_the_language_of_the_study(results: dict[str, Path], language: str) -> None:
    card = explain(results[language], "d")
    shown = {
        "en": "Population, people: 7,000",
        "ru": "Население, чел.: 7\u00a0000",
        "kk": "Халқы, адам: 7\u00a0000",
    }
    assert shown[language] in card
    population = explain(results[language], "f").splitlines()[2]
    assert population.endswith(": " + words(language)["class.no_data"])


def test_the_card_says_what_the_results_say(results: dict[str, Path], settlements: gpd.GeoDataFrame) -> None:
    card, row = explain(results["en"], "c"), settlements.loc["c"]
    assert f"{row['travel_time_town_min']:,.0f} min, {row['distance_town_km']:,.0f} km -> Middle" in card
    assert f"Viability, 0 to 100: {row['viability']:.1f}" in card
    parts = [float(number) for number in re.findall(r"^ {4} *([\d.]+)  ", card, flags=re.MULTILINE)]
    assert parts == sorted(parts, reverse=True)
    contributions = [c for c in settlements if c.startswith("contribution_")]
    assert len(parts) == row[contributions].notna().sum()
    assert sum(parts) == pytest.approx(row["viability"], abs=0.05 * len(parts) + 0.05)
    record = json.loads((results["en"] / "run.json").read_text(encoding="utf-8"))
    for limit in record["figures"]["potential_limits"].values():
        assert f">= {limit:.1f}" in card


def test_an_unreachable_centre_and_a_tier_without_one_are_told_apart(tmp_path: Path) -> None:
    study = write_country(tmp_path)
    text = study.read_text(encoding="utf-8").replace('"roads.geojson"', '"roads.geojson"\nover_land_max_km = 1')
    capital = '[[tiers]]\nname = "capital"\nvalues = ["capital"]\n[[tiers]]\nname = "city"'
    study.write_text(text.replace('[[tiers]]\nname = "city"', capital), encoding="utf-8")
    assert call("run", study).code == 0
    lines = explain(tmp_path / "results", "f").splitlines()  # 22 km from every road
    said = {line.split(":")[0].strip(): line.split(": ")[1] for line in lines if ": " in line}
    assert said["capital"] == said["Population, people"], "unknown, as the population is"
    assert said["city"] == said["town"] != said["capital"]
    assert said["city"] == words("en")["class.unreachable"]


def test_explaining_writes_nothing(results: dict[str, Path]) -> None:
    before = contents(results["ru"])
    call("explain", results["ru"], "a")
    assert contents(results["ru"]) == before


@pytest.mark.parametrize("spoil", ["nothing there", "empty", "no record", "broken record", "broken layers", "a file"])
def test_a_folder_without_results_says_how_to_make_them(results: dict[str, Path], tmp_path: Path, spoil: str) -> None:
    folder = tmp_path / "my results"
    if spoil == "empty":
        folder.mkdir()
    elif spoil == "a file":
        folder.write_text("mine")
    elif spoil != "nothing there":
        shutil.copytree(results["en"], folder)
        if spoil == "no record":
            (folder / "run.json").unlink()
        elif spoil == "broken record":
            (folder / "run.json").write_text("{")
        else:
            (folder / "results.gpkg").write_bytes(b"SQLite format 3\x00")
    done = call("explain", folder, "a")
    assert done.code == 1
    assert f"{folder}: no results of a run here" in done.err
    assert "shalgai run" in done.err
    assert "Traceback" not in done.err
