"""State and accuracy in the terminal's title, and the notification at the end."""

from __future__ import annotations

from engine.events.types import RunFailed
from tests.support.events import fold, run_events
from tui_cifar.app.announcer import Announcer
from tui_cifar.run.state import RunState
from tui_cifar.terminal import notifications


def test_the_title_follows_the_run_and_is_given_back() -> None:
    sent: list[str] = []
    announcer = Announcer(sent.append, None)
    announcer.restore_title()
    assert sent == [], "it was never changed"
    announcer.show_title(RunState())
    assert sent == [notifications.KEEP_TITLE + notifications.title("cifar-tui preparing")]
    state = fold(*run_events(epochs=2, upto=5))
    for _ in range(2):
        announcer.show_title(state)
    assert sent[1:] == [notifications.title("night training 3/4 62.0%")], "once, until it changes"
    announcer.show_title(fold(*run_events(epochs=4, test=True)))
    assert sent[2:] == [notifications.title("night done test 72.2%")]
    announcer.restore_title()
    assert sent[3:] == [notifications.RESTORE_TITLE]


def test_only_whoever_asked_is_notified_of_the_end() -> None:
    failed = RunFailed(title="Out of memory", message="Too large.", kind="memory")
    state = fold(*run_events(epochs=1), failed)
    for how, wanted in ((None, []), ("osc9", ["\x1b]9;night: Out of memory\x07\x07"])):
        sent: list[str] = []
        Announcer(sent.append, how).notify_end(state, failed)
        assert sent == wanted
