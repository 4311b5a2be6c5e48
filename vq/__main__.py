"""`python -m vq STAGE PATH...`: the code of the folder that this is run in, if that has some."""

import sys

from vq.cli import main

if __name__ == "__main__":
    sys.exit(main())
