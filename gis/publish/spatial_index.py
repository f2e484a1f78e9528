"""The spatial index of a large layer of a GeoPackage, made once all its rows are there.

Row by row, as SQLite fills it, the index takes as long as the rows. Here it is packed: boxes that lie together share a
node, every node but the last ones is full, and the whole tree is written as it will lie in the file. The format is that
of SQLite's R*Tree module: https://www.sqlite.org/rtree.html, section 6, and the constants of its source, rtree.c.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Boxes = NDArray[np.float32]

_CELL = np.dtype([("id", ">i8"), ("box", ">f4", 4)])
_CELLS_MAX = 51
_ROOT = 1


@contextlib.contextmanager
def index_afterwards(path: Path, layer: str, bounds: NDArray[np.float64]) -> Iterator[None]:
    """Let rows be added to a layer without its index, and make the index anew when the block has ended well.

    Parameters
    ----------
    path
        The GeoPackage; closed.
    layer
        Has an index, and geometry in `geom`.
    bounds
        Of all rows that the layer will have, in order: least x, least y, greatest x, greatest y; NaN where there is
        no geometry. The rows are numbered from 1.
    """
    if not _has_rtree():  # the driver fills the index then, row by row
        yield
        return
    index = f"rtree_{layer}_geom"
    known = "FROM gpkg_extensions WHERE table_name = ? AND extension_name = 'gpkg_rtree_index'"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        # The table of the index, and the triggers that will keep it up when the layer is edited.
        made = db.execute(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE name = ?1 OR (type = 'trigger' AND tbl_name = ?2 AND instr(name, ?1 || '_') = 1) ORDER BY type",
            [index, layer],
        ).fetchall()
        row = db.execute(f"SELECT * {known}", [layer]).fetchall()
        for kind, name, _ in reversed(made):
            db.execute(f"DROP {kind} {_name(name)}")
        db.execute(f"DELETE {known}", [layer])
    yield
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        for _, _, statement in made:
            db.execute(statement)
        _fill(db, index, bounds)
        db.executemany("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", row)


def _has_rtree() -> bool:
    """Whether this Python's SQLite knows the kind of index."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        return db.execute("SELECT 1 FROM pragma_module_list WHERE name = 'rtree'").fetchone() is not None


def _fill(db: sqlite3.Connection, index: str, bounds: NDArray[np.float64]) -> None:
    """Replace what the tables of an index hold."""
    rows = np.flatnonzero(~np.isnan(bounds).any(axis=1))
    nodes, leaf, parents = packed(rows + 1, outwards(bounds[rows]))
    with_values = {
        "node": list(enumerate(nodes, start=_ROOT)),
        "rowid": zip((rows + 1).tolist(), leaf.tolist(), strict=True),
        "parent": enumerate(parents.tolist(), start=_ROOT + 1),
    }
    for table, values in with_values.items():
        db.execute(f"DELETE FROM {_name(f'{index}_{table}')}")
        db.executemany(f"INSERT INTO {_name(f'{index}_{table}')} VALUES (?, ?)", values)


def outwards(bounds: NDArray[np.float64]) -> Boxes:
    """Return least x, greatest x, least y and greatest y in single precision, never inside the box that was given.

    Examples
    --------
    >>> box = outwards(np.array([[0.1, 0.2, 0.1, 0.2]]))[0].astype(float)
    >>> bool(box[0] <= 0.1 <= box[1]), bool(box[2] <= 0.2 <= box[3])
    (True, True)
    """
    exact = bounds[:, [0, 2, 1, 3]]
    boxes = exact.astype(np.float32)
    low, high = boxes[:, ::2], boxes[:, 1::2]
    low[:] = np.where(low > exact[:, ::2], np.nextafter(low, np.float32(-np.inf)), low)
    high[:] = np.where(high < exact[:, 1::2], np.nextafter(high, np.float32(np.inf)), high)
    return boxes


def packed(ids: Int, boxes: Boxes) -> tuple[list[bytes], Int, Int]:
    """Pack boxes into the nodes of a tree: sorted into strips by x, in each by y.

    Parameters
    ----------
    ids, boxes
        Rows of the layer, and from `outwards`.

    Returns
    -------
    nodes, leaf, parents
        The nodes as SQLite keeps them, the root first, numbered from 1; of each box, the number of its node; of each
        node but the root, the number of the one above it.

    Notes
    -----
    Leutenegger, Lopez and Edgington (1997): STR, a simple and efficient algorithm for R-tree packing.

    Examples
    --------
    >>> box = outwards(np.array([[1.0, 2.0, 3.0, 4.0]]))
    >>> nodes, leaf, parents = packed(np.array([7]), box)
    >>> nodes[0][:12].hex(), np.frombuffer(nodes[0][12:28], ">f4").tolist(), leaf.tolist(), parents.tolist()
    ('000000010000000000000007', [1.0, 3.0, 2.0, 4.0], [1], [])
    """
    order = _strips(boxes)
    levels = [(ids[order], boxes[order])]
    while len(levels[-1][0]) > _CELLS_MAX:
        below = levels[-1][1]
        first = np.arange(0, len(below), _CELLS_MAX)
        above = np.empty((len(first), 4), np.float32)
        above[:, ::2] = np.minimum.reduceat(below[:, ::2], first)
        above[:, 1::2] = np.maximum.reduceat(below[:, 1::2], first)
        levels.append((np.arange(len(first)), above))
    count = [max(1, -(-len(cells) // _CELLS_MAX)) for cells, _ in levels]
    begin = _ROOT + np.append(np.cumsum(count[::-1])[::-1][1:], 0)  # the root has the first number, leaves the last
    nodes: list[bytes] = []
    parents: list[Int] = []
    for depth in range(len(levels) - 1, -1, -1):
        cells, around = levels[depth]
        nodes += _nodes(cells if depth == 0 else cells + begin[depth - 1], around, depth if not nodes else 0)
        if depth:
            parents.append(begin[depth] + np.arange(len(cells)) // _CELLS_MAX)
    leaf = np.empty(len(ids), np.int64)
    leaf[order] = begin[0] + np.arange(len(ids)) // _CELLS_MAX
    return nodes, leaf, np.concatenate([*parents, np.empty(0, np.int64)])


def _strips(boxes: Boxes) -> Int:
    """Order boxes by strips of x, and in each by y, so that a strip has as many leaves as there are strips."""
    leaves = -(-len(boxes) // _CELLS_MAX)
    wide = _CELLS_MAX * max(1, int(np.ceil(np.sqrt(leaves))))
    strip = np.empty(len(boxes), np.int64)
    strip[np.argsort(boxes[:, 0] + boxes[:, 1], kind="stable")] = np.arange(len(boxes)) // wide
    return np.lexsort([boxes[:, 2] + boxes[:, 3], strip])


def _nodes(ids: Int, boxes: Boxes, depth: int) -> list[bytes]:
    """Lay out the nodes of a level, as long as if they were full; the root tells the depth of the tree."""
    count = max(1, -(-len(ids) // _CELLS_MAX))
    cells = np.zeros(count * _CELLS_MAX, _CELL)
    cells["id"][: len(ids)], cells["box"][: len(ids)] = ids, boxes
    held = np.full(count, _CELLS_MAX)
    held[-1] = len(ids) - _CELLS_MAX * (count - 1)
    heads = np.stack([np.full(count, depth), held], axis=1).astype(">u2")
    return [head.tobytes() + node.tobytes() for head, node in zip(heads, cells.reshape(count, -1), strict=True)]


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
