"""The commands: an entry each. Add one as a module here with a function `run(arguments) -> exit code`, and an entry below."""

from __future__ import annotations

from engine.registry import Entry, Registry

_CONTROL = "control a live run from another terminal"

COMMANDS = Registry(
    "command",
    Entry(
        name="train",
        description="train, in the dashboard or without it (the default)",
        factory="tui_cifar.cli.commands.train:run",
    ),
    Entry(
        name="attach",
        description="watch and control a run that another process trains",
        factory="tui_cifar.cli.commands.attach:run",
    ),
    Entry(
        name="browse",
        description="look at a run: curves, predictions, data, network",
        factory="tui_cifar.cli.commands.browse:run",
    ),
    Entry(
        name="runs",
        description="list the runs in a directory: state, progress, accuracy",
        factory="tui_cifar.cli.commands.runs:run",
    ),
    Entry(
        name="pause",
        description=_CONTROL,
        factory="tui_cifar.cli.commands.control:pause",
    ),
    Entry(
        name="resume",
        description=_CONTROL,
        factory="tui_cifar.cli.commands.control:resume",
    ),
    Entry(
        name="save",
        description=_CONTROL,
        factory="tui_cifar.cli.commands.control:save",
    ),
    Entry(
        name="stop",
        description=_CONTROL,
        factory="tui_cifar.cli.commands.control:stop",
    ),
    Entry(
        name="predict",
        description="classify images of your own with a trained network",
        factory="tui_cifar.cli.commands.predict:run",
    ),
    Entry(
        name="export",
        description="write a run's best weights to a file",
        factory="tui_cifar.cli.commands.export:run",
    ),
    Entry(
        name="recipes",
        description="list the recipes and their values",
        factory="tui_cifar.cli.commands.recipes:run",
    ),
    Entry(
        name="bench",
        description="measure this computer, the recipes and the dashboard",
        factory="tui_cifar.cli.commands.bench:run",
    ),
)
