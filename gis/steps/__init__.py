"""The study unpacked, one module for each stage: what is asked becomes keyword arguments, what is found is noted."""
