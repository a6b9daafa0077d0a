"""Names and order of checkpoints, and setting some aside."""

from pathlib import Path

import pytest

from engine.storage.checkpoint_files import checkpoint_name, newest_first, position, set_aside


def test_the_furthest_checkpoint_comes_first(tmp_path: Path) -> None:
    names = ["best.pt", "epoch-0001.pt", "epoch-0002-step-0000010.pt", "epoch-0002-step-0000005.pt", "epoch-0002.pt"]
    for name in names:
        (tmp_path / name).write_text("")
    assert [p.name for p in newest_first(tmp_path)] == [
        "epoch-0002.pt",
        "epoch-0002-step-0000010.pt",
        "epoch-0002-step-0000005.pt",
        "epoch-0001.pt",
        "best.pt",
    ]


@pytest.mark.parametrize(("epoch", "step"), [(1, None), (1, 0), (9999, 1_234_567), (12_345, None)])
def test_a_name_tells_its_position(epoch: int, step: int | None) -> None:
    assert position(Path(checkpoint_name(epoch, step))) == (epoch, step)
    assert position(Path("best.pt")) is None


def test_only_checkpoints_that_are_further_are_set_aside(tmp_path: Path) -> None:
    names = ["best.pt", "epoch-0001.pt", "epoch-0002-step-0000010.pt", "epoch-0002.pt", "mine.pt"]
    for name in names:
        (tmp_path / name).write_text(name)
    assert set_aside(tmp_path, tmp_path / "epoch-0002.pt") is None
    folder = set_aside(tmp_path, tmp_path / "epoch-0001.pt")
    assert folder is not None
    assert sorted(p.name for p in folder.iterdir()) == ["best.pt", "epoch-0002-step-0000010.pt", "epoch-0002.pt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["aside-1", "epoch-0001.pt", "mine.pt"]
