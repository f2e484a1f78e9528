"""A commented study file to start from, filled in from an OpenStreetMap extract where there is one."""

import json
import os.path
from pathlib import Path

import pandas as pd

from gis.errors import OutputError, StudyError
from gis.fields import POPULATION, TIER
from gis.read.osm import osm_settlements, osm_water
from gis.study import study_schema

# OpenStreetMap's kinds of places from high to low: the tiers of a study without a list of centres.
_PLACES = ("city", "town", "village")

_BARE = """\
[settlements]
path = "settlements.csv"        # GeoPackage, Shapefile, GeoJSON, FlatGeobuf, CSV, XLSX or OSM PBF
# layer = "villages"            # where the file holds several layers
# crs = "EPSG:28412"            # where the file does not say it
# encoding = "cp1251"           # where the text is not recognised

[settlements.columns]           # our name = the file's name; lines for names that are the same are not needed
# settlement_id = "KATO"
# name = "NAME_KZ"
# population = "POP_2023"
# region = "OBLAST"
# lon = "X"
# lat = "Y"

# [roads]                       # without roads, journeys are straight lines times a detour factor
# path = "roads.shp"
# noding = "crossings"          # for lines drawn without shared vertices
"""

_TAIL = """\
# [climate.temperature]         # one band (the year) or twelve (the months), C
# path = "temperature.tif"
# scale = 0.1                   # where values are stored in tenths, as WorldClim 1.4 does
# [climate.precipitation]       # mm
# path = "precipitation.tif"

# [water]                       # polygons that nobody crosses but by road
# path = "lakes.gpkg"
# [boundary]                    # the study area: rasters have no value outside
# path = "country.gpkg"
# [land.cover]                  # classes of land cover: walking speeds instead of roads.over_land_kph
# path = "land_cover.tif"
# speeds = "land_cover.csv"     # copy layers/presets/land_cover.csv
# [land.elevation]              # slope and height slow the way over land
# path = "relief.tif"
# [land.rivers]                 # lines that hold the way over land
# path = "rivers.gpkg"

# [remoteness]
# preset = "kz"                 # or aria_plus, cari_plus, far, nz_ua, statcan_ir, gravity

# [[seasons]]                   # the first season is the one that remoteness is scored by
# name = "summer"
# [[seasons]]
# name = "winter"
# months = [11, 12, 1, 2, 3]
# paved = 0.8                   # factor of speed
# unpaved = 0.6

# [closures]                    # by the monthly temperatures of [climate.temperature]
# unpaved_after_thaw = true
# ice_roads = true

# [[indicators]]                # your own instead of the preset's; list all that you want
# name = "water_supply"
# block = "services"
# column = "piped_water_share"  # a column of the settlements, or one that a run computes
# direction = 1                 # 1 more is better, -1 less is better

# [certainty]                   # how sure the classes are
# draws = 500                   # 0 switches it off
# weights = 0.25                # each weight may be a quarter more or less
# speeds = 1.4                  # each table of speeds up to that factor faster or slower

[potential]
rule = "shares"                 # or "thresholds", with the limits of viability in high and low
# high = 1204
# medium = 5625
# low = 595

# [regions]                     # polygons; the planner's table is drawn on them
# path = "regions.gpkg"
# columns.region = "NAME"
# [districts]
# path = "districts.gpkg"
# columns.district = "KATO"
# [regional]                    # figures by region; without a path, columns of the layer of regions
# path = "regional.csv"
# values = ["product_per_head"] # compared between regions
# amounts = ["farming", "mining"]  # by branch, for location quotients
# [planning]
# limits_min = [30, 60, 120]    # people farther than that from each tier are counted
# [towns]
# values = ["town"]             # of the column tier; all others are rural
# criteria = "towns.csv"        # when a small town is depressed; copy layers/presets/towns.csv
# points_min = 2
# [support]                     # support villages and their satellites
# population_min = 1000
# limit_min = 60

[outputs]
folder = "results"
"""


def write_starter(folder: Path, osm: Path | None = None) -> str:
    """Write `study.toml` and its JSON schema into a folder.

    Parameters
    ----------
    folder
        Made where it is missing.
    osm
        An OpenStreetMap extract (`.osm.pbf`) to name and to take the tiers from.

    Returns
    -------
    str
        What was written and what to do next.

    Raises
    ------
    StudyError
        A study file is there already, or the extract has no places.
    InputError
        The extract cannot be read.
    """
    file = folder / "study.toml"
    if file.exists():
        raise StudyError(f"{file}: is there already; choose another folder, or delete it first")
    text, said = _BARE + "\n" + _ARIA, "settlements.csv is a name to change"
    title = "Remoteness and viability of settlements"
    if osm is not None:
        places, _ = osm_settlements(osm)
        water, _ = osm_water(osm)
        text, said = _from_osm(osm, folder, places, has_water=len(water) > 0)
        title = f"Remoteness and viability of settlements: {osm.name.split('.')[0]}"
    head = (
        "#:schema study.schema.json\n"
        "# A study of Shalgai. Paths are relative to this file. Lines that begin with # are not read.\n"
        f"title = {json.dumps(title, ensure_ascii=False)}\n"
        'language = "en"                 # of map and tables: kk, ru or en\n'
    )
    notes = 'notes = ["Data: OpenStreetMap contributors (ODbL)."]\n' if osm is not None else ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(head + notes + "\n" + text + "\n" + _TAIL, encoding="utf-8")
        (folder / "study.schema.json").write_text(
            json.dumps(study_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}; choose another folder") from None
    return f"wrote {file}; {said}\nnext: shalgai check {file}\nthen: shalgai run {file}"


_ARIA = """\
# [[tiers]]                     # from high to low; without them the five ARIA+ tiers by population
# name = "regional_centre"
# values = ["oblast"]           # values of the column tier, or: population_min = 50000
"""


def _from_osm(osm: Path, folder: Path, places: pd.DataFrame, *, has_water: bool) -> tuple[str, str]:
    kinds = places[TIER].value_counts()
    tiers = [place for place in _PLACES if kinds.get(place, 0) > 0]
    if not tiers:
        raise StudyError(f"{osm.name}: no place=city, town or village in the extract; a study needs centres")
    # The lowest kind that there is are the settlements themselves, unless it is the only one.
    tiers = tiers[:-1] if len(tiers) > 1 else tiers
    path = json.dumps(_relative(osm, folder), ensure_ascii=False)
    counted = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    known = int(places[POPULATION].notna().sum())
    lines = [
        "[settlements]",
        f"path = {path}  # {counted}; population known of {known}",
        "",
        "[roads]",
        f"path = {path}",
        "near_km = 2.0                   # up to here the way to the road is a local street or track",
        "near_kph = 20.0",
        "over_land_kph = 10.0            # beyond it, over land: 5 is walking, 10 to 20 a car on the steppe",
        "over_land_max_km = 50.0",
        "",
    ]
    if has_water:
        lines += ["[water]", f"path = {path}", ""]
    for tier in tiers:
        lines += ["[[tiers]]", f'name = "{tier}"', f'values = ["{tier}"]  # place={tier}: {kinds[tier]}', ""]
    return "\n".join(lines), f"tiers: {', '.join(tiers)}; {counted}"


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()
