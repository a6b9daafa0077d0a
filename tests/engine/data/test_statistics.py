"""The description of a dataset: counts, mean and standard deviation, duplicates, samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config.schema import Config
from engine.data.statistics import describe_split, find_duplicates
from engine.errors import DataError
from engine.events.codec import from_json, to_json
from engine.events.commands import Stop
from engine.events.types import DataDescribed, Event, LossSampled, ModelDescribed, RunCompleted, RunStarted
from engine.inspection.samples import FILE, read_samples
from engine.training.control import Control
from tests.support.runs import Recorder, train


def test_counts_mean_and_standard_deviation() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2_500, 3, 8, 8), dtype=np.uint8)
    labels = np.array([0] * 1_000 + [2] * 1_500)
    found = describe_split("train", images, labels, 4)
    assert found.per_class == (1_000, 0, 1_500, 0)
    assert found.mean == pytest.approx(images.mean((0, 2, 3)), abs=0.01)
    assert found.spread == pytest.approx(images.std((0, 2, 3)), abs=0.01)


def test_no_images_at_all() -> None:
    found = describe_split("valid", np.zeros((0, 3, 8, 8), np.uint8), np.zeros(0, np.int64), 2)
    assert found.per_class == (0, 0) and found.mean == (0, 0, 0)


def test_duplicates_within_and_across_arrays() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8) for n in (50, 30))
    assert find_duplicates([a, b]) == []
    a[7] = a[3]
    b[0] = a[3]
    b[9] = a[20]
    assert find_duplicates([a, b]) == [(3, 7), (3, 50), (20, 59)]
    assert find_duplicates([a[:0], b[:0]]) == []


def test_images_with_equal_hashes_are_still_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weights:
        def integers(self, *_: object, **__: object) -> np.ndarray:
            return np.zeros(384, dtype=np.uint64)

    monkeypatch.setattr("engine.data.statistics.np.random.default_rng", lambda _: Weights())  # all words weigh the same
    a = np.zeros((2, 3, 32, 32), dtype=np.uint8)
    a[0, 0, 0, 0], a[1, 0, 0, 8] = 1, 1  # the same sum of words, other images
    assert find_duplicates([a]) == []


def test_a_run_describes_its_data_and_its_network(quick: Callable[..., Config], image_folder: Path) -> None:
    run = train(quick(epochs=1))
    (data,), (model,) = run.of(DataDescribed), run.of(ModelDescribed)
    started = run.of(RunStarted)[0]
    assert isinstance(run.events[-1], RunCompleted), "the description comes before the end"
    assert {s.name: sum(s.per_class) for s in data.splits} == dict(started.counts)
    assert [len(s.per_class) for s in data.splits] == [3, 3, 3]
    assert model.parameters == started.parameters == sum(x.parameters for x in model.layers)
    samples = read_samples(Path(data.path))
    assert data.path.endswith(FILE) and samples.before.shape[1:] == (32, 32, 3)
    assert samples.draws.shape[:2] == (len(samples.before), 7) and len(samples.batch) == len(samples.batch_labels)
    assert from_json(to_json(data)) == data and from_json(to_json(model)) == model


def test_duplicates_and_unreadable_files_are_listed(quick: Callable[..., Config], tmp_path: Path) -> None:
    root = tmp_path / "images"
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("a", "b"):
            (root / part / name).mkdir(parents=True)
            for i in range(6):
                pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / part / name / f"{i}.png")
    (root / "train" / "a" / "3.png").write_bytes(b"broken")
    (root / "test" / "b" / "4.png").write_bytes((root / "train" / "a" / "5.png").read_bytes())
    run = train(quick(dataset=str(root), epochs=1, batch_size=4))
    (data,) = run.of(DataDescribed)
    assert data.duplicate_count == 1 and data.duplicates == ("train/a/5.png = test/b/4.png",)


def test_samples_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"none")
    with pytest.raises(DataError, match="no samples that can be read"):
        read_samples(tmp_path / FILE)


def test_a_network_that_grows_is_described_as_it_is_now(quick: Callable[..., Config]) -> None:
    config = quick(recipe="fast", width=16, epochs=3, lr=0.1)

    def widths(run: Recorder) -> list[tuple[int, int]]:
        return [(m.layers[1].output[0], m.grows) for m in run.of(ModelDescribed)]

    whole = train(config)
    assert widths(whole) == [(8, 2), (16, 0)]
    narrow, full = whole.of(ModelDescribed)
    assert narrow.trained < narrow.parameters < full.trained < full.parameters

    def stop_in_the_first_epoch(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled):
            control.send(Stop())

    stopped = config.replace(name="stopped")
    assert widths(train(stopped, stop_in_the_first_epoch)) == [(8, 2)]
    assert widths(train(stopped, resume=Path(config.run.runs_dir) / "stopped")) == [(8, 2), (16, 0)]
