"""The user's keys and choices: read, remembered, and a broken file reported and left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.app import make_app, screen_text, until
from tests.support.scripted import Script
from tui_cifar.app.app import CifarApp
from tui_cifar.app.keymap import checked
from tui_cifar.app.settings import Settings
from tui_cifar.screens.dialogs.quit import QuitDialog
from tui_cifar.screens.registry import SCREENS


def test_choices_are_remembered(tmp_path: Path) -> None:
    settings = Settings.read(tmp_path / "new")
    settings.remember("theme", "dracula")
    settings.remember("theme", "nord")
    settings.flush(60)
    again = Settings.read(tmp_path / "new")
    assert again.choice("theme", ("nord", "dracula")) == "nord"
    assert again.choice("theme", ("dracula",)) is None, "what does not exist any more is not chosen"
    assert not again.problems and not list((tmp_path / "new").glob("*.tmp"))


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_broken_choices_are_reported_and_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "choices.json").write_text(text, errors="surrogateescape")
    settings = Settings.read(tmp_path)
    assert settings.choices == {} and len(settings.problems) == 1 and "choices.json" in settings.problems[0]


def test_keys_are_read_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('"app.quit" = "x"\n[run]\npause = "p"\nsave = 3\n')
    settings = Settings.read(tmp_path)
    assert settings.keys == {"app.quit": "x", "run.pause": "p"}
    assert len(settings.problems) == 1 and "run.save" in settings.problems[0]
    (tmp_path / "keys.toml").write_text("= broken")
    assert "keys.toml" in Settings.read(tmp_path).problems[0]


def test_a_folder_that_cannot_be_written_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file")
    settings.remember("theme", "nord")
    settings.flush(60)
    assert settings.choice("theme", ("nord",)) == "nord"


async def test_the_application_uses_the_users_keys_and_remembers(tmp_path: Path) -> None:
    settings = Settings(tmp_path, keys={"plot.log": "g", "no.such": "x"})
    app = make_app(Script(epochs=1), settings=settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        assert any("no.such" in line for _, line in app.run_state.lines)
        await pilot.press("g")
        await until(pilot, lambda: "g log · m smooth 0" in screen_text(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "g  Logarithmic or linear" in screen_text(app))
        await pilot.press("escape")
        await pilot.press("d")
        await until(pilot, lambda: settings.choices.get("theme") == "cifar-light")
    again = make_app(Script(epochs=1), settings=Settings.read(tmp_path))
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "log · m smooth 0" in screen_text(again))
        assert again.theme == "cifar-light"


@pytest.mark.parametrize(("pause", "resume", "leave"), [("space", "space", "q"), ("f5", "f6", "x")])
async def test_the_notice_of_a_small_terminal_has_the_users_keys(
    tmp_path: Path, pause: str, resume: str, leave: str
) -> None:
    keys = {"run.pause": pause, "run.resume": resume, "app.quit": leave} if leave != "q" else {}
    script = Script(epochs=3, hold_at=(2, 5))
    app = make_app(script, settings=Settings(tmp_path, keys=keys))
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: f"{pause}: pause   s: save   {leave}: quit" in screen_text(app))
        await until(pilot, script.holding.is_set)
        await pilot.press(pause)
        await until(pilot, lambda: app.controller.capabilities.resume)
        await pilot.press(resume)
        await until(pilot, lambda: app.controller.capabilities.pause)
        await pilot.press(leave)
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))


@pytest.mark.parametrize(
    ("keys", "used", "told"),
    [
        ({"plot.log": "g"}, ["plot.log"], None),
        ({"plot.log": ","}, ["plot.log"], None),
        ({"plot.log": "ctrl+g, f5,question_mark"}, ["plot.log"], '"question_mark" is both app.help and plot.log'),
        ({"plot.lag": "g"}, [], "plot.lag: there is no such key binding"),
        ({"plot.log": "g,spcae"}, [], '"spcae" is not a key'),
        ({"plot.log": "control+g"}, [], '"control+g" is not a key'),
        ({"run.save": "g"}, ["run.save"], '"g" is both run.save and browse.goto'),
        ({"detail.map": "o"}, ["detail.map"], '"o" is both detail.map and detail.class'),
        ({"detail.map": "w"}, ["detail.map"], None),
        ({"run.save": "e", "run.evaluate": "s"}, ["run.save", "run.evaluate"], None),
        ({"run.pause": "p", "run.resume": "p"}, ["run.pause", "run.resume"], "predictions"),
    ],
)
def test_keys_that_are_none_or_somebody_elses_are_told(keys: dict[str, str], used: list[str], told: str | None) -> None:
    good, problems = checked(keys, CifarApp, [screen.load() for screen in SCREENS.values()])
    assert list(good) == used
    if told == "predictions":  # where "p" chooses a predicted class
        assert problems and all("browse." in line or "detail." in line for line in problems)
    else:
        assert [told in line for line in problems if told] == ([True] if told else []), problems


@pytest.mark.parametrize(("name", "opening"), [("keys.toml", "a = " + "[" * 100_000), ("choices.json", "[" * 100_000)])
def test_a_file_nested_without_end_is_reported(tmp_path: Path, name: str, opening: str) -> None:
    (tmp_path / name).write_text(opening)
    assert [p for p in Settings.read(tmp_path).problems if name in p]
