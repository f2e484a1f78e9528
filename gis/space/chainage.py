"""Kilometres along numbered roads, as road agencies count them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from gis.fields import FROM_ID, LENGTH_M, REF, TO_ID
from gis.space.geodesy import nearest_point, parts_of_lines, points_along
from gis.space.network import Network, cut_edges

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# A cut this close to an end of an edge (as a share of its length) is that end.
_END = 1e-6

# Cyrillic capitals that look like Latin ones: agencies write the numbers of roads with either.
_LATIN = str.maketrans("АВЕКМНОРСТХ", "ABEKMHOPCTX")


def plain_ref(ref: str) -> str:
    """Write the number of a road in one way: Latin capitals, without blanks and hyphens.

    Examples
    --------
    >>> plain_ref("М-36"), plain_ref("a 1")
    ('M36', 'A1')
    """
    return "".join(c for c in ref.upper().translate(_LATIN) if c.isalnum() or c in "/.")


def edges_of_refs(edges: pd.DataFrame) -> pd.Series:
    """List the edges of every road number; an edge with several (`A-1;M-36`) is on each of those roads.

    Returns
    -------
    Series
        Positions of edges, indexed by `plain_ref`.

    Examples
    --------
    >>> edges_of_refs(pd.DataFrame({"ref": ["A-1;М-36", None, "A1"]})).loc[["A1"]].tolist()
    [0, 2]
    """
    code, refs = pd.factorize(edges[REF])
    own = pd.Series([[plain_ref(part) for part in str(ref).split(";")] for ref in refs], dtype=object).explode()
    known = np.flatnonzero(code >= 0)
    table = pd.DataFrame({"position": known, "code": code[known]}).merge(
        own.rename("ref"), left_on="code", right_index=True
    )
    return table.sort_values("position", kind="stable").set_index("ref")["position"]


@dataclass(frozen=True)
class Chainage:
    """The kilometre posts at the ends of the edges of a numbered road.

    Parameters
    ----------
    edge
        Positions of its edges, shape `(n,)`.
    at_from, at_to, length_km
        Kilometres from the beginning of the road to the `from_id` and `to_id` of each edge, and its length.
    begins
        Longitude and latitude of the beginning.
    """

    edge: Int
    at_from: Float
    at_to: Float
    length_km: Float
    begins: tuple[float, float]

    @property
    def km(self) -> float:
        """Return the last kilometre of the road."""
        return float(np.max((self.at_from + self.at_to + self.length_km) / 2))

    def at(self, which: Int, fraction: Float) -> Float:
        """Return the kilometre at a share of the length of edges, given by their place in `edge`."""
        length = self.length_km[which]
        return np.minimum(self.at_from[which] + fraction * length, self.at_to[which] + (1 - fraction) * length)

    def cuts(self, km: float) -> tuple[Int, Float]:
        """Return where a kilometre post stands: places in `edge`, and the shares of the length of those edges."""
        places, shares = [], []
        with np.errstate(divide="ignore", invalid="ignore"):
            rising, falling = (km - self.at_from) / self.length_km, 1 - (km - self.at_to) / self.length_km
        for share in (rising, falling):
            inside = np.flatnonzero((share > _END) & (share < 1 - _END))
            inside = inside[np.abs(self.at(inside, share[inside]) - km) < 1e-9 * max(1.0, km)]
            places.append(inside)
            shares.append(share[inside])
        return np.concatenate(places), np.concatenate(shares)


def chainage(network: Network, edge: Int, first_vertex: tuple[float, float]) -> Chainage:
    """Count kilometres along a numbered road, by the shortest way along its own edges.

    The road begins at that of its ends which is nearest to `first_vertex`; a ring begins at its nearest node.
    Both carriageways of a road are counted alike. Where the road is interrupted it goes on at the end that is nearest
    to what has been counted, and the gap counts with its straight length.

    Parameters
    ----------
    network
        The roads.
    edge
        Positions of the edges of the road, shape `(n,)`.
    first_vertex
        Longitude and latitude: the first vertex of the first line of this number in the file.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> lines = shapely.from_wkt(["LINESTRING (1 0, 2 0)", "LINESTRING (1 0, 0 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
    >>> posts = chainage(network, np.array([0, 1]), (1.9, 0.0))
    >>> posts.at_from.round(1).tolist(), posts.at_to.round(1).tolist(), posts.begins
    ([111.3, 111.3], [0.0, 222.6], (2.0, 0.0))
    """
    edges = network.edges.iloc[edge]
    length_km = edges[LENGTH_M].to_numpy(float) / 1000.0
    nodes, local = np.unique(edges[[FROM_ID, TO_ID]].to_numpy(np.int64), return_inverse=True)
    start, end = local.reshape(-1, 2).T
    n = len(nodes)
    # Of parallel edges the shorter: a sparse matrix would add them up.
    joined = pd.DataFrame({"a": np.minimum(start, end), "b": np.maximum(start, end), "km": length_km})
    shortest = joined[joined["a"] != joined["b"]].groupby(["a", "b"])["km"].min().reset_index()
    graph = coo_matrix((shortest["km"], (shortest["a"], shortest["b"])), shape=(n, n)).tocsr()
    _, part = connected_components(graph, directed=False)
    degree = np.bincount(np.concatenate([start, end]), minlength=n)
    tip = degree == 1
    tip |= ~np.isin(part, part[tip])
    lon, lat = shapely.get_coordinates(network.nodes.geometry.to_numpy()[nodes]).T
    tips = np.flatnonzero(tip)
    _, nearest = nearest_point(np.array(first_vertex[:1]), np.array(first_vertex[1:]), lon[tips], lat[tips])
    node, begin_km = int(tips[nearest[0]]), 0.0
    begins = (float(lon[node]), float(lat[node]))
    km = np.full(n, np.inf)
    while True:
        km = np.minimum(km, begin_km + dijkstra(graph, directed=False, indices=node))
        counted, left = np.flatnonzero(np.isfinite(km)), np.flatnonzero(np.isinf(km) & tip)
        if len(left) == 0:
            return Chainage(edge, km[start], km[end], length_km, begins)
        gap, to = nearest_point(lon[left], lat[left], lon[counted], lat[counted])
        next_ = int(gap.argmin())
        node, begin_km = int(left[next_]), float(km[counted[to[next_]]] + gap[next_] / 1000.0)


def split_edges(network: Network, edge: Int, fraction: Float) -> tuple[Network, Int, Float, Float]:
    """Split edges at points, their lines as well.

    Parameters
    ----------
    network
        What is split.
    edge, fraction
        Position of the edge of each cut, and where on it as a share of its length, shape `(k,)`.

    Returns
    -------
    network, edge, start, end
        The new network, and of which edge of the old one, from where to where, each new edge is.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> line = shapely.from_wkt(["LINESTRING (0 0, 1 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> split, *_ = split_edges(network, np.array([0]), np.array([0.25]))
    >>> split.edges.geometry.to_wkt().tolist()
    ['LINESTRING (0 0, 0.25 0)', 'LINESTRING (0.25 0, 1 0)']
    """
    pieces = cut_edges(network, edge, fraction)
    if len(pieces.edge) == len(network.edges):
        return network, pieces.edge, pieces.start, pieces.end
    lines = network.edges.geometry.to_numpy()
    edges = network.edges.iloc[pieces.edge].reset_index(drop=True)
    geometry = edges.geometry.to_numpy().copy()
    cut = np.flatnonzero((pieces.start > 0) | (pieces.end < 1))
    geometry[cut] = parts_of_lines(lines[pieces.edge[cut]], pieces.start[cut], pieces.end[cut])
    length_m = edges[LENGTH_M].to_numpy(float) * (pieces.end - pieces.start)
    edges = edges.assign(**{FROM_ID: pieces.from_id, TO_ID: pieces.to_id, LENGTH_M: length_m})
    edges = edges.set_geometry(geometry, crs=network.edges.crs)
    n = len(network.nodes)
    new = np.flatnonzero(pieces.to_id >= n)
    new = new[np.argsort(pieces.to_id[new], kind="stable")]
    at = points_along(lines, pieces.edge[new], pieces.end[new])
    added = network.nodes.iloc[network.edges[FROM_ID].to_numpy(np.int64)[pieces.edge[new]]]
    added = added.set_geometry(shapely.points(at), crs=network.nodes.crs)
    nodes = gpd.GeoDataFrame(pd.concat([network.nodes, added], ignore_index=True), crs=network.nodes.crs)
    return Network(nodes, edges), pieces.edge, pieces.start, pieces.end
