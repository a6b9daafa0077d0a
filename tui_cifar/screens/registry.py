"""The screens of a run, in the order of their keys: 1, 2, 3, …. A new screen is a file beside this one and an entry here."""

from __future__ import annotations

from engine.registry import Entry, Registry

SCREENS = Registry(
    "screen",
    Entry(name="dashboard", description="Dashboard", factory="tui_cifar.screens.dashboard:Dashboard"),
    Entry(name="predictions", description="Predictions", factory="tui_cifar.screens.predictions:PredictionsScreen"),
    Entry(name="confusion", description="Confusion", factory="tui_cifar.screens.confusion:ConfusionScreen"),
    Entry(name="data", description="Data", factory="tui_cifar.screens.data:DataScreen"),
    Entry(name="model", description="Model", factory="tui_cifar.screens.model:ModelScreen"),
    Entry(name="log", description="Log", factory="tui_cifar.screens.log:LogScreen"),
)
"""The description is the title in the line of screens; the factory is a subclass of `RunScreen`."""

TITLES = {screen.name: screen.description for screen in SCREENS.values()}
