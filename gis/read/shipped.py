"""Where the layers that come with the program are: in the installed package, or in the checkout."""

from importlib import resources
from pathlib import Path

from gis.read.checks import Report
from gis.read.vector import require_file


def layers_dir() -> Path:
    """Return the folder of the layers that come with the program.

    Examples
    --------
    >>> layers_dir().name
    'layers'
    """
    package = Path(str(resources.files("gis")))
    installed = package / "layers"
    return installed if installed.is_dir() else package.parent / "layers"


def preset(name: str) -> Path:
    """Return the file of a preset, by its name with suffix.

    Raises
    ------
    InputError
        No preset of this name; the nearest names are given.

    Examples
    --------
    >>> preset("no_such_table.csv")
    Traceback (most recent call last):
    ...
    gis.errors.InputError: ...
    """
    path = layers_dir() / "presets" / name
    require_file(path, Report(name))
    return path
