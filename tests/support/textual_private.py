"""Private parts of Textual that tests use; those that the product uses are in `tui_cifar/terminal/textual_private.py`."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.keys import _character_to_key
from textual.screen import Screen

from tui_cifar.terminal.textual_private import Update, screen_strips


def text_of(screen: Screen[Any]) -> str:
    """The characters of a screen, as lines without the spaces at their ends."""
    return "\n".join(strip.text.rstrip() for strip in screen_strips(screen))


def whole_update(app: App[Any]) -> Update:
    """All that is visible, with the screens behind a dialog."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, Update)
    return update


def is_laid_out(screen: Screen[Any]) -> bool:
    """Whether no change of the layout is pending."""
    return not screen._layout_required


def key_of(character: str) -> str:
    """Textual's name for the key of a character: "question_mark"."""
    return _character_to_key(character)


def notices(app: App[Any]) -> list[str]:
    """The texts of the notices that are shown."""
    return [notice.message for notice in app._notifications]
