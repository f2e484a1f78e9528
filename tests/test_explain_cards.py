"""The card of a settlement: points that add up as printed, changes that hold as printed, a page that is safe."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from certainty_tools import HOSTILE, places, write_study
from hypothesis import given
from hypothesis import strategies as st
from study_tools import call

from gis.explain import cards, explain
from gis.pipeline import compute
from gis.publish.card import apportioned, card_text
from gis.publish.words import number, words
from gis.study import read_study

LANGUAGES = ["en", "ru", "kk"]
VILLAGES = places()["settlement_id"].tolist()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for language in LANGUAGES:
        study = write_study(tmp_path_factory.mktemp(language), language=language, more="[certainty]\ndraws = 60")
        done = call("run", study)
        assert done.code == 0, done.err
        folders[language] = study.parent / "results"
    return folders


@given(st.lists(st.floats(0, 50), min_size=1, max_size=12), st.integers(0, 4))
def test_rounded_parts_sum_to_the_rounded_total(values: list[float], digits: int) -> None:
    parts, whole = apportioned(values, sum(values), digits)
    assert sum(parts) == whole
    assert whole / 10**digits == pytest.approx(sum(values), abs=0.51 / 10**digits)
    for part, value in zip(parts, values, strict=True):
        assert part / 10**digits == pytest.approx(value, abs=1.01 / 10**digits)


def decimal(text: str) -> Decimal:
    return Decimal(text.replace("\u00a0", "").replace(",", "."))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("village", VILLAGES)
def test_printed_points_sum_to_the_printed_index(results: dict[str, Path], language: str, village: str) -> None:
    card = explain(results[language], village)
    points = [decimal(found) for found in re.findall(r"^ {4} *([\d,.]+)  ", card, flags=re.MULTILINE)]
    total = re.search(r"^  = +([\d,.]+)  ", card, flags=re.MULTILINE)
    assert total is not None
    assert len(points) == 3
    assert sum(points) == decimal(total[1])
    label = words(language)["column.viability"]
    assert re.search(rf"^  {re.escape(label)}: {re.escape(total[1])};", card, flags=re.MULTILINE)


@pytest.mark.parametrize("village", VILLAGES)
def test_the_points_in_json_sum_as_they_stand(results: dict[str, Path], village: str) -> None:
    done = call("explain", results["kk"], village, "--json")
    assert done.code == 0
    (card,) = json.loads(done.out, parse_float=Decimal)
    total = card["viability"]["points_total"]
    assert sum(row["points"] for row in card["indicators"]) == total
    assert abs(total - card["viability"]["value"]) <= Decimal("0.00005")
    assert sum(row["points_printed"] for row in card["indicators"]) == card["points_total_printed"]
    assert card["settlement_id"] == village
    classed = card["potential"] in ("high", "medium", "low")
    assert sum(card["probabilities"].values()) == (pytest.approx(1) if classed else 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_left_untranslated(results: dict[str, Path], language: str) -> None:
    for village in VILLAGES:
        card = explain(results[language], village)
        assert "{" not in card
        assert "_" not in card
        assert "nan" not in card.lower()
        if language != "en":
            latin = set(re.findall(r"\b[a-z]{4,}\b", card.replace(HOSTILE, "")))
            assert latin <= {"water"}, "but for the study's own indicator"


def test_the_card_says_route_season_doubt_and_changes(results: dict[str, Path]) -> None:
    card = explain(results["en"], "p10")
    assert re.search(r"slowest part: track \(unpaved\), [\d.]+ km at \d+ km/h, \d+ min", card)
    assert re.search(r"made of: .*primary \(paved\)", card)
    assert re.search(r"winter: \d+ min \(\+\d+\)", card), "the track is slower in winter"
    assert re.search(r"a paved road would save \d+ min", card)
    assert re.search(r"in 90 % of 60 draws [\d.]+ to [\d.]+; rank \d+ of 12, \d+ to \d+", card)
    assert re.search(r"In 60 draws: High \d+ %, Medium \d+ %, Low \d+ %; the class is (not )?stable", card)
    paved = re.search(
        r"lift it to \w+ \((\d+\.\d) or more\):\n +A paved road: −\d+ min \(.+\), viability ([\d.]+)"
        r"(, not enough alone)?; \w+ or better in \d+ % of draws",
        card,
    )
    assert paved is not None
    assert (float(paved[2]) < float(paved[1])) == (paved[3] is not None)


def test_seasons_that_take_as_long_are_said_together(results: dict[str, Path]) -> None:
    _, (card,) = cards(results["en"], "p10")
    journey = next(one for one in card["journeys"] if one["minutes"])
    longer = journey["minutes"] + 20
    journey["seasons"] = {"mud": None, "winter": longer, "spring": journey["minutes"], "flood": None, "rain": longer}
    said = [line.strip() for line in card_text(card, "en").splitlines()]
    minutes = f"{number(longer, 'en')} min (+20)"
    assert {f"mud, flood: {words('en')['class.unreachable']}", f"winter, rain: {minutes}"} <= set(said)


def test_a_paved_road_that_does_not_lift_is_said_to_be_too_little(results: dict[str, Path]) -> None:
    said = {}
    for village in VILLAGES:
        _, (card,) = cards(results["ru"], village)
        text = explain(results["ru"], village)
        for change in card["changes"]:
            if change["indicator"] == "paved_road":
                said[village] = ("этого мало" in text) == (change["viability"] < card["next_limit"])
    assert said
    assert all(said.values())
    assert "этого мало" in "".join(explain(results["ru"], village) for village in said)


def test_centres_are_called_in_the_language_of_the_study(tmp_path: Path) -> None:
    named = places().assign(name_ru=None)
    named.loc[0, "name_ru"] = "Город"
    study = write_study(tmp_path, language="ru", table=named, more="[certainty]\ndraws = 0")
    assert call("run", study).code == 0
    _, (card,) = cards(study.parent / "results", "p08")
    assert {journey["centre_name"] for journey in card["journeys"]} == {"Город", "Ауыл 4"}


def test_nobody_is_told_to_change_the_climate(tmp_path: Path) -> None:
    table = places().assign(heating_degree_days=range(4000, 4000 + 100 * len(places()), 100), lessons=[0, 9] * 6)
    more = "[certainty]\ndraws = 0\n"
    for column, direction in (("heating_degree_days", -1), ("lessons", 1)):
        more += f'[[indicators]]\nname = "{column}"\nblock = "life"\ncolumn = "{column}"\n'
        more += f"direction = {direction}\nweight = 9\n"
    changes = compute(read_study(write_study(tmp_path, table=table, more=more))).cards["changes"]
    assert "lessons" in set(changes["indicator"])
    assert "heating_degree_days" not in set(changes["indicator"])


def test_what_is_missing_is_named(results: dict[str, Path]) -> None:
    card = explain(results["en"], "p02")
    assert "Missing, their weight is carried by the others: water" in card
    assert re.search(r"^ +0\.0  water: No data$", card, flags=re.MULTILINE)
    assert "Missing, their" not in explain(results["en"], "p03")


def test_an_empty_village_has_no_chances_and_no_changes(results: dict[str, Path]) -> None:
    _, (card,) = cards(results["en"], "p05")
    assert card["potential"] == "uninhabited"
    assert card["probabilities"] == {}
    assert card["next_potential"] is None
    assert "would lift" not in explain(results["en"], "p05")


def test_the_values_as_printed_lift_the_settlement(results: dict[str, Path], tmp_path: Path) -> None:
    columns = {"water": "water", "Number of residents": "population"}
    tried = []
    for village in VILLAGES:
        _, (card,) = cards(results["en"], village)
        for name, value in re.findall(r"^    ([\w ]+): \S+ → ([\d,.]+)", explain(results["en"], village), re.MULTILINE):
            if name not in columns or len(tried) >= 6:
                continue
            table = places().set_index("settlement_id")
            table.loc[village, columns[name]] = float(value.replace(",", ""))
            folder = tmp_path / village / columns[name]
            study = write_study(folder, table=table.reset_index(), more="[certainty]\ndraws = 0")
            after = compute(read_study(study)).settlements.loc[village, "potential"]
            assert after == card["next_potential"] != card["potential"]
            tried.append(name)
    assert set(tried) == set(columns)


class Page(HTMLParser):
    """What a browser would make of a page: its tags, its text, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href") or name.startswith("on")]
        if tag not in ("meta", "br", "!doctype"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_holds_hostile_names_as_text_and_loads_nothing(
    results: dict[str, Path], tmp_path: Path, language: str
) -> None:
    file = tmp_path / "card.html"
    done = call("explain", results[language], "p06", "--html", file)
    assert done.code == 0
    assert done.out == ""
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert page.loads == []
    assert "url(" not in text
    assert "@import" not in text
    assert HOSTILE in page.text
    assert "Sure & <b>unsure</b>" in page.text
    assert f'<html lang="{language}">' in text
    assert "@media print" in text


def test_the_page_says_what_the_text_says(results: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "card.html"
    done = call("explain", results["en"], "p10", "--html", file, "--json")
    assert json.loads(done.out)[0]["settlement_id"] == "p10"
    page = " ".join(Page(file.read_text(encoding="utf-8")).text.split())
    for line in explain(results["en"], "p10").splitlines()[1:]:
        for part in re.split(r": |  +", line.strip(" =").removesuffix(":")):
            assert " ".join(part.split()) in page, part


def test_settlements_of_one_name_share_a_page(tmp_path: Path) -> None:
    table = places()
    table.loc[[1, 2], "name"] = "Twin"
    study = write_study(tmp_path, table=table, more="[certainty]\ndraws = 0")
    assert call("run", study).code == 0
    file = tmp_path / "cards.html"
    assert call("explain", tmp_path / "results", "twin", "--html", file).code == 0
    assert file.read_text(encoding="utf-8").count("<article>") == 2
    text = explain(tmp_path / "results", "twin")
    assert "draws" not in text, "nothing was drawn"
    assert re.search(r"; rank \d+ of 12$", text, flags=re.MULTILINE)


def test_a_page_that_cannot_be_written_is_an_error_with_its_name(results: dict[str, Path], tmp_path: Path) -> None:
    done = call("explain", results["en"], "p06", "--html", tmp_path / "no" / "such" / "card.html")
    assert done.code == 1
    assert "card.html: cannot be written" in done.err
    assert "Traceback" not in done.err
