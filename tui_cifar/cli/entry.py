"""The command `cifar-tui`: what comes before the first import that takes time, so that ctrl+c is quiet from then on."""

import os


def main() -> int:
    """Run the command line, as `tui_cifar.cli.main.main`. SIGINT ends the process with 130 until a command takes it over.

    A handler that leaves, not a KeyboardInterrupt: raised in the midst of an import, that can be swallowed and told of.
    """
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is to be ignored (nohup, &)
            signal.signal(signal.SIGINT, _leave)
        from tui_cifar.cli import main as cli
    except KeyboardInterrupt:  # before there was a handler
        os._exit(130)
    return cli.main()


def clear_away_first() -> None:
    """Have SIGINT raise a KeyboardInterrupt again, for a command with files or processes to clear away."""
    import signal

    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_: object) -> None:
    os._exit(130)
