"""Results into files that people open: GeoPackage, rasters, web map, tables, run record."""
