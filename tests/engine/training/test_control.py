"""What a run finds when it polls, after commands from outside."""

from __future__ import annotations

import pytest

from engine.errors import Cancelled
from engine.events.commands import Command, Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.training.control import MAX_INSPECTIONS, Control


def test_a_pause_lasts_until_the_run_is_resumed_or_stopped() -> None:
    for end in (Resume(), Stop()):
        control = Control()
        assert not control.paused
        control.send(Pause())
        assert control.paused and control.wait_while_paused(0)
        control.send(end)
        assert not control.paused and not control.wait_while_paused(0)


def test_it_says_who_paused_resumed_or_stopped_the_run_last() -> None:
    control = Control()
    assert control.steered_by == ""
    for command, by in ((Pause(), "ada"), (Resume(), "bob"), (Pause(), ""), (Stop(), "ada")):
        control.send(command, by=by)
        assert control.steered_by == by
    control.send(Save(), by="bob")
    assert control.steered_by == "ada"


def test_requests_are_taken_once() -> None:
    control = Control()
    assert not control.take_save() and not control.take_evaluate()
    for _ in range(2):
        control.send(Save())
        control.send(Evaluate())
    assert control.take_save() and control.take_evaluate()
    assert not control.take_save() and not control.take_evaluate()


def test_a_stop_says_why_and_whether_to_save() -> None:
    control = Control()
    control.raise_if_stopping()
    control.send(Stop(save=False, reason="SIGTERM"))
    assert (control.stopping, control.save_on_stop, control.stop_reason) == (True, False, "SIGTERM")
    with pytest.raises(Cancelled):
        control.raise_if_stopping()


def test_of_very_many_images_the_newest_are_inspected() -> None:
    control = Control()
    for i in range(MAX_INSPECTIONS + 3):
        control.send(InspectImage(id=str(i), path="cat.png"))
    assert [command.id for command in control.take_inspections()] == [str(i) for i in range(3, MAX_INSPECTIONS + 3)]
    assert control.take_inspections() == []


def test_what_is_no_known_command_is_refused() -> None:
    with pytest.raises(TypeError, match="not a command"):
        Control().send(Command())
