"""`python -m gis` is `shalgai`."""

from gis.cli import main

if __name__ == "__main__":
    main()
