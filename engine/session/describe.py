"""The description of a dataset, made in a thread beside the training."""

from __future__ import annotations

import threading
from pathlib import Path

from torch import Tensor

from engine.augmentation.augmenter import Augmenter
from engine.config.schema import Config
from engine.data.statistics import NAMED, describe_split, find_duplicates, image_names
from engine.data.types import Dataset
from engine.errors import Cancelled
from engine.events.types import DataDescribed, SplitDescribed
from engine.inspection.samples import FILE, draw_samples, write_samples
from engine.session.context import SessionContext
from engine.session.event_writer import EventWriter
from engine.training.control import Control


def start_describing(context: SessionContext, dataset: Dataset, split: tuple[Tensor, Tensor], directory: Path) -> None:
    """Start the thread, to be awaited by `context.workers`. A failure costs no more than the description.

    Args:
        context: of the session.
        dataset: its images are not modified.
        split: int64 indices of the training and of the validation images.
        directory: of the run.
    """
    config, events, control = context.config, context.events, context.control
    arguments = (config, dataset, split, directory, events, control)
    thread = threading.Thread(target=_describe, args=arguments, name="describe-data", daemon=True)
    thread.start()
    context.workers.callback(thread.join)


def _describe(
    config: Config,
    dataset: Dataset,
    split: tuple[Tensor, Tensor],
    directory: Path,
    events: EventWriter,
    control: Control,
) -> None:
    try:
        splits = _splits(dataset, split, control)
        pairs = find_duplicates([dataset.train.images.numpy(), dataset.test.images.numpy()])
        names: list[str] = []
        if pairs:
            names = [name for part in image_names(config.data.dataset, dataset).values() for name in part]
        events.emit(
            DataDescribed(
                path=_write_samples(config, dataset, split[0], directory, events),
                splits=splits,
                duplicate_count=len(pairs),
                duplicates=tuple(f"{names[a]} = {names[b]}" for a, b in pairs[:NAMED]),
            )
        )
    except Cancelled:
        pass
    except Exception as e:
        events.log(f"the data could not be described: {type(e).__name__}: {e}")


def _splits(dataset: Dataset, split: tuple[Tensor, Tensor], control: Control) -> tuple[SplitDescribed, ...]:
    train, valid = split
    found = []
    for name, data, chosen in (
        ("train", dataset.train, train.numpy()),
        ("valid", dataset.train, valid.numpy()),
        ("test", dataset.test, None),
    ):
        classes = len(dataset.class_names)
        found.append(describe_split(name, data.images.numpy(), data.labels.numpy(), classes, chosen))
        control.raise_if_stopping()
    return tuple(found)


def _write_samples(config: Config, dataset: Dataset, train: Tensor, directory: Path, events: EventWriter) -> str:
    """The path of the file of samples; "" if the disk refused it."""
    path = directory / FILE
    try:
        write_samples(path, draw_samples(dataset, train, Augmenter(config.augmentation, config.run.seed)))
    except OSError as e:
        events.log(f"{path.name}: not written: {e.strerror or e}")
        return ""
    return str(path)
