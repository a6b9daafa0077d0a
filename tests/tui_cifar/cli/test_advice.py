"""What the command line adds to messages of the engine."""

from __future__ import annotations

from engine.errors import ConfigError
from engine.events.types import RunFailed
from tui_cifar.cli.advice import advised, advised_failure


def failure(kind: str) -> RunFailed:
    return RunFailed(title="Title", message="The message.", kind=kind, detail="")


def test_messages_with_advice_end_with_flags() -> None:
    unavailable = advised_failure(failure("data_unavailable"))
    assert unavailable.startswith("The message. Try again, give a --data-dir ")
    assert "--dataset shapes" in unavailable and "\n" not in unavailable
    assert advised(ConfigError("The message.", code="fixed_image_size")).startswith(
        "The message. Give --no-progressive"
    )


def test_other_messages_stay_as_they_are() -> None:
    assert advised_failure(failure("data")) == "The message."
    assert advised(ConfigError("The message.")) == "The message."
