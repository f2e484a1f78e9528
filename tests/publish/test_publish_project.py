import itertools
import json
import re
import shutil
import zipfile
from datetime import date
from xml.etree import ElementTree as xml

import geopandas as gpd
import numpy as np
import publish_tools as tools
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gis import fields as f
from gis.publish.climate import write_measure
from gis.publish.geopackage import write_geopackage
from gis.publish.layout import A3, A4, fitted, plain
from gis.publish.project import EXTENTS, region_extents, write_project
from gis.publish.project_layers import About
from gis.publish.rasters import write_cog
from gis.publish.words import LANGUAGES, class_name, column_label, words
from gis.space.grid import Grid
from gis.stages.regions import alphabetical

DAY = date(2026, 11, 22)
EVIL = 'Ел & "сынақ" <script>alert(1)</script> [% 6 * 7 %] \x08'
WINTER = f.travel_time_min("town", "winter")

QGIS = """
seen = {}
def inks(image):
    return len({image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)})
def rendered(settings):
    job = QgsMapRendererParallelJob(settings); job.start(); job.waitForFinished()
    assert not job.errors(), [e.message for e in job.errors()]
    return job.renderedImage()
def looked_at(folder, pictures):
    project = QgsProject.instance()
    opened = project.read(folder + "/project.qgz")
    out = {"opened": opened, "error": project.error(), "title": project.title(), "crs": project.crs().isValid()}
    layers = list(project.mapLayers().values())
    out["layers"] = {
        l.name(): {
            "valid": l.isValid(), "source": l.source(), "id": l.id(), "styles": l.styleManager().styles(),
            "crs": l.crs().isValid(), "title": l.metadata().title(), "abstract": l.metadata().abstract(),
            "licences": l.metadata().licenses(), "history": l.metadata().history(),
            "band": l.renderer().band() if l.type() == 1 else 0,
            "aliases": {g.name(): l.attributeAlias(i) for i, g in enumerate(l.fields())} if l.type() == 0 else {},
        }
        for l in layers
    }
    root = project.layerTreeRoot()
    out["groups"] = {g.name(): [n.name() for n in g.children()] for g in root.findGroups(True)}
    out["missing"] = [n.name() for n in root.findLayers() if n.layer() is None]
    out["bookmarks"] = {b.name(): b.extent().toString(1) for b in project.bookmarkManager().bookmarks()}
    out["view"] = project.viewSettings().defaultViewExtent().toString(0)
    settlements = [l for l in layers if "layername=settlements" in l.source()][0]
    potential = settlements.fields().indexOf("potential")
    out["values"] = settlements.editorWidgetSetup(potential).config().get("map")
    themes = project.mapThemeCollection()
    out["themes"] = {}
    for name in themes.mapThemes():
        settings = QgsMapSettings()
        settings.setLayers(themes.mapThemeVisibleLayers(name))
        settings.setLayerStyleOverrides(themes.mapThemeStyleOverrides(name))
        settings.setDestinationCrs(project.crs())
        settings.setExtent(project.viewSettings().defaultViewExtent())
        settings.setOutputSize(QSize(320, 200)); settings.setBackgroundColor(QColor("white"))
        out["themes"][name] = {"layers": [l.name() for l in settings.layers()]}
        if pictures:
            image = rendered(settings); out["themes"][name]["inks"] = inks(image)
            out["themes"][name]["picture"] = hash(bytes(image.bits().asstring(image.byteCount())))
    out["tip"] = []
    expressions = QgsExpressionContext()
    expressions.appendScope(QgsExpressionContextUtils.layerScope(settlements))
    for feature in list(settlements.getFeatures())[:26]:
        expressions.setFeature(feature)
        out["tip"].append(QgsExpression.replaceExpressionText(settlements.mapTipTemplate(), expressions))
    centres = [l for l in layers if "layername=centres" in l.source()][0]
    text = QgsExpression(centres.labeling().settings().fieldName)
    expressions = QgsExpressionContext()
    out["labels"] = []
    for feature in centres.getFeatures():
        expressions.setFeature(feature)
        out["labels"].append(text.evaluate(expressions))
    out["layouts"] = {}
    for sheet in project.layoutManager().printLayouts():
        one = out["layouts"][sheet.name()] = {"atlas": sheet.atlas().enabled(), "pages": []}
        items = {i.id(): i for i in sheet.items() if isinstance(i, QgsLayoutItem)}
        page = sheet.pageCollection().page(0).rect()
        one["size"] = [page.width(), page.height()]
        one["boxes"] = {k: [i.scenePos().x(), i.scenePos().y(), i.rect().width(), i.rect().height()]
                        for k, i in items.items() if i is not sheet.pageCollection().page(0)}
        one["texts"] = {k: i.currentText() for k, i in items.items() if isinstance(i, QgsLayoutItemLabel)}
        one["theme"] = items["map"].followVisibilityPresetName()
        one["unit"] = items["scale"].unitLabel(); one["km"] = items["scale"].unitsPerSegment()
        one["linked"] = [items[k].linkedMap() is items["map"] for k in ("legend", "scale", "north")]
        model = items["legend"].model()
        one["legend"] = {}
        for node in model.rootGroup().findLayers():
            lines = model.layerLegendNodes(node)
            one["legend"][node.customProperty("legend/title-label") or ""] = [l.data(Qt.DisplayRole) for l in lines]
        need = QgsLegendRenderer(model, items["legend"].legendSettings()).minimumSize()
        one["needs"] = [need.width(), need.height()]
        if not pictures:
            continue
        exporter, how = QgsLayoutExporter(sheet), QgsLayoutExporter.ImageExportSettings()
        how.dpi = 40
        atlas = sheet.atlas()
        if atlas.enabled():
            atlas.beginRender(); atlas.updateFeatures()
            one["count"] = atlas.count()
        for page in range(2 if atlas.enabled() else 1):
            if atlas.enabled():
                atlas.seekTo(page)
            path = f"{pictures}/page.png"
            failed = exporter.exportToImage(path, how)
            image = QImage(path)
            text = [i.currentText() for k, i in items.items() if k == "subtitle"][0]
            one["pages"].append({"failed": failed, "inks": inks(image), "subtitle": text,
                                 "extent": items["map"].extent().toString(0)})
        if atlas.enabled():
            atlas.endRender()
    project.clear()
    return out
for name, folder, pictures in json.loads(sys.argv[1]):
    seen[name] = looked_at(folder, pictures)
print("RESULT" + json.dumps(seen))
"""


