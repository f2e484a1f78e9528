"""What the report of a run says, section by section, as texts in the study's language."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis import fields as f
from gis.errors import Finding
from gis.publish import palette
from gis.publish.report import Block, Code, Items, Picture, Section, Table, Text
from gis.publish.report_pictures import write_class_map, write_reach
from gis.publish.words import CLASSES, class_name, column_label, indicator_name, number, tier_name, words

REVIEW: Mapping[str, tuple[int, float]] = {
    f.HIGH: (1204, 1_800_000.0), f.MEDIUM: (5625, 5_200_000.0), f.LOW: (595, 189_900.0), f.UNINHABITED: (88, 0.0),
}  # fmt: skip
"""Settlements and people by potential in a national review of 7 512 rural settlements of Kazakhstan."""
MOST = 20
"""How many settlements the lists of the most remote and the least certain hold."""

_FOLDER = "report"
_NOTHING = "–"
_RULES: Mapping[str, tuple[str, str]] = {
    "aria_plus": ("Σ min(3, d / mean d), tiers A–E; 0–15 → 0–100", "ARIA+, University of Adelaide"),
    "cari_plus": ("Σ min(3, d / mean d) / 18, tiers A–F", "CARI+, University of Adelaide"),
    "far": ("levels 1–4: 60, 45, 30, 15 min", "USDA Economic Research Service, FAR codes"),
    "nz_ua": ("drive time to urban areas: 15, 25, 60, 120 min", "Stats NZ, urban accessibility"),
    "statcan_ir": ("ln Σ P / cost, min–max", "Statistics Canada, Index of Remoteness"),
    "gravity": ("Σ P · f(t)", "Hansen 1959"),
    "kz": ("Σ weight · min(1, t / cap) / Σ weight · 100", "weights and caps: remoteness_kz.csv"),
}


@dataclass(frozen=True)
class Run:
    """What the report is made from.

    Parameters
    ----------
    settlements
        With every column of the results.
    tables
        The planner's and the others, by name.
    below
        `land`, `water`, `regions`, `roads` for the maps, where the study has them.
    findings
        Everything that was warned of and repaired.
    inputs
        For each file: `file`, `bytes`, `sha256`, `date`, and `source` and `licence` where they are known.
    parameters
        The study as plain values.
    settings
        What the study sets, a line for each key.
    tiers
        In order.
    tier_names
        Names that the study gave.
    remoteness_classes
        The nearest first.
    figures, versions
        As in the record of the run.
    language
        `en`, `ru` or `kk`.
    day, program
        When it was made, and by what.
    """

    settlements: gpd.GeoDataFrame
    tables: Mapping[str, pd.DataFrame]
    below: Mapping[str, gpd.GeoDataFrame | None]
    findings: Sequence[Finding]
    inputs: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    settings: Sequence[str]
    tiers: Sequence[str]
    tier_names: Mapping[str, str]
    remoteness_classes: Sequence[str]
    figures: Mapping[str, Any]
    versions: Mapping[str, str]
    language: str
    day: date
    program: str


def sections(run: Run, folder: Path) -> list[Section]:
    """Write the pictures of the report into a folder and return its sections, in order."""
    (folder / _FOLDER).mkdir(exist_ok=True)
    w = words(run.language)
    made: list[tuple[str, Callable[[Run, Path], list[Block]]]] = [
        (w["report.asked"], _asked), (w["report.data"], _data), (w["report.classes"], _classes),
        (w["report.by_region"], _by_region), (w["report.remoteness"], _remoteness),
        (w["report.most_remote"].format(number=MOST), _most_remote),
        (w["report.least_certain"].format(number=MOST), _least_certain), (w["layer.disparity"], _disparity),
        (w["layer.sensitivity"], _sensitivity), (w["report.findings"], _findings), (w["report.methods"], _methods),
        (w["report.reproduce"], _reproduce),
    ]  # fmt: skip
    return [Section(title, make(run, folder)) for title, make in made]


def written_day(day: date, language: str) -> str:
    """Write a date by the rules of a language.

    Examples
    --------
    >>> written_day(date(2026, 3, 1), "en"), written_day(date(2026, 3, 1), "kk")
    ('1 March 2026', '01.03.2026')
    """
    if language == "en":
        return f"{day.day} {words(language)[f'month.{day.month:02d}']} {day.year}"
    return f"{day:%d.%m.%Y}"


def _dated(text: str, language: str) -> str:
    """Write a day by the rules of the language; other dates (years, spans) as they are."""
    return written_day(date.fromisoformat(text), language) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _asked(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    people = run.settlements[f.POPULATION]
    counted = w["report.counted"].format(
        settlements=_n(run, len(people)), people=_n(run, people.sum()), unknown=_n(run, int(people.isna().sum()))
    )
    rules = {tier["name"]: tier for tier in run.parameters.get("tiers") or []}
    centres = run.figures.get("centres", {})
    rows = []
    for tier in run.tiers:
        rule = rules.get(tier, {})
        least = rule.get("population_min")
        said = w["report.at_least"].format(people=_n(run, least)) if least is not None else ""
        values = [tier_name(value, run.language, run.tier_names) for value in rule.get("values") or []]
        rows.append(
            [_tier(run, tier), ", ".join(filter(None, [*values, said])) or _NOTHING, _n(run, centres.get(tier))]
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
            str(row["block"]).replace("_", " "),
            w["report.more"] if row["direction"] > 0 else w["report.nearer"],
            *(_n(run, row.get(name), digits) for name, digits in (("block_weight", 2), ("weight", 2))),
            *(_n(run, row.get(name), 1) for name in ("minimum", "maximum")),
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
            _n(run, one["bytes"]),
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
            class_name(f.POTENTIAL, name, run.language), _n(run, here), _n(run, 100 * here / max(total, 1), 1),
            _n(run, known), _n(run, theirs[0]), _n(run, 100 * theirs[0] / review, 1), _n(run, theirs[1]),
        ])  # fmt: skip
    rows.append([
        w["planning.total"], _n(run, total), _n(run, 100.0, 1), _n(run, run.settlements[f.POPULATION].sum()),
        _n(run, review), _n(run, 100.0, 1), _n(run, sum(p for _, p in REVIEW.values())),
    ])  # fmt: skip
    heads = ("column.potential", "column.settlements", "report.share", "column.population")
    more = ("report.review", "report.review_share", "report.review_people")
    blocks: list[Block] = [Table([w[key] for key in (*heads, *more)], rows, numbers=6, total=True)]
    blocks.append(Text(w["report.review_text"]))
    return [*blocks, _map(run, folder, f.POTENTIAL, palette.POTENTIAL)]


def _by_region(run: Run, _: Path) -> list[Block]:
    table = run.tables.get("regions")
    if table is None:
        return []
    w = words(run.language)
    columns = [f"settlements_{name}" for name in f.POTENTIALS]
    rows = [
        [str(row[f.REGION]), *(_n(run, row[c]) for c in ("settlements", *columns)), _n(run, row[f.POPULATION])]
        for _, row in table.iterrows()
    ]
    named = [class_name(f.POTENTIAL, name, run.language) for name in f.POTENTIALS]
    head = [w["column.region"], w["column.settlements"], *named, w["column.population"]]
    return [Table(head, rows, numbers=7, total=True)]


def _remoteness(run: Run, folder: Path) -> list[Block]:
    w = words(run.language)
    groups = run.settlements.groupby(run.settlements[f.REMOTENESS_CLASS].astype(object))[f.POPULATION]
    count, people = groups.size(), groups.sum(min_count=1)
    rows = [
        [
            class_name(f.REMOTENESS_CLASS, name, run.language),
            _n(run, int(count.get(name, 0))),
            _n(run, people.get(name, 0.0)),
        ]
        for name in run.remoteness_classes
    ]
    without = run.settlements[f.REMOTENESS_CLASS].isna()
    if without.any():
        population = run.settlements.loc[without, f.POPULATION]
        rows.append([w["class.no_data"], _n(run, int(without.sum())), _n(run, population.sum())])
    rows.append([w["planning.total"], _n(run, len(run.settlements)), _n(run, run.settlements[f.POPULATION].sum())])
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
    top = known.sort_index().sort_values(f.REMOTENESS, ascending=False, kind="stable").head(MOST)
    minutes = [f.travel_time_min(tier) for tier in run.tiers]
    rows = [
        [*place, class_name(f.POTENTIAL, str(row[f.POTENTIAL]), run.language), _n(run, row[f.POPULATION]),
         _n(run, row[f.REMOTENESS], 1), *(_n(run, row[c]) for c in minutes)]
        for place, (_, row) in zip(_places(run, top), top.iterrows(), strict=True)
    ]  # fmt: skip
    columns = [f.NAME, f.REGION, f.POTENTIAL, f.POPULATION, f.REMOTENESS, *minutes]
    return [Table(_heads(run, columns), rows, numbers=2 + len(minutes))] if rows else []


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
        [*place, class_name(f.POTENTIAL, str(row[f.POTENTIAL]), run.language), _n(run, 100 * row["own"]),
         _n(run, row[f.VIABILITY], 1), f"{_n(run, row[f.VIABILITY_P05], 1)} – {_n(run, row[f.VIABILITY_P95], 1)}"]
        for place, (_, row) in zip(_places(run, top), top.iterrows(), strict=True)
    ]  # fmt: skip
    head = [
        *_heads(run, [f.NAME, f.REGION, f.POTENTIAL]),
        w["report.probability"],
        w["column.viability"],
        w["report.range"],
    ]
    drawn = run.figures.get("certainty", {})
    draws = w["report.draws"].format(draws=_n(run, drawn.get("draws")), unstable=_n(run, drawn.get("not_stable")))
    return [Text(draws), Table(head, rows, numbers=3)] if rows else []


def _disparity(run: Run, folder: Path) -> list[Block]:
    blocks: list[Block] = []
    table = run.tables.get("disparity")
    if table is not None:
        measures = ["smallest", "largest", "max_min_ratio", "gini", "theil", "hoover", "williamson"]
        rows = [
            [column_label(str(row["column"]), run.language, run.tier_names),
             *(class_name(c, str(row[c]), run.language) for c in ("among", "weighting")),
             *(_n(run, row[c], 1 if i < 3 else 3) for i, c in enumerate(measures))]
            for _, row in table.iterrows()
        ]  # fmt: skip
        head = _heads(run, ["value", "among", "weighting", *measures])
        blocks.append(Table(head, rows, numbers=len(measures)))
    w = words(run.language)
    for name, caption in (("lorenz", w["layer.lorenz"]), ("ranking", w["layer.ranking"])):
        if (folder / f"{name}.svg").exists():
            blocks.append(Picture(f"{name}.svg", caption))
    return blocks


def _sensitivity(run: Run, _: Path) -> list[Block]:
    table = run.tables.get("sensitivity")
    if table is None:
        return []
    measures = ["alternatives", "rank_change", "first_order", "total"]
    rows = [
        [class_or_plain("assumption", row["assumption"], run.language), *(_n(run, row[c], d) for c, d in zip(
            measures, (0, 1, 3, 3), strict=True))]
        for _, row in table.reset_index().iterrows()
    ]  # fmt: skip
    return [Table(_heads(run, ["assumption", *measures]), rows, numbers=len(measures))]


def class_or_plain(column: str, value: object, language: str) -> str:
    """Name a class where its column has names, else write its id with blanks.

    Examples
    --------
    >>> class_or_plain("potential", "low", "en"), class_or_plain("assumption", "road_speeds", "en")
    ('Low', 'Road speeds')
    """
    return class_name(column, str(value), language) if column in CLASSES else str(value).replace("_", " ").capitalize()


def _findings(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    levels = {"error": w["report.error"], "warning": w["report.warning"], "repair": w["report.repair"]}
    if not run.findings:
        return [Text(w["report.no_findings"])]
    where = [" · ".join(filter(None, [one.file, one.layer, one.row, one.value])) for one in run.findings]
    rows = [
        [levels[one.level], one.message, place or _NOTHING, one.code, _n(run, one.count)]
        for one, place in zip(run.findings, where, strict=True)
    ]
    rows.append([w["planning.total"], "", "", "", _n(run, sum(one.count for one in run.findings))])
    head = [w["column.level"], w["column.message"], w["column.value"], w["column.code"], w["column.count"]]
    return [Table(head, rows, numbers=1, total=True)]


def _methods(run: Run, _: Path) -> list[Block]:
    w, parameters = words(run.language), run.parameters
    preset = parameters["remoteness"]["preset"]
    climate = "HDD = Σ days · max(0, base − T); De Martonne P / (T + 10)"
    straight = parameters.get("straight", {})
    by_road = parameters.get("roads") is not None
    journeys = (
        (w["method.journeys"], "t = Σ length / (speed · surface · season)", "speeds.csv, surfaces.csv; Dijkstra 1959")
        if by_road
        else (
            w["method.straight"],
            f"t = {straight.get('detour_factor')} · d / {straight.get('speed_kph')} km/h",
            "study",
        )
    )
    rows = [
        (w["method.lengths"], "WGS 84", "Karney 2013; PROJ"),
        journeys,
        (w["method.surface"], "t = Σ distance · mean friction, 8 neighbours (≤ +8.24 %)", "after gdistance, r.cost"),
        (f"{w['method.remoteness']}: {preset}", *_RULES[preset]),
        (w["method.climate"], climate, "De Martonne 1926"),
        (w["method.normalised"], "z = (x − min) / (max − min)", "OECD, JRC 2008"),
        (w["method.viability"], "100 · Σ w z / Σ w", "OECD, JRC 2008"),
        (w["method.potential"], _potential_rule(parameters["potential"]), "national review of 7 512 settlements"),
        (w["method.certainty"], "S = V(E(Y|X)) / V(Y); S_T = E(V(Y|X₋)) / V(Y)", "Saltelli et al. 2010; Jansen 1999"),
        (w["method.disparity"], "Gini; T = Σ s ln(N s); H = ½ Σ |x/X − p/P|; W = √(Σ (y − ȳ)² p/P) / ȳ",
         "Gini 1912; Theil 1967; Hoover 1936; Williamson 1965"),
    ]  # fmt: skip
    return [Table([w["report.step"], w["report.formula"], w["column.source"]], rows)]


def _potential_rule(rule: Mapping[str, Any]) -> str:
    high, medium, low = (f"{rule[name]:g}" for name in ("high", "medium", "low"))
    return f"{high} : {medium} : {low}" if rule["rule"] == "shares" else f"high ≥ {high}; low < {low}"


def _reproduce(run: Run, _: Path) -> list[Block]:
    w = words(run.language)
    rulers = ("remoteness_ruler", "remoteness_range", "potential_limits")
    limits = {name: run.figures[name] for name in rulers if name in run.figures}
    rows = [
        [f"{name}.{key}" if isinstance(values, Mapping) else name, f"{value:.10g}"]
        for name, values in limits.items()
        for key, value in (values.items() if isinstance(values, Mapping) else enumerate(values))
        if isinstance(value, int | float)
    ]
    blocks: list[Block] = [Text(w["report.again"].format(program=run.program)), Code(["shalgai run study.toml"])]
    if rows:
        blocks.append(Table([w["run.what"], w["run.value"]], rows, numbers=1, caption=w["report.ruler"]))
    versions = [[name, version] for name, version in run.versions.items()]
    blocks.append(Table([w["run.what"], w["run.value"]], versions, numbers=1, caption=w["report.versions"]))
    return [*blocks, Text(w["report.settings"] + ":"), Code(run.settings)]


def _map(run: Run, folder: Path, column: str, colours: Mapping[str, str]) -> Picture:
    path = f"{_FOLDER}/{column}.svg"
    write_class_map(
        folder / path, run.settlements, column, colours, below=run.below, names=_names(run, run.settlements),
        language=run.language,
    )  # fmt: skip
    return Picture(path, column_label(column, run.language))


def _names(run: Run, table: pd.DataFrame) -> list[str]:
    """Take the names in the report's language where they are known."""
    names = table[f.NAME]
    own = {"kk": f.NAME_KK, "ru": f.NAME_RU, "en": f.NAME_EN}[run.language]
    if own in table:
        names = table[own].where(table[own].notna() & (table[own].astype(str) != ""), names)
    return [str(label) if pd.isna(name) else str(name) for label, name in names.items()]


def _places(run: Run, table: pd.DataFrame) -> list[tuple[str, str]]:
    regions = [_NOTHING if pd.isna(region) else str(region) for region in table[f.REGION]]
    return list(zip(_names(run, table), regions, strict=True))


def _heads(run: Run, columns: Sequence[str]) -> list[str]:
    return [column_label(column, run.language, run.tier_names) for column in columns]


def _tier(run: Run, tier: str) -> str:
    return tier_name(tier, run.language, run.tier_names)


def _n(run: Run, value: Any, digits: int = 0) -> str:
    """Write a number; a dash where there is none, a word where it is infinite."""
    if value is None or pd.isna(value):
        return _NOTHING
    if np.isinf(float(value)):
        return words(run.language)["class.unreachable"].lower()
    return number(round(float(value), digits) + 0.0, run.language, digits)  # never minus nought
