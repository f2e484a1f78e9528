"""Geography into graphs and grids: grids, geodesy, networks, speeds, sampling."""
