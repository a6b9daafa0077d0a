"""A run in this process, as the dashboard sees it: what can be done with it when, and which of its events wait."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.buffer import EventBuffer
from engine.events.commands import InspectImage, Pause, Resume, Save, Stop
from engine.events.types import (
    BatchCompleted,
    EpochStarted,
    Event,
    InspectionFailed,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunFailed,
    RunStopped,
)
from engine.training.control import Control
from tests.support.scripted import Script
from tui_cifar.run.client import Capabilities
from tui_cifar.run.local import Listener, LocalRun

CONFIG = make_config({"device": "cpu"})


def batch(step: int) -> BatchCompleted:
    return BatchCompleted(phase="training", epoch=1, step=step, steps=10, images_per_second=1.0, seconds_left=None)


def test_of_progress_only_the_latest_waits() -> None:
    buffer = EventBuffer()
    sample = LossSampled(epoch=1, step=2, steps=10, train_loss=1.0)
    for event in (batch(1), batch(2), sample, batch(3), batch(4)):
        buffer.put(event)
    taken = buffer.take()
    assert taken[0] is sample and isinstance(taken[1], BatchCompleted) and taken[1].step == 4 and len(taken) == 2
    assert buffer.take() == []


def test_progress_from_before_an_event_is_not_shown_after_it() -> None:
    buffer = EventBuffer()
    line = LineLogged(source="engine", text="so far so good")
    buffer.put(batch(1))
    buffer.put(line)
    assert buffer.take() == [line]


def test_rare_events_wake_and_frequent_ones_do_not() -> None:
    woken: list[Event] = []
    buffer = EventBuffer()
    last: Event = batch(1)
    buffer.wake = lambda: woken.append(last)
    for last in (
        batch(1),
        LossSampled(epoch=1, step=2, steps=10, train_loss=1.0),
        EpochStarted(epoch=1, learning_rate=0.1),
    ):
        buffer.put(last)
    assert [type(e) for e in woken] == [EpochStarted]


def test_what_can_be_done_changes_with_the_run() -> None:
    script = Script(epochs=1, hold_at=(1, 3))
    run = LocalRun(CONFIG, script)
    assert run.capabilities == Capabilities(pause=True, save=True, hosted=True), "before its start"
    assert run.join(), "nothing to wait for"
    run.start(lambda: None)
    assert script.holding.wait(20)
    training = Capabilities(pause=True, save=True, evaluate=True, stop=True, inspect=True, hosted=True)
    assert run.capabilities == training
    run.send(Pause())
    assert not run.capabilities.pause and run.capabilities.resume
    run.send(Resume())
    assert run.capabilities == training
    run.send(Save())
    script.go.set()
    assert run.join(20)
    assert run.capabilities == Capabilities(inspect=True, hosted=True)
    assert isinstance(run.events()[-1], RunCompleted) and script.saves == 1


def test_closing_stops_the_run_and_saves() -> None:
    script = Script(epochs=1, hold_at=(1, 3))
    run = LocalRun(CONFIG, script)
    run.start(lambda: None)
    assert script.holding.wait(20)
    run.close("SIGTERM")
    assert run.join(20)
    ended = run.events()[-1]
    assert isinstance(ended, RunStopped) and ended.reason == "SIGTERM" and ended.saved


def test_an_engine_that_breaks_ends_the_run() -> None:
    def broken(config: Config, control: Control, listener: Listener) -> object:
        raise SystemExit("a library")

    run = LocalRun(CONFIG, broken)
    run.start(lambda: None)
    assert run.join(20)
    (failed,) = run.events()
    assert isinstance(failed, RunFailed) and "SystemExit: a library" in failed.message and "Traceback" in failed.detail


def test_an_image_that_the_run_left_behind_is_answered_at_its_end() -> None:
    asked, end = threading.Event(), threading.Event()

    def busy(config: Config, control: Control, listener: Listener) -> object:
        asked.wait(20)
        end.wait(20)
        return None

    run = LocalRun(CONFIG, busy)
    run.start(lambda: None)
    run.send(InspectImage.of_file("before", Path("cat.png")))
    asked.set()
    end.set()
    assert run.join(20)
    run.send(InspectImage.of_file("after", Path("cat.png")))
    events = run.events()
    assert [e.id for e in events if isinstance(e, InspectionFailed)] == ["before", "after"]
    assert not run.capabilities.inspect, "it never had a network"


def test_a_stop_before_the_start_is_kept() -> None:
    run = LocalRun(CONFIG, Script(epochs=1))
    run.send(Stop(save=False))
    run.start(lambda: None)
    assert run.join(20)
    assert isinstance(run.events()[-1], RunStopped)
