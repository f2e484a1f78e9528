"""Which encoding text is in: found from the bytes, and said where it had to be guessed."""

import codecs
import re
import zipfile
from pathlib import Path

from gis.read.checks import Report

_LEGACY = "cp1251"
_LEGACY_NOTE = "which cannot hold most Kazakh letters (Ә Ғ Қ Ң Ө Ұ Ү Һ); set encoding if it is another"
_RUSSIAN = 0xC9  # the language driver id of CP1251
_NO_CODE_PAGE = (0x00, 0x57)  # language driver ids that say nothing: none, and "the system's own"


def decode(report: Report, data: bytes, encoding: str | None) -> str:
    """Decode the bytes of a text file; guess UTF-8, then CP1251, where no encoding is given.

    Examples
    --------
    >>> report = Report("a.csv")
    >>> decode(report, "Абай".encode("cp1251"), None), report.findings[0].code
    ('Абай', 'encoding-guessed')
    """
    used = encoding or _guess(data)
    _require_known(report, used)
    try:
        text = data.decode(used)
    except UnicodeDecodeError:
        report.fail("encoding", f"text is not in {used}; set encoding to what it is in")
    if encoding is None and used == _LEGACY:
        report.add("warning", "encoding-guessed", f"not in UTF-8; read as CP1251, {_LEGACY_NOTE}")
    return text


def _guess(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _LEGACY
    return "utf-8"


def _require_known(report: Report, encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        report.fail("unknown-encoding", 'no such encoding; try "utf-8" or "cp1251"', value=encoding)


def shapefile_encoding(report: Report, path: Path, encoding: str | None) -> str | None:
    """Return the encoding of a Shapefile's texts, plain or zipped; None leaves it to GDAL.

    The file's own word counts first: a `.cpg` beside it, or a code page in the `.dbf`. Without either the
    bytes are looked at, as in `decode`.
    """
    if encoding is not None:
        _require_known(report, encoding)
        return encoding
    cpg, dbf = _part(path, ".cpg"), _part(path, ".dbf")
    said = (cpg or b"").decode("ascii", "ignore").strip()
    if said:
        return _stated(report, said)
    if dbf is None or len(dbf) < 32:
        return None
    if dbf[29] not in _NO_CODE_PAGE:
        if dbf[29] == _RUSSIAN:
            report.add("warning", "encoding", f"read as CP1251, as its .dbf says, {_LEGACY_NOTE}")
        return None
    header = int.from_bytes(dbf[8:10], "little")
    # Of the header only the names of the fields are text: eleven bytes of each 32, ended by a zero.
    fields = b"".join(dbf[i : i + 11].split(b"\0")[0] for i in range(32, header - 1, 32))
    used = _guess(fields + dbf[header:])
    if used == _LEGACY:
        report.add("warning", "encoding-guessed", f"names no encoding; read as CP1251, {_LEGACY_NOTE}")
    return used


def _stated(report: Report, said: str) -> str | None:
    digits = re.search(r"\d{3,5}$", said)
    names = [said, "utf-8" if said == "65001" else f"cp{digits.group()}" if digits else said]
    for name in names:
        try:
            used = codecs.lookup(name).name
        except LookupError:
            continue
        if used == _LEGACY:
            report.add("warning", "encoding", f"read as CP1251, as its .cpg says, {_LEGACY_NOTE}")
        return used
    report.add("warning", "encoding", f"its .cpg names {said}, which is not known; left to GDAL")
    return None


def _part(path: Path, suffix: str) -> bytes | None:
    """Return the bytes of a part of a Shapefile, whatever the case of its suffix; None without it."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.lower().endswith(suffix)), None)
            return archive.read(name) if name else None
    for other in path.parent.iterdir():
        if other.stem == path.stem and other.suffix.lower() == suffix:
            return other.read_bytes()
    return None
