"""Shalgai: which villages are far, and which can live."""
