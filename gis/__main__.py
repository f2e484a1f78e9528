"""`python -m gis` is `shalgai`."""

from gis.cli import program

if __name__ == "__main__":
    program()
