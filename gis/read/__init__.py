"""Files into checked layers: the door at which every layer is looked at."""