def written(folder, country, language, *, polygons):
    folder.mkdir(parents=True)
    settlements = country["settlements"].copy()
    settlements.loc[settlements[f.NAME] == tools.HOSTILE[0], f.NAME_RU] = ""
    settlements[WINTER] = settlements[f.travel_time_min("town")] * 1.7
    layers = {"centres": country["centres"], "settlements": settlements, "roads": country["roads"]}
    if polygons:
        regions = country["regions"].rename(columns={f.NAME: f.REGION})
        regions["viability_weighted"] = np.linspace(20, 80, len(regions))
        layers["regions"] = regions
    else:
        layers[EXTENTS] = region_extents(settlements)
    ways = {f.TIER: "town", "off_road": [False, True], "journeys": [3, 1], f.POPULATION: [900.0, np.nan]}
    layers["flows"] = gpd.GeoDataFrame(ways, geometry=country["roads"].geometry.to_numpy()[:2], crs=4326)
    layers["water"] = gpd.GeoDataFrame(geometry=[shapely.box(58, 44, 61, 46)], crs=4326)
    layers["land"] = gpd.GeoDataFrame(geometry=[shapely.box(46.5, 40.6, 87.3, 55.4)], crs=4326)
    about = About(EVIL, ["Дереккөз: A & B (CC BY 4.0)", "[% 1 + 1 %]"], ["Shalgai 9.9", "grid.cell_km = 5"], language)
    minutes, grid = tools.minutes_raster()
    bands = {
        "republican_city": minutes * 2,
        "regional_centre": minutes * 1.5,
        "town": minutes,
        "district_centre": minutes,
    }
    write_geopackage(folder / "results.gpkg", {**layers, "repairs": tools.repairs()}, language=language)
    surfaces = {f.travel_time_min(tier): values for tier, values in bands.items()} | {WINTER: minutes * 1.7}
    away = {f.distance_km(tier): values for tier, values in bands.items()}
    write_cog(folder / "travel_time.tif", surfaces, grid, kind="minutes", language=language)
    write_cog(folder / "distance.tif", away, grid, kind="km", language=language)
    if polygons:
        (folder / "climate").mkdir()
        write_measure(folder / "climate" / "heating_degree_days.tif", minutes, grid, unit="°C·day", language=language)
    write_project(
        folder / "project.qgz", crs="EPSG:32642", tiers=tools.TIERS, remoteness_classes=tools.CLASSES,
        about=about, day=DAY, program="Shalgai 9.9",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def folders(country, tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    made = {
        "kk": written(root / "kk", country, "kk", polygons=True),
        "ru": written(root / "ru", country, "ru", polygons=False),
    }
    moved = root / "Көшірілген бума (2)" / "жаңа орын"
    shutil.copytree(made["kk"], moved)
    made["moved"] = moved
    hidden = root / "gone"
    made["kk"].rename(hidden)  # what was moved must not find its layers where they were
    made["kk"] = hidden
    return made


@pytest.fixture(scope="module")
def seen(folders, tmp_path_factory):
    pictures = str(tmp_path_factory.mktemp("pictures"))
    jobs = [(name, str(folder), pictures if name != "moved" else "") for name, folder in folders.items()]
    return json.loads(tools.run_qgis(QGIS, json.dumps(jobs)).split("RESULT")[1])


@pytest.fixture(params=["kk", "ru", "moved"])
def opened(request, seen):
    return {**seen[request.param], "language": "ru" if request.param == "ru" else "kk"}


def document(folder):
    with zipfile.ZipFile(folder / "project.qgz") as file:
        return xml.fromstring(file.read("project.qgs"))


def test_it_opens_and_every_layer_is_valid_also_after_the_folder_was_moved(opened):
    assert opened["opened"], opened["error"]
    assert not opened["error"]
    assert opened["crs"]
    assert opened["title"] == EVIL.replace("\x08", "")
    assert opened["missing"] == []
    assert all(layer["valid"] for layer in opened["layers"].values()), opened["layers"]
    assert all(len(layer["id"]) > 10 for layer in opened["layers"].values())
    spatial = {name for name in opened["layers"] if name != words(opened["language"])["layer.repairs"]}
    assert all(opened["layers"][name]["crs"] for name in spatial)


def test_layers_are_found_beside_the_project(seen, folders):
    for name, layer in seen["moved"]["layers"].items():
        assert str(folders["moved"]) in layer["source"], name


def test_groups_hold_results_and_context(opened):
    w = words(opened["language"])
    results, context = opened["groups"][w["project.results"]], opened["groups"][w["project.context"]]
    first = [w[f"layer.{name}"] for name in ("centres", "settlements", "flows")]
    assert results[:5] == [*first, w["map.travel_time"], w["project.distance"]]
    assert w["layer.roads"] in context
    assert w["layer.water"] in context
    surfaces = opened["groups"][w["map.travel_time"]]
    assert len(surfaces) == len(tools.TIERS) + 1
    assert column_label(WINTER, opened["language"]).startswith(surfaces[-1])
    climate = opened["groups"].get(w["project.climate"])
    assert climate == ([column_label(f.HEATING_DEGREE_DAYS, "kk")] if opened["language"] == "kk" else None)
    bands = [layer["band"] for layer in opened["layers"].values() if "travel_time.tif" in layer["source"]]
    assert sorted(bands) == [1, 2, 3, 4, 5]


def test_columns_have_headings_and_classes_have_names(opened):
    language = opened["language"]
    layer = opened["layers"][words(language)["layer.settlements"]]
    for column in (f.POPULATION, f.POTENTIAL, WINTER, f.temperature_c(1), f.contribution("people")):
        assert layer["aliases"][column] == column_label(column, language)
    named = {name: value for one in opened["values"] for name, value in one.items()}
    assert named == {class_name(f.POTENTIAL, p, language): p for p in f.POTENTIALS}


def test_metadata_say_what_it_is_whose_and_how_it_was_made(opened):
    for name, layer in opened["layers"].items():
        assert layer["title"] == name
        assert "CC BY 4.0" in layer["abstract"]
        assert any("CC BY 4.0" in line for line in layer["licences"])
        assert "grid.cell_km = 5" in layer["history"]


def test_every_theme_is_there_and_draws_something_of_its_own(opened):
    language, themes = opened["language"], opened["themes"]
    expected = {column_label(c, language) for c in (f.POTENTIAL, f.REMOTENESS_CLASS, f.VIABILITY, WINTER)}
    expected |= {column_label(f.travel_time_min(tier), language) for tier in tools.TIERS}
    assert expected <= set(themes)
    w = words(language)
    surfaces = [name for name in themes if name not in expected and name != w["layer.regions"]]
    assert len(surfaces) == len(tools.TIERS) + 1  # and one of the other season
    assert (w["layer.regions"] in themes) == (language == "kk")
    if "inks" in next(iter(themes.values())):
        assert all(theme["inks"] > 8 for theme in themes.values())
        # The last two tiers hold the same minutes in the fixture's rasters.
        assert len({theme["picture"] for theme in themes.values()}) >= len(themes) - 1


def test_bookmarks_and_view_cover_the_settlements(opened, country):
    settlements = country["settlements"]
    assert len(opened["bookmarks"]) == (12 if opened["language"] == "kk" else settlements[f.REGION].nunique())
    west, south, east, north = map(float, re.findall(r"-?\d+", opened["view"]))
    shown = settlements.to_crs("EPSG:32642").total_bounds
    assert west < shown[0] < shown[2] < east
    assert south < shown[1] < shown[3] < north


def test_tips_show_names_as_text(opened):
    tips = "\n".join(opened["tip"])
    assert ("Караганда" if opened["language"] == "ru" else "Қарағанды") in tips
    assert class_name(f.POTENTIAL, "high", opened["language"]) in tips
    # Hostile places have a plain name in Russian, but for one, which is then shown as it is given.
    assert tips.count("&lt;script&gt;window.hurt=1") == (1 if opened["language"] == "ru" else 2)
    assert set(re.findall(r"<(\w+)", tips)) == {"b", "span", "table", "tr", "td"}


def test_centres_are_labelled_in_the_language(opened):
    wanted = {"Өскемен", "Қарағанды"} if opened["language"] == "kk" else {"Усть-Каменогорск", "Караганда"}
    assert wanted < set(opened["labels"])


def test_layouts_are_whole_and_nothing_overlaps_or_leaves_the_page(opened):
    themes = opened["themes"]
    sheets = opened["layouts"]
    assert {sheet["theme"] for sheet in sheets.values()} <= set(themes)
    sizes = {tuple(map(round, sheet["size"])) for sheet in sheets.values()}
    assert sizes == {A4, A3}
    for name, sheet in sheets.items():
        assert sheet["linked"] == [True] * 3, name
        assert sheet["unit"] == words(opened["language"])["unit.km"]
        assert sheet["km"] >= 1
        assert "[ % 6 * 7 %]" in sheet["texts"]["title"]
        assert "22.11.2026" in sheet["texts"]["sources"]
        assert "CC BY 4.0" in sheet["texts"]["sources"]
        boxes = {k: shapely.box(x, y, x + w, y + h) for k, (x, y, w, h) in sheet["boxes"].items()}
        page = shapely.box(0, 0, *sheet["size"])
        assert all(page.contains(box) for box in boxes.values()), name
        for one, other in itertools.combinations(boxes, 2):
            inside = {one, other} in ({"map", "scale"}, {"map", "north"})
            assert inside or boxes[one].intersection(boxes[other]).area < 1e-6, (name, one, other)


def test_legends_name_every_class_and_fit(opened):
    language = opened["language"]
    w = words(language)
    sheets = opened["layouts"]
    potential = sheets[f"A4: {column_label(f.POTENTIAL, language)}"]["legend"]
    assert potential[w["column.potential"]] == [class_name(f.POTENTIAL, p, language) for p in f.POTENTIALS]
    remoteness = sheets[f"A3: {column_label(f.REMOTENESS_CLASS, language)}"]["legend"]
    named = [class_name(f.REMOTENESS_CLASS, c, language) for c in tools.CLASSES]
    assert remoteness[w["column.remoteness_class"]] == [*named, w["class.no_data"]]
    for sheet in sheets.values():
        assert all(lines for lines in sheet["legend"].values())
        assert len(sheet["legend"][w["layer.centres"]]) == len(tools.TIERS)
        lines = list(itertools.chain(*sheet["legend"].values()))
        assert not any("Band" in line for line in lines)
        width, height = sheet["boxes"]["legend"][2:]
        assert sheet["needs"][0] <= width
        assert sheet["needs"][1] <= height
    surface = next(s["legend"] for n, s in sheets.items() if n.startswith(f"A4: {w['map.travel_time']}"))
    assert any(lines[-1] == w["class.unreachable"] and len(lines) == 11 for lines in surface.values())


@pytest.mark.parametrize("name", ["kk", "ru"])
def test_every_layout_prints_and_the_atlas_turns_its_pages(name, seen):
    sheets = seen[name]["layouts"]
    for sheet, made in sheets.items():
        assert made["pages"], sheet
        assert all(page["failed"] == 0 and page["inks"] > 20 for page in made["pages"]), sheet
    atlas = [made for made in sheets.values() if made["atlas"]]
    assert len(atlas) == 1
    first, second = atlas[0]["pages"]
    assert atlas[0]["count"] == len(seen[name]["bookmarks"])
    assert first["extent"] != second["extent"]
    assert first["subtitle"].split(": ")[1] in seen[name]["bookmarks"]
    assert first["subtitle"] != second["subtitle"]


def test_the_same_results_make_the_same_project(folders, country, tmp_path):
    again = written(tmp_path / "again", country, "kk", polygons=True)
    assert (again / "project.qgz").read_bytes() == (folders["kk"] / "project.qgz").read_bytes()


def test_nothing_in_it_is_absolute_or_online(folders):
    for folder in (folders["kk"], folders["ru"]):
        root = document(folder)
        for layer in root.iter("maplayer"):
            assert layer.findtext("datasource").startswith("./")
            assert layer.findtext("provider") in ("ogr", "gdal")
        text = xml.tostring(root, encoding="unicode")
        assert "http" not in text
        assert str(folder.parent) not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_written_in_every_language(language, country, tmp_path):
    root = document(written(tmp_path / language, country, language, polygons=False))
    names = {node.get("name") for node in root.iter("layer-tree-group")}
    assert words(language)["project.results"] in names


def test_extents_hold_their_settlements_and_leave_out_the_unknown(country):
    settlements = country["settlements"].copy()
    settlements.iloc[:3, settlements.columns.get_loc(f.REGION)] = None
    boxes = region_extents(settlements).set_index(f.REGION).geometry
    known = settlements[settlements[f.REGION].notna()]
    assert set(boxes.index) == set(known[f.REGION])
    assert all(boxes[region].covers(point) for region, point in zip(known[f.REGION], known.geometry, strict=True))
    one = region_extents(settlements.iloc[5:6])
    assert one.total_bounds[2] - one.total_bounds[0] == pytest.approx(0.2)


@pytest.mark.parametrize("extent", [(0, 0, 10, 1), (0, 0, 1, 10), (-5, -5, 5, 5)])
def test_a_fitted_extent_has_the_ratio_and_holds_the_extent(extent):
    west, south, east, north = fitted(extent, 1.5)
    assert (east - west) / (north - south) == pytest.approx(1.5)
    assert shapely.box(west, south, east, north).covers(shapely.box(*extent))


letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
hostile = st.lists(st.one_of(st.text(letters, min_size=1), st.sampled_from(tools.HOSTILE)), min_size=200, max_size=200)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(names=hostile)
def test_200_names_of_any_letters_leave_the_project_whole(names, country, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    settlements = country["settlements"].iloc[:200].copy()
    settlements[f.NAME], settlements[f.REGION] = names, names
    layers = {"settlements": settlements, "centres": country["centres"], EXTENTS: region_extents(settlements)}
    minutes, grid = tools.minutes_raster()
    tiers = list(tools.TIERS[2:])
    write_geopackage(folder / "results.gpkg", layers)
    for name, column in (("travel_time", f.travel_time_min), ("distance", f.distance_km)):
        write_cog(folder / f"{name}.tif", {column(tier): minutes[:9, :7] for tier in tiers},
                  Grid((9, 7), grid.transform, grid.crs), kind="minutes")  # fmt: skip
    titles = dict.fromkeys(tiers, names[0])  # two tiers of one name are still two layers
    write_project(
        folder / "project.qgz", crs=grid.crs, tiers=tiers, remoteness_classes=tools.CLASSES, day=DAY,
        about=About(names[1], names[2:5], names[5:9]), tier_names=titles,
    )  # fmt: skip
    root = document(folder)
    regions = gpd.read_file(folder / "results.gpkg", layer=EXTENTS)[f.REGION]
    assert [mark.get("name") for mark in root.iter("Bookmark")] == [
        legal(region) for region in sorted(regions, key=alphabetical)
    ]
    keys = [layer.findtext("id") for layer in root.iter("maplayer")]
    assert len(keys) == len(set(keys)) == 7
    for item in root.iter("LayoutItem"):
        assert "[%" not in item.get("labelText", "").replace("[% @atlas_pagename %]", "")


def legal(text):
    """What XML can hold; it reads every end of a line as one line feed."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


def test_plain_text_holds_no_expression():
    assert "[%" not in plain("[%[% 1 %]")
