"""OpenStreetMap extracts: a small one written here, and real ones against pyosmium."""

from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely

from gis.errors import InputError
from gis.read.osm import PLACES, osm_roads, osm_settlements, osm_water
from gis.read.road_tags import ROAD
from gis.read.roads import read_roads
from gis.read.settlements import read_settlements

OSM = Path(__file__).parents[3] / "shared" / "data" / "osm"
EXTRACTS = ["liechtenstein", "almaty_2013", "djibouti_road-secondary"]
needs_extracts = pytest.mark.skipif(not OSM.is_dir(), reason="../shared/data/osm is absent")

SMALL = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
{nodes}
<node id="20" lat="50.0" lon="70.0"><tag k="place" v="village"/><tag k="name" v="Абай"/>
  <tag k="name:kk" v="Абай ауылы"/><tag k="name:ru" v="Абая"/><tag k="name:en" v="Abay"/>
  <tag k="population" v="1 234"/></node>
<node id="21" lat="50.05" lon="70.05"><tag k="place" v="town"/><tag k="name" v="Town"/>
  <tag k="population" v="about 500"/></node>
<node id="22" lat="50.05" lon="70.06"><tag k="place" v="suburb"/><tag k="name" v="Part"/></node>
{ways}
</osm>
"""


def small(tmp_path, ways):
    """Write an extract with nodes 1-9 along a diagonal and the ways given as (id, nodes, tags)."""
    nodes = "\n".join(f'<node id="{i}" lat="{50 + i / 100}" lon="{70 + i * i / 100}"/>' for i in range(1, 10))
    text = ""
    for number, refs, tags in ways:
        text += f'<way id="{number}">' + "".join(f'<nd ref="{r}"/>' for r in refs)
        text += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()) + "</way>\n"
    path = tmp_path / "small.osm"
    path.write_text(SMALL.format(nodes=nodes, ways=text), "utf-8")
    return path


def found(findings):
    return {f.code: f for f in findings}


def test_roads_of_a_small_extract(tmp_path):
    path = small(
        tmp_path,
        [
            (
                1,
                [1, 2, 3],
                {"highway": "primary", "name": "Ұлы", "ref": "A1", "surface": "gravel", "maxspeed": "RU:urban"},
            ),
            (2, [3, 4], {"highway": "motorway"}),
            (3, [4, 3], {"highway": "motorway", "oneway": "no"}),
            (4, [4, 5, 6, 4], {"highway": "tertiary", "junction": "roundabout"}),
            (5, [5, 6], {"highway": "track", "oneway": "-1", "bridge": "yes", "layer": "1"}),
            (6, [6, 7], {"highway": "footway"}),
            (7, [6, 7], {"highway": "my_own_word"}),
            (8, [7, 8], {"highway": "service", "access": "no"}),
            (9, [7, 8], {"highway": "service", "access": "no", "motor_vehicle": "yes"}),
            (10, [8, 9], {"route": "ferry", "name": "Паром"}),
            (11, [8, 9], {"railway": "rail"}),
            (12, [1, 2, 3, 1], {"highway": "pedestrian", "area": "yes"}),
        ],
    )
    frame, findings = read_roads(path, classes=ROAD)
    assert frame.index.tolist() == ["w1", "w2", "w3", "w4", "w5", "w9"]
    first = frame.loc["w1"]
    assert (first["name"], first["ref"], first["surface"], first["maxspeed_kph"]) == ("Ұлы", "A1", "gravel", 60)
    assert frame["oneway"].to_dict() == {"w1": 0, "w2": 1, "w3": 0, "w4": 1, "w5": -1, "w9": 0}
    assert frame.loc["w5", ["bridge", "layer"]].tolist() == [True, 1]
    assert first.geometry.coords[1] == (70.04, 50.02)
    assert found(findings)["not-a-road"].value == "footway, my_own_word"
    assert found(findings)["closed-road"].count == 2  # w8 and w12
    with_ferry, _ = osm_roads(path, [*ROAD, "ferry"])
    assert with_ferry["road_class"]["w10"] == "ferry"


def test_usual_road_that_the_table_does_not_have(tmp_path):
    path = small(tmp_path, [(1, [1, 2], {"highway": "primary"}), (2, [2, 3], {"highway": "tertiary"})])
    with pytest.raises(InputError, match="row w2, value tertiary: unknown road class"):
        osm_roads(path, ["primary"])


def test_settlements_of_a_small_extract(tmp_path):
    square = {"place": "hamlet", "name": "Қыстау"}
    path = small(tmp_path, [(1, [1, 2, 3, 1], square)])
    frame, findings = read_settlements(path)
    assert frame.index.tolist() == ["n20", "n21", "w1"]
    assert frame["tier"].tolist() == ["village", "town", "hamlet"]
    village = frame.loc["n20"]
    assert [village[c] for c in ("name", "name_kk", "name_ru", "name_en")] == ["Абай", "Абай ауылы", "Абая", "Abay"]
    np.testing.assert_array_equal(frame["population"], [1234, np.nan, np.nan])
    triangle = shapely.Polygon([(70 + i * i / 100, 50 + i / 100) for i in (1, 2, 3)])
    assert triangle.contains(frame.geometry["w1"])
    assert found(findings)["not-a-settlement"].value == "suburb 1"
    assert (found(findings)["bad-population"].row, found(findings)["bad-population"].value) == ("n21", "about 500")
    assert found(findings)["area-to-point"].count == 1


def test_a_place_mapped_twice_counts_once(tmp_path):
    text = small(tmp_path, [(1, [1, 2, 3, 1], {"place": "village", "name": "Абай"})]).read_text("utf-8")
    # Put the node of the same name into the area.
    path = tmp_path / "twice.osm"
    path.write_text(text.replace('id="20" lat="50.0" lon="70.0"', 'id="20" lat="50.02" lon="70.045"'), "utf-8")
    frame, findings = osm_settlements(path)
    assert frame.index.tolist() == ["n20", "n21"]
    assert found(findings)["node-and-area"].count == 1


def test_water_of_a_small_extract(tmp_path):
    path = small(tmp_path, [(1, [1, 2, 3, 1], {"natural": "water", "name": "Көл", "intermittent": "yes"})])
    frame, findings = osm_water(path)
    assert frame[["name", "intermittent"]].to_dict("index") == {"w1": {"name": "Көл", "intermittent": True}}
    assert frame.geometry.is_valid.all()
    assert not findings
    assert osm_water(small(tmp_path, []))[0].empty


def test_water_that_crosses_itself_is_mended(tmp_path):
    # Nodes 1, 4, 2, 3: the sides 1-4 and 2-3 cross, or 4-2 and 3-1; either way the ring is no simple one.
    nodes = {1: (0, 0), 2: (1, 1), 3: (1, 0), 4: (0, 1)}
    text = "".join(f'<node id="{i}" lon="{70 + x}" lat="{50 + y}"/>' for i, (x, y) in nodes.items())
    ring = "".join(f'<nd ref="{i}"/>' for i in (1, 2, 3, 4, 1))
    path = tmp_path / "a.osm"
    path.write_text(f'<osm version="0.6">{text}<way id="1">{ring}<tag k="natural" v="water"/></way></osm>')
    frame, findings = osm_water(path)
    assert frame.geometry.is_valid.all()
    assert shapely.area(frame.geometry.to_numpy()).sum() == pytest.approx(0.5)  # two triangles of a quarter
    assert found(findings)["invalid-geometry"].level == "repair"


def test_nothing_in_it(tmp_path):
    path = tmp_path / "a.osm"
    path.write_text('<osm version="0.6"><node id="1" lat="50" lon="70"/></osm>')
    with pytest.raises(InputError, match="no roads"):
        osm_roads(path, ROAD)
    with pytest.raises(InputError, match="no settlements"):
        osm_settlements(path)
    with pytest.raises(InputError, match="no such file"):
        osm_roads(tmp_path / "b.osm.pbf", ROAD)


@pytest.mark.parametrize("content", [b"", b"junk" * 100, b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c"])
def test_junk_is_one_error(tmp_path, content):
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(content)
    for read in (osm_settlements, osm_water, lambda p: osm_roads(p, ROAD)):
        with pytest.raises(InputError) as error:
            read(path)
        assert [f.code for f in error.value.findings] == ["cannot-read"]


@needs_extracts
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_pbf_is_one_error(tmp_path, share):
    whole = (OSM / "liechtenstein.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (read_settlements, lambda p: read_roads(p, classes=ROAD)):
        with pytest.raises(InputError) as error:
            read(path)
        assert [f.code for f in error.value.findings] == ["cannot-read"]


def pyosmium_ways(path):
    """Return the coordinates of each whole way with a highway, and its tags."""
    ways = {}
    reader = osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("highway"))
    for way in reader:
        if way.is_way() and all(n.location.valid() for n in way.nodes):
            ways[f"w{way.id}"] = ([(n.location.lon, n.location.lat) for n in way.nodes], dict(way.tags))
    return ways


@needs_extracts
@pytest.mark.parametrize("name", EXTRACTS)
def test_roads_agree_with_pyosmium(name):
    path = OSM / f"{name}.osm.pbf"
    frame, findings = read_roads(path, classes=ROAD)
    ways = pyosmium_ways(path)
    expected = {
        k
        for k, (_, t) in ways.items()
        if t["highway"] in ROAD
        and t.get("area") != "yes"
        and t.get("motor_vehicle", t.get("vehicle", t.get("access"))) != "no"
    }
    whole = frame[frame.index.isin(ways.keys())]
    assert set(whole.index) == expected
    for road_id, line in whole.geometry.items():
        coords, tags = ways[road_id]
        # Only a vertex that repeats the one before it may be missing.
        kept = [c for i, c in enumerate(coords) if i == 0 or c != coords[i - 1]]
        assert list(line.coords) == kept
        assert frame["road_class"][road_id] == tags["highway"]
        assert frame["ref"][road_id] == tags.get("ref")
    assert not [f for f in findings if f.level == "error"]


@needs_extracts
@pytest.mark.parametrize("name", EXTRACTS)
def test_settlements_agree_with_pyosmium(name):
    path = OSM / f"{name}.osm.pbf"
    frame, _ = read_settlements(path)
    nodes = {
        f"n{o.id}": (o.tags["place"], o.tags.get("name"), o.location.lon, o.location.lat)
        for o in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("place"))
        if o.tags["place"] in PLACES
    }
    ours = frame[frame.index.str.startswith("n")]
    assert set(ours.index) == set(nodes)
    for settlement_id, (place, named, lon, lat) in nodes.items():
        row = frame.loc[settlement_id]
        assert row["tier"] == place
        assert (row.geometry.x, row.geometry.y) == pytest.approx((lon, lat), abs=1e-9)
        assert named is None or row["name"] == named.strip()


@needs_extracts
@pytest.mark.parametrize("name", EXTRACTS)
def test_water_agrees_with_pyosmium(name):
    path = OSM / f"{name}.osm.pbf"
    frame, _ = osm_water(path)
    factory = osmium.geom.WKBFactory()
    areas = osmium.FileProcessor(str(path)).with_areas(osmium.filter.TagFilter(("natural", "water")))
    expected = {
        ("w" if o.from_way() else "r") + str(o.orig_id()): shapely.from_wkb(factory.create_multipolygon(o))
        for o in areas
        if o.is_area() and o.tags.get("natural") == "water"
    }
    assert set(frame.index) == set(expected)
    for water_id, shape in frame.geometry.items():
        assert shape.equals(expected[water_id])
