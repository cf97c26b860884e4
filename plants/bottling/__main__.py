"""`python -m plants.bottling`."""

import sys

from plants.bottling.program import main

if __name__ == "__main__":
    sys.exit(main())
