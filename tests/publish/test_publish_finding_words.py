"""The table of findings: every warning and repair of the source is in it, in three languages, and nothing else."""

import csv
import re
from importlib.resources import files

import pytest
from finding_tools import HOLE, noted, sources

from gis.errors import Finding
from gis.outputs import repairs_table
from gis.publish.finding_words import finding_in, finding_said, messages
from gis.publish.words import LANGUAGES, words

ROWS = list(csv.DictReader(files("gis.publish").joinpath("finding_words.csv").read_text("utf-8").splitlines()))
NOTED = sorted({(code, text) for path in sources() for code, text, _ in noted(path)})
FAMILIES = ("part", "value")


def rows_for(code):
    """The keys of the table for a code; a part of it may be a hole."""
    wanted = re.compile(re.escape(code).replace(HOLE, ".+"))
    return [row for row in ROWS if wanted.fullmatch(row["key"].split("/")[0]) and "." not in row["key"]]


def says(row, text):
    """Whether a row stands for a message of the source, of which a part may be a hole."""
    pattern = re.sub(r"\\\{\w+\\\}", ".*", re.escape(row["en"]))
    plain = re.sub(r"\{\w+\}", HOLE, row["en"])
    return re.fullmatch(pattern, text, re.DOTALL) or re.fullmatch(re.escape(text).replace(HOLE, ".*"), plain, re.DOTALL)


def test_the_source_is_read_as_meant():
    assert len(NOTED) > 60
    assert ("unreachable", "settlements that reach no centre of this tier") in NOTED
    assert ("invalid-geometry", "invalid areas of water mended") in NOTED
    assert ("no-raster-value", "settlements where the raster has no value: unknown there") in NOTED


@pytest.mark.parametrize(("code", "text"), NOTED)
def test_every_finding_is_in_the_table(code, text):
    assert any(says(row, text) for row in rows_for(code)), f"add {code} to finding_words.csv: {text}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["key"].split(".")[0] not in FAMILIES], ids=lambda r: r["key"]
)
def test_no_row_is_without_use(row):
    assert any(row in rows_for(code) and says(row, text) for code, text in NOTED)


@pytest.mark.parametrize("row", [row for row in ROWS if row["key"].split(".")[0] in FAMILIES], ids=lambda r: r["key"])
def test_what_fills_a_hole_stands_in_the_source(row):
    longest = max(re.split(r"\{\w+\}", row["en"]), key=len)
    pieces = [piece for piece in re.split(r";|, |\(|(?= that )", longest) if len(piece) > 2] or [longest]
    everything = "\n".join(path.read_text("utf-8") for path in sources())
    assert all(piece.strip(" ?)") in everything for piece in pieces)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["key"])
def test_every_row_is_in_three_languages_with_the_same_holes(row):
    holes = set(re.findall(r"\{(\w+)\}", row["en"]))
    for language in LANGUAGES:
        assert row[language].strip()
        assert set(re.findall(r"\{(\w+)\}", row[language])) == holes
    assert row["ru"] != row["en"] != row["kk"] != row["ru"]
    code = row["key"].split("/")[0].split(".")[0]
    filled = re.sub(r"\{\w+\}", "7.5", row["en"])
    made = Finding("warning", code, filled)
    if code in FAMILIES:
        return
    for language in ("ru", "kk"):
        wanted = re.sub(r"\{\w+\}", "7,5", row[language])
        assert finding_in(made, language).message == wanted
    assert finding_in(made, "en") == made
    assert len({one.key for one in messages(code)}) == len(messages(code))


def test_what_fills_holes_is_put_into_the_language():
    skewed = Finding(
        "repair", "outliers", "the indicator was skewed: 3 outliers set to the next value", value="population"
    )
    assert (
        finding_said(skewed)["ru"]
        == "распределение показателя было скошено: выбросов приведено к соседнему значению: 3: Население, чел."
    )
    none = Finding("warning", "unreachable", "settlements that reach no centre of this tier", value="town")
    assert finding_said(none)["kk"].endswith(": қала")
    judged = Finding("warning", "discomfort-not-judged", "limits", value="bodman_severity, wind_chill_c")
    assert finding_in(judged, "en").value == "Severity of winter (Bodman), points, Wind chill of the coldest month, °C"
    near = Finding("warning", "tier-value", "no settlement has this value of a tier (did you mean town?)", value="twon")
    assert finding_in(near, "kk").message == "ешбір елді мекенде деңгейдің бұл мәні жоқ (town деп жазғыңыз келді ме?)"
    many = finding_in(Finding("warning", "same-place", "", value="a, b and 68 more", row="1, 2 and 68 more"), "ru")
    assert (many.value, many.row) == ("a, b и ещё 68", "1, 2 и ещё 68")


def test_what_the_table_lacks_stays_as_it_is():
    odd = Finding("warning", "of-another-time", "a message that is not ours {x} <b>", value="7 < 8")
    assert finding_said(odd) == dict.fromkeys(LANGUAGES, "a message that is not ours {x} <b>: 7 < 8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_repairs_is_in_the_language_of_the_run(language):
    found = [Finding("repair", "no-bridge", "roads cut where they cross a river without a bridge", count=3)]
    table = repairs_table(found, language)
    assert table["message"].tolist() == [finding_in(found[0], language).message]
    assert table["level"].tolist() == [words(language)["report.repair"]]
    assert table[["code", "count"]].to_numpy().tolist() == [["no-bridge", 3]]
    assert repairs_table([], language).empty
