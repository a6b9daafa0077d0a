"""Sequences for the terminal's title, its bell and desktop notifications."""

from __future__ import annotations

from tui_cifar.terminal.notifications import MAX_TITLE, notification, title


def test_a_title_contains_no_other_sequence() -> None:
    assert title("a\x1b]0;b\x07é") == "\x1b]2;a?]0;b??\x07"
    assert len(title("x" * 1000)) == MAX_TITLE + len("\x1b]2;\x07")


def test_the_bell_is_all_that_is_sent_if_asked_for() -> None:
    assert notification("bell", "a", "b") == "\x07"


def test_the_kind_of_notification_follows_from_the_environment() -> None:
    assert notification("auto", "run", "done", {}) == "\x1b]9;run: done\x07\x07"
    assert notification("auto", "r;n", "done", {"VTE_VERSION": "7"}) == "\x1b]777;notify;r,n;done\x07\x07"
    assert notification("auto", "run", "done", {"TERM": "foot"}).startswith("\x1b]777;")


def test_tmux_is_asked_to_pass_the_notification_on() -> None:
    assert notification("osc9", "run", "done", {"TMUX": "x"}).startswith("\x1bPtmux;\x1b\x1b]9;")
