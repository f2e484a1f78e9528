"""Arrays in, arrays out: numpy, scipy and numba only; no geometry and no files."""
