"""The keys that work on every screen. Each is named by its `id` in the user's `keys.toml`."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui_cifar.screens.registry import TITLES


def _key(keys: str, action: str, word: str, id: str, tooltip: str, *, show: bool = True) -> Binding:
    return Binding(keys, action, word, id=id, tooltip=tooltip, show=show)


APP_BINDINGS: list[BindingType] = [
    _key("space", "pause", "Pause", "run.pause", "Pause training at the next batch"),
    _key("space", "resume", "Resume", "run.resume", "Resume training"),
    _key("s", "save", "Save now", "run.save", "Write a checkpoint of this very batch"),
    _key("e", "evaluate", "Evaluate", "run.evaluate", "Classify the test images with this batch's weights"),
    *[
        _key(str(i), f"view('{key}')", word, f"view.{key}", f"Screen: {word}", show=False)
        for i, (key, word) in enumerate(TITLES.items(), 1)
    ],
    _key("i", "own_image", "Own image", "app.image", "Classify an image of your own: asks for its path", show=False),
    _key("d", "toggle_dark", "Dark or light", "app.dark", "Switch between the dark and the light theme", show=False),
    Binding("question_mark", "help", "Help", key_display="?", id="app.help", tooltip="All keys"),
    _key("q", "leave", "Quit", "app.quit", "Leave; asks first while a run is under way"),
    Binding(
        "ctrl+c",
        "interrupt",
        "Quit",
        id="app.interrupt",
        show=False,
        priority=True,
        tooltip="Leave; pressed twice, at once and without saving",
    ),
]
