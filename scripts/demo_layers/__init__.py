"""The parts of build_demo_layers: places, roads, climate, outlines and the catalogue."""
