"""`python -m convscope`."""

import sys

from convscope.cli import main

if __name__ == "__main__":
    sys.exit(main())
