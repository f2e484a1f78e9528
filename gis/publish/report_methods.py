"""The sections of the report on methods and on how to repeat the run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gis.publish.report import Block, Code, Table, Text
from gis.publish.report_base import Run
from gis.publish.words import words

_RULES: Mapping[str, tuple[str, str]] = {
    "aria_plus": ("Σ min(3, d / mean d), tiers A–E; 0–15 → 0–100", "ARIA+, University of Adelaide"),
    "cari_plus": ("Σ min(3, d / mean d) / 18, tiers A–F", "CARI+, University of Adelaide"),
    "far": ("levels 1–4: 60, 45, 30, 15 min", "USDA Economic Research Service, FAR codes"),
    "nz_ua": ("drive time to urban areas: 15, 25, 60, 120 min", "Stats NZ, urban accessibility"),
    "statcan_ir": ("ln Σ P / cost, min–max", "Statistics Canada, Index of Remoteness"),
    "gravity": ("Σ P · f(t)", "Hansen 1959"),
    "kz": ("Σ weight · min(1, t / cap) / Σ weight · 100", "weights and caps: remoteness_kz.csv"),
}


def methods(run: Run, _: Path) -> list[Block]:
    """List the steps with their formulas and sources."""
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
        (": ".join([w["method.remoteness"], preset]), *_RULES[preset]),
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


def reproduce(run: Run, _: Path) -> list[Block]:
    """Say what to run again, with which program, rulers and settings."""
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
