"""The order of a run's events, as a grammar."""

from __future__ import annotations

import re

from engine.events.codec import name_of
from engine.events.types import Event

LETTERS = {
    "preparation_advanced": "p",
    "run_started": "R",
    "images_chosen": "c",
    "epoch_started": "E",
    "batch_completed": "",
    "loss_sampled": "l",
    "validation_started": "V",
    "epoch_completed": "e",
    "images_classified": "k",
    "test_started": "T",
    "test_completed": "t",
    "run_completed": "C",
    "run_stopped": "S",
    "run_failed": "F",
    "run_paused": "(",
    "run_resumed": ")",
    "checkpoint_saved": "",
    "checkpoint_failed": "",
    "checkpoint_skipped": "s",
    "line_logged": "",
    "images_skipped": "u",
    "predictions_saved": "",
    "validation_predictions_saved": "",
    "model_described": "m",
    "data_described": "",
}
EVENT_ORDER = re.compile(r"p*(s*p*)*u?(Rcm(E[l()]*V[()]*ek)*(E[l()]*(V[()]*)?)?(T[()]*(t)?)?)?[CSF]")
"""Events of other threads, such as checkpoints and lines of the log, are left out: they may come at any time."""


def in_letters(events: list[Event]) -> str:
    """The events as `EVENT_ORDER` reads them, a letter each."""
    return "".join(LETTERS[name_of(e)] for e in events)
