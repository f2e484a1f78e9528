"""A look at the installation: versions, drivers, and what is known to break GDAL or PROJ."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from gis.errors import Finding

_LIBRARIES = (
    "shalgai", "geopandas", "shapely", "rasterio", "pyogrio", "pyproj", "folium", "numba", "numpy", "scipy", "pandas",
    "django-leaflet",
)  # fmt: skip
_VECTOR = ("GPKG", "ESRI Shapefile", "GeoJSON", "FlatGeobuf", "OSM")
_RASTER = ("GTiff", "COG")
_VARIABLES = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "PYTHONPATH", "PYTHONHOME")


def examine(environment: Mapping[str, str] = os.environ) -> tuple[dict[str, str], list[Finding]]:
    """Look at versions, drivers and the environment.

    Parameters
    ----------
    environment
        The variables of the process.

    Returns
    -------
    facts
        What is installed, in order.
    findings
        What will break a run (`error`) or can confuse one (`warning`).

    Examples
    --------
    >>> facts, findings = examine({"PROJ_LIB": "/opt/other/proj"})
    >>> [f.value for f in findings if f.code == "environment"]
    ['PROJ_LIB=/opt/other/proj']
    """
    import pyogrio
    import pyproj
    import rasterio
    from rasterio.drivers import raster_driver_extensions

    facts = {"python": platform.python_version(), "platform": platform.platform()}
    findings = []
    for name in _LIBRARIES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "missing"
            findings.append(Finding("error", "missing-library", "not installed; install shalgai again", value=name))
    facts["GDAL (vector)"] = pyogrio.__gdal_version_string__
    facts["GDAL (raster)"] = rasterio.__gdal_version__
    facts["PROJ"] = pyproj.proj_version_str
    facts["PROJ data"] = pyproj.datadir.get_data_dir()
    drivers = pyogrio.list_drivers()
    for name in _VECTOR:
        if name not in drivers:
            findings.append(Finding("error", "missing-driver", "GDAL cannot read or write this format", value=name))
    known = {*raster_driver_extensions().values(), "COG"}
    for name in _RASTER:
        if name not in known:
            findings.append(Finding("error", "missing-driver", "GDAL cannot read or write this format", value=name))
    for name in _VARIABLES:
        if environment.get(name):
            findings.append(
                Finding(
                    "warning",
                    "environment",
                    "set by another program (QGIS or OSGeo4W do so); it can point GDAL or PROJ to "
                    "files of another version: unset it, or start from a plain console",
                    value=f"{name}={environment[name]}",
                )
            )
    if find_spec("leaflet") is None:
        findings.append(Finding("error", "missing-library", "maps would need the network", value="django-leaflet"))
    try:
        pyproj.Transformer.from_crs("EPSG:28412", "EPSG:4326", always_xy=True).transform(12_500_000, 5_500_000)
    except pyproj.exceptions.ProjError as error:
        findings.append(Finding("error", "proj", f"PROJ cannot find its data: {error}"))
    return facts, findings
