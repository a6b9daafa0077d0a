"""`python -m tui_cifar` is `cifar-tui`."""

import sys

from tui_cifar.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
