"""`python -m braid_clients.cli` is the command `braid`."""

import sys

from braid_clients.cli import main

if __name__ == "__main__":
    sys.exit(main())
