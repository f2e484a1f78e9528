"""What the report of a run says, section by section, as texts in the study's language."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from gis import fields as f
from gis.publish import palette
from gis.publish.finding_words import finding_in
from gis.publish.pictures import write_classes_by_region
from gis.publish.report import Block, Items, Picture, Section, Table, Text
from gis.publish.report_base import NOTHING, Run, headings, place_names, places, region_name, written_day
from gis.publish.report_methods import methods, reproduce
from gis.publish.report_pictures import write_class_map, write_reach, write_region_map
from gis.publish.words import class_name, column_label, indicator_name, tier_name, words

REVIEW: Mapping[str, tuple[int, float]] = {
    f.HIGH: (1204, 1_800_000.0), f.MEDIUM: (5625, 5_200_000.0), f.LOW: (595, 189_900.0), f.UNINHABITED: (88, 0.0),
}  # fmt: skip
"""Settlements and people by potential in a national review of 7 512 rural settlements of Kazakhstan."""
MOST = 20
"""How many settlements the lists of the most remote and the least certain hold."""

_FOLDER, _BY_REGION = "report", "classes_by_region.svg"


def sections(run: Run, folder: Path) -> list[Section]:
    """Write the pictures of the report into a folder and return its sections, in order."""
    (folder / _FOLDER).mkdir(exist_ok=True)
    w = words(run.language)
    made: list[tuple[str, Callable[[Run, Path], list[Block]]]] = [
        (w["report.asked"], _asked), (w["report.data"], _data), (w["report.classes"], _classes),
        (w["report.by_region"], _by_region), (w["report.remoteness"], _remoteness),
        (w["report.most_remote"].format(number=MOST), _most_remote),
        (w["report.least_certain"].format(number=MOST), _least_certain), (w["layer.disparity"], _disparity),
        (w["layer.sensitivity"], _sensitivity), (w["report.findings"], _findings), (w["report.methods"], methods),
        (w["report.reproduce"], reproduce),
    ]  # fmt: skip
    return [Section(title, make(run, folder)) for title, make in made]


def _dated(text: str, language: str) -> str:
    """Write a day by the rules of the language; other dates (years, spans) as they are."""
    return written_day(date.fromisoformat(text), language) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _asked(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    people = run.settlements[f.POPULATION]
    counted = w["report.counted"].format(
        settlements=run.number(len(people)),
        people=run.number(people.sum()),
        unknown=run.number(int(people.isna().sum())),
    )
    rules = {tier["name"]: tier for tier in run.parameters.get("tiers") or []}
    centres = run.figures.get("centres", {})
    rows = []
    for tier in run.tiers:
        rule = rules.get(tier, {})
        least = rule.get("population_min")
        said = w["report.at_least"].format(people=run.number(least)) if least is not None else ""
        values = [tier_name(value, run.language, run.tier_names) for value in rule.get("values") or []]
        rows.append(
            [
                tier_name(tier, run.language, run.tier_names),
                ", ".join(filter(None, [*values, said])) or NOTHING,
                run.number(centres.get(tier)),
            ]
        )
    blocks: list[Block] = [Items([*run.parameters.get("notes", []), counted])]
    head = [w["column.tier"], w["report.rule"], w["layer.centres"]]
    blocks.append(Table(head, rows, numbers=1, caption=w["report.tiers"]))
    return [*blocks, *_indicators(run)]


def _indicators(run: Run) -> list[Block]:
    table = run.tables.get("indicators")
    if table is None or table.empty:
        return []
    w, lines = words(run.language), table.reset_index()
    rows = [
        [
            indicator_name(str(row["indicator"]), run.language),
            class_name("block", str(row["block"]), run.language),
            w["report.more"] if row["direction"] > 0 else w["report.nearer"],
            *(run.number(row.get(name), digits) for name, digits in (("block_weight", 2), ("weight", 2))),
            *(run.number(row.get(name), 1) for name in ("minimum", "maximum")),
        ]
        for _, row in lines.iterrows()
    ]
    names = ("indicator", "block", "direction", "block_weight", "weight", "minimum", "maximum")
    head = [w[f"column.{name}"] for name in names]
    return [Table(head, rows, numbers=4, caption=w["report.indicators"])]


def _data(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    rows = [
        [
            str(one["file"]),
            str(one.get("source") or w["report.by_study"]),
            str(one.get("licence") or w["report.by_study"]),
            str(one["sha256"]),
            _dated(str(one["date"]), run.language),
            run.number(one["bytes"]),
        ]
        for one in run.inputs
    ]
    head = [w["column.file"], w["column.source"], w["report.licence"], "SHA-256", w["report.dated"], w["report.bytes"]]
    return [Table(head, rows, numbers=2)]


def _classes(run: Run, folder: Path) -> list[Block]:
    w, groups = words(run.language), run.settlements.groupby(f.POTENTIAL, observed=False)[f.POPULATION]
    count, people = groups.size(), groups.sum(min_count=1)
    total, review = len(run.settlements), sum(n for n, _ in REVIEW.values())
    rows = []
    for name in f.POTENTIALS:
        here, theirs = int(count.get(name, 0)), REVIEW.get(name, (0, 0.0))
        known = people.get(name, 0.0) if here else 0.0
        rows.append([
            class_name(f.POTENTIAL, name, run.language), run.number(here), run.number(100 * here / max(total, 1), 1),
            run.number(known), run.number(theirs[0]), run.number(100 * theirs[0] / review, 1), run.number(theirs[1]),
        ])  # fmt: skip
    rows.append([
        w["planning.total"], run.number(total), run.number(100.0, 1), run.number(run.settlements[f.POPULATION].sum()),
        run.number(review), run.number(100.0, 1), run.number(sum(p for _, p in REVIEW.values())),
    ])  # fmt: skip
    heads = ("column.potential", "column.settlements", "report.share", "column.population")
    more = ("report.review", "report.review_share", "report.review_people")
    blocks: list[Block] = [Table([w[key] for key in (*heads, *more)], rows, numbers=6, total=True)]
    blocks.append(Text(w["report.review_text"]))
    return [*blocks, _map(run, folder, f.POTENTIAL, palette.POTENTIAL)]


def _by_region(run: Run, folder: Path) -> list[Block]:
    table = run.tables.get("regions")
    if table is None:
        return []
    w, path = words(run.language), f"{_FOLDER}/{_BY_REGION}"
    own = table.iloc[:-1]  # the last row is the total
    write_classes_by_region(folder / path, own, [region_name(run, name) for name in own[f.REGION]], run.language)
    columns = [f"settlements_{name}" for name in f.POTENTIALS]
    rows = [
        [
            region_name(run, row[f.REGION]),
            *(run.number(row[c]) for c in ("settlements", *columns)),
            run.number(row[f.POPULATION]),
        ]
        for _, row in table.iterrows()
    ]
    named = [class_name(f.POTENTIAL, name, run.language) for name in f.POTENTIALS]
    head = [w["column.region"], w["column.settlements"], *named, w["column.population"]]
    return [Table(head, rows, numbers=7, total=True), Picture(path, w["report.by_region"]), *_region_map(run, folder)]


def _region_map(run: Run, folder: Path) -> list[Block]:
    """The regions coloured by the mean viability of their settlements, where the study has their polygons."""
    polygons, table = run.below.get("regions"), run.tables["regions"].set_index(f.REGION)
    column = f"{f.VIABILITY}_mean"
    if polygons is None or column not in table:
        return []
    path, values = f"{_FOLDER}/viability_by_region.svg", table[column].reindex(polygons[f.REGION]).to_numpy(float)
    names = [region_name(run, name) for name in polygons[f.REGION]]
    write_region_map(folder / path, polygons, values, below=run.below, names=names)
    return [Picture(path, column_label(column, run.language))]


def _remoteness(run: Run, folder: Path) -> list[Block]:
    w = words(run.language)
    groups = run.settlements.groupby(run.settlements[f.REMOTENESS_CLASS].astype(object))[f.POPULATION]
    count, people = groups.size(), groups.sum(min_count=1)
    rows = [
        [
            class_name(f.REMOTENESS_CLASS, name, run.language),
            run.number(int(count.get(name, 0))),
            run.number(people.get(name, 0.0)),
        ]
        for name in run.remoteness_classes
    ]
    without = run.settlements[f.REMOTENESS_CLASS].isna()
    if without.any():
        population = run.settlements.loc[without, f.POPULATION]
        rows.append([w["class.no_data"], run.number(int(without.sum())), run.number(population.sum())])
    rows.append(
        [w["planning.total"], run.number(len(run.settlements)), run.number(run.settlements[f.POPULATION].sum())]
    )
    head = [w["column.remoteness_class"], w["column.settlements"], w["column.population"]]
    reach = f"{_FOLDER}/reach.svg"
    write_reach(folder / reach, run.settlements, run.tiers, run.language, run.tier_names)
    return [
        Table(head, rows, numbers=2, total=True),
        _map(run, folder, f.REMOTENESS_CLASS, palette.remoteness_colours(run.remoteness_classes)),
        Picture(reach, w["report.reach"]),
    ]


def _most_remote(run: Run, _: Path) -> list[Block]:
    known = run.settlements[run.settlements[f.REMOTENESS].notna()]
    cut_off = np.isinf(known[[f.travel_time_min(tier) for tier in run.tiers]]).all(axis=1)
    apart, known = known[cut_off], known[~cut_off]
    top = known.sort_index().sort_values(f.REMOTENESS, ascending=False, kind="stable").head(MOST)
    minutes = [f.travel_time_min(tier) for tier in run.tiers]
    rows = [
        [*place, class_name(f.POTENTIAL, str(row[f.POTENTIAL]), run.language), run.number(row[f.POPULATION]),
         run.number(row[f.REMOTENESS], 1), *(run.number(row[c]) for c in minutes)]
        for place, (_, row) in zip(places(run, top), top.iterrows(), strict=True)
    ]  # fmt: skip
    columns = [f.NAME, f.REGION, f.POTENTIAL, f.POPULATION, f.REMOTENESS, *minutes]
    listed = [Table(headings(run, columns), rows, numbers=2 + len(minutes))] if rows else []
    return [*([Text(_cut_off(run, apart))] if len(apart) else []), *listed]


def _cut_off(run: Run, settlements: pd.DataFrame) -> str:
    """Say which settlements reach no centre: all their minutes are alike, a list of them says nothing else."""
    first = settlements.sort_index().sort_values(f.POPULATION, ascending=False, kind="stable").head(MOST)
    names = ", ".join(place_names(run, first)) + (" ..." if len(settlements) > MOST else "")
    number, people = run.number(len(settlements)), run.number(settlements[f.POPULATION].sum())
    return words(run.language)["report.cut_off"].format(number=number, people=people, names=names)


def _least_certain(run: Run, _: Path) -> list[Block]:
    columns = [f.probability(name) for name in f.POTENTIALS if f.probability(name) in run.settlements]
    if not columns or f.VIABILITY_P05 not in run.settlements:
        return []
    w = words(run.language)
    own = pd.Series(np.nan, index=run.settlements.index)
    for column in columns:
        mine = run.settlements[f.POTENTIAL] == column.removeprefix("probability_")
        own[mine] = run.settlements.loc[mine, column]
    top = run.settlements.assign(own=own)[own.notna()].sort_index().sort_values("own", kind="stable").head(MOST)
    rows = [
        [*place, class_name(f.POTENTIAL, str(row[f.POTENTIAL]), run.language), run.number(100 * row["own"]),
         run.number(row[f.VIABILITY], 1),
         " – ".join(run.number(row[c], 1) for c in (f.VIABILITY_P05, f.VIABILITY_P95))]
        for place, (_, row) in zip(places(run, top), top.iterrows(), strict=True)
    ]  # fmt: skip
    head = [
        *headings(run, [f.NAME, f.REGION, f.POTENTIAL]),
        w["report.probability"],
        w["column.viability"],
        w["report.range"],
    ]
    drawn = run.figures.get("certainty", {})
    draws = w["report.draws"].format(draws=run.number(drawn.get("draws")), unstable=run.number(drawn.get("not_stable")))
    value, low, high = (top[c] for c in (f.VIABILITY, f.VIABILITY_P05, f.VIABILITY_P95))
    outside = [Text(w["report.outside"])] if ((value < low) | (value > high)).any() else []
    return [Text(draws), Table(head, rows, numbers=3), *outside] if rows else []


def _disparity(run: Run, folder: Path) -> list[Block]:
    blocks: list[Block] = []
    table = run.tables.get("disparity")
    if table is not None:
        measures = ["smallest", "largest", "max_min_ratio", "gini", "theil", "hoover", "williamson"]
        rows = [
            [column_label(str(row["column"]), run.language, run.tier_names),
             *(class_name(c, str(row[c]), run.language) for c in ("among", "weighting")),
             *(run.number(row[c], 1 if i < 3 else 3) for i, c in enumerate(measures))]
            for _, row in table.iterrows()
        ]  # fmt: skip
        head = headings(run, ["value", "among", "weighting", *measures])
        blocks.append(Table(head, rows, numbers=len(measures)))
    w = words(run.language)
    for name, caption in (("lorenz", w["layer.lorenz"]), ("ranking", w["layer.ranking"])):
        if (folder / f"{name}.svg").exists():
            blocks.append(Picture(f"{name}.svg", caption, narrow=name == "lorenz"))
    return blocks


def _sensitivity(run: Run, _: Path) -> list[Block]:
    table = run.tables.get("sensitivity")
    if table is None:
        return []
    measures = ["alternatives", "rank_change", "first_order", "total"]
    rows = [
        [class_name("assumption", str(row["assumption"]), run.language), *(run.number(row[c], d) for c, d in zip(
            measures, (0, 1, 3, 3), strict=True))]
        for _, row in table.reset_index().iterrows()
    ]  # fmt: skip
    return [Table(headings(run, ["assumption", *measures]), rows, numbers=len(measures))]


def _findings(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    levels = {"error": w["report.error"], "warning": w["report.warning"], "repair": w["report.repair"]}
    if not run.findings:
        return [Text(w["report.no_findings"])]
    told = [finding_in(one, run.language) for one in run.findings]
    where = [" · ".join(filter(None, [one.file, one.layer, one.row, one.value])) for one in told]
    rows = [
        [levels[one.level], one.message, place or NOTHING, one.code, run.number(one.count)]
        for one, place in zip(told, where, strict=True)
    ]
    rows.append([w["planning.total"], "", "", "", run.number(sum(one.count for one in run.findings))])
    head = [w["column.level"], w["column.message"], w["column.value"], w["column.code"], w["column.count"]]
    return [Table(head, rows, numbers=1, total=True)]


def _map(run: Run, folder: Path, column: str, colours: Mapping[str, str]) -> Picture:
    path = f"{_FOLDER}/{column}.svg"
    write_class_map(
        folder / path, run.settlements, column, colours, below=run.below, names=place_names(run, run.settlements),
        language=run.language,
    )  # fmt: skip
    return Picture(path, column_label(column, run.language))
