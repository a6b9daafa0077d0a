"""The command `cifar-tui`: what comes before the first import that takes time, so that ctrl+c is quiet from then on."""

import os


def main() -> int:
    """Run the command line. Until a command takes SIGINT over, it ends the process with 130."""
    try:
        from tui_cifar.cli.interrupt import exit_on_interrupt

        exit_on_interrupt()
        from tui_cifar.cli import main as cli
    except KeyboardInterrupt:  # before there was a handler
        os._exit(130)
    return cli.main()
