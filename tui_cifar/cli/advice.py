"""What to do about an error, in terms of the command line, which the engine knows nothing of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.models.registry import MODELS
from engine.options import listed

if TYPE_CHECKING:
    from engine.events.types import RunFailed  # takes a while to import


def _fixed_image_size() -> str:
    others = [f"--model {m.name}" for m in MODELS.values() if m.any_image_size]
    return f"Give {listed(['--no-progressive', *others], 'or')}."


ADVICE: dict[str, Callable[[], str]] = {
    "unknown_recipe": lambda: "'cifar-tui recipes' lists them.",
    "fixed_image_size": _fixed_image_size,
}
"""By the error's code."""


_OTHER_DATA = (
    "Try again, give a --data-dir that holds cifar-10-python.tar.gz, or train on built-in images with --dataset shapes."
)
ADVICE_BY_KIND = {
    "data_unavailable": _OTHER_DATA,
    "device": "Use --device cpu, or --device auto to take what works.",
}
"""By the kind of failure with which a run ended."""


def advised(error: EngineError) -> str:
    """The error's message, and what to do about it where there is something to say."""
    advice = ADVICE.get(error.code)
    return f"{error.message} {advice()}" if advice else error.message


def advised_failure(ended: RunFailed) -> str:
    """The message of a run that failed, and what to do about it where there is something to say."""
    return f"{ended.message} {ADVICE_BY_KIND.get(ended.kind, '')}".rstrip()
