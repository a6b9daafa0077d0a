"""Preparation: device, checkpoint, images, network, tuning, run directory. At its end, everything is ready for the first batch.

This module imports PyTorch; the session imports it only after reporting so.
"""

from __future__ import annotations

import base64
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.augmentation.packed import pack
from engine.config.recorded import VERSION
from engine.data.preprocess import to_float
from engine.data.registry import default_data_dir, load_dataset
from engine.data.resident import ResidentData
from engine.data.split import split_indices
from engine.data.types import Dataset, LabeledImages, Report
from engine.errors import RunDirectoryError
from engine.events.types import ImagesChosen, ImagesSkipped, RunStarted
from engine.models.protocol import network_protocol
from engine.models.registry import make_model
from engine.models.summary import count_parameters
from engine.runtime import rng
from engine.runtime.allocator import return_freed_memory
from engine.runtime.device import DeviceChoice, choose_device, use_deterministic
from engine.runtime.runtime import Runtime
from engine.session.context import SessionContext
from engine.session.describe import start_describing
from engine.session.resume import ResumePoint, find_checkpoint, inexact_changes, raise_if_incompatible
from engine.session.tune import tune
from engine.storage.checkpoint_files import set_aside
from engine.storage.checkpoint_writer import CheckpointWriter
from engine.storage.find_runs import default_run_name, run_of
from engine.storage.prediction_writer import PredictionWriter
from engine.storage.run_directory import RunDirectory, read_config
from engine.training.run_io import RunIO
from engine.training.trainer import Trainer

SHOWN_IMAGES = 48
"""Test images that are shown during training, and classified after every epoch."""
MAX_NAMES = 100
"""Unreadable files that are named in the event."""


def prepare(context: SessionContext) -> Trainer:
    """Build a trainer, at the position to continue from; `context` then holds it, and all that is to be closed.

    Raises:
        EngineError: the device, the data or the checkpoint can't be used, or the run directory can't be made or locked.
        Cancelled: a stop was asked for.
    """
    context.report("Choosing a device")
    choice = choose_device(context.config.runtime.device)
    context.device_name = choice.name
    use_deterministic(context.config.runtime.deterministic)

    point = _resume_point(context)
    dataset = _load_images(context)
    config = context.config = context.config.anchored()  # so that the run can be resumed from any folder
    if point is not None:
        raise_if_incompatible(point, config, dataset)
    split = split_indices(
        dataset.train.labels, config.data.valid_fraction, config.run.seed, stratified=config.data.stratified
    )
    data = _place(dataset, split, config.run.seed, choice.device)

    model = make_model(config.model, len(dataset.class_names), config.run.seed).to(choice.device)
    if point is None:
        _initialize(model, data.train)
    tuning = tune(context, model, data.train, point.state["tuning"] if point else None)
    model.to(memory_format=tuning.layout)
    runtime = Runtime(choice.device, tuning, _machine(choice, config.runtime.deterministic))
    return_freed_memory()  # what loading and measuring used

    directory = _open_directory(context, choice, runtime, dataset)
    checkpoints = CheckpointWriter(directory.checkpoints, config.run.keep)
    context.workers.callback(checkpoints.close)
    predictions = PredictionWriter(directory.path, config, data, context.events.emit)
    context.workers.callback(predictions.close)
    io = RunIO(context.events.emit, context.control, checkpoints, predictions, context.hook)
    trainer = context.trainer = Trainer(config, model, data, runtime, io)
    if point is not None:
        _continue(trainer, point, context)

    context.events.emit(_run_started(trainer, directory, dataset, choice, point))
    context.events.emit(_images_chosen(data))
    start_describing(context, dataset, split, directory.path)
    return trainer


class _LoaderReport(Report):
    """Passes on how far a loader is, and stops it."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context

    def step(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self._context.report(step, detail, done, total, unit)

    def poll(self) -> None:
        self._context.control.raise_if_stopping()


def _resume_point(context: SessionContext) -> ResumePoint | None:
    """Lock the run to resume, if any, and find its checkpoint."""
    if context.resume is None:
        return None
    context.report("Reading the checkpoint", str(context.resume))
    directory = RunDirectory(run_of(context.resume))
    directory.lock()
    context.directory = directory
    return find_checkpoint(context.resume, directory, context.events)


def _load_images(context: SessionContext) -> Dataset:
    config = context.config
    context.report("Loading images", config.data.dataset)
    dataset = load_dataset(
        config.data.dataset,
        data_dir=Path(config.data.data_dir) if config.data.data_dir else default_data_dir(),
        cache_dir=Path(config.run.runs_dir) / ".cache",
        report=_LoaderReport(context),
    )
    if dataset.skipped:
        context.events.emit(ImagesSkipped(count=len(dataset.skipped), names=dataset.skipped[:MAX_NAMES]))
    return dataset


def _place(dataset: Dataset, split: tuple[Tensor, Tensor], seed: int, device: torch.device) -> ResidentData:
    """Copy the images to the training device. Nothing is shared with the dataset, whose memory can be freed."""
    shown = torch.randperm(len(dataset.test), generator=rng.generator(seed, "shown"))[:SHOWN_IMAGES]
    train, valid = (
        LabeledImages(dataset.train.images[i].to(device), dataset.train.labels[i].to(device)) for i in split
    )
    train = LabeledImages(pack(train.images), train.labels)
    test = LabeledImages(*(t.to(device, copy=True) for t in (dataset.test.images, dataset.test.labels)))
    return ResidentData(train, valid, test, dataset.class_names, shown.to(device), dataset.fingerprint)


def _initialize(model: nn.Module, data: LabeledImages) -> None:
    """Show a new network training images, if it needs any."""
    network = network_protocol(model)
    if network.initialization_images:
        network.initialize(to_float(data.images[: network.initialization_images]))


def _machine(choice: DeviceChoice, deterministic: bool) -> dict[str, str]:
    return {"PyTorch": str(torch.__version__), "device": choice.name, "deterministic": str(deterministic)}


def _versions() -> dict[str, str]:
    try:
        own = importlib.metadata.version("cifar-tui")
    except importlib.metadata.PackageNotFoundError:
        own = "unknown"
    return {"python": platform.python_version(), "torch": torch.__version__, "cifar-tui": own}


def _open_directory(context: SessionContext, choice: DeviceChoice, runtime: Runtime, dataset: Dataset) -> RunDirectory:
    """Make the run directory, unless it is the one to resume, record the configuration, and write the events so far."""
    config, resume, log = context.config, context.resume, context.events.log
    if context.directory is None:
        folder = Path(config.run.runs_dir)
        context.directory = RunDirectory.create(folder, config.run.name, default_run_name(config.recipe))
    directory = context.directory
    if not directory.exclusive:
        log(
            f"{directory.path}: its file system does not support locks, so nothing keeps a second process out of it. "
            "Start no other on it"
        )
    if resume is not None:
        if resume.is_file() and (folder_aside := set_aside(directory.checkpoints, resume)) is not None:
            log(f"Checkpoints further than {resume.name} moved to {folder_aside}")
        try:
            read_config(directory.path)
        except RunDirectoryError:
            log("config.json was lost or damaged, and is written again")
    about: dict[str, Any] = {
        "version": VERSION,
        "config": config.as_dict(),
        "versions": _versions(),
        "device": str(choice.device),
        "device_name": choice.name,
        "tuning": runtime.tuning.as_dict(),
        "fingerprint": dataset.fingerprint,
    }
    try:
        directory.write_config(about)
    except OSError as e:
        log(f"config.json: not written: {e.strerror or e}")
    context.events.open(directory)
    return directory


def _continue(trainer: Trainer, point: ResumePoint, context: SessionContext) -> None:
    """Restore the trainer from a checkpoint, and say what will differ from an uninterrupted run."""
    trainer.checkpoints.load_state_dict(point.state)
    epochs = trainer.plan.epochs
    if changed := inexact_changes(point.state, trainer.config, trainer.runtime):
        context.events.log(f"Resumed, but not bit for bit: {', '.join(changed)}")
    if trainer.state.epoch > epochs:
        context.events.log(
            f"All {epochs} epochs were trained before: only the test is left. To continue, give more epochs"
        )


def _run_started(
    trainer: Trainer, directory: RunDirectory, dataset: Dataset, choice: DeviceChoice, point: ResumePoint | None
) -> RunStarted:
    config, data, state, tuning = trainer.config, trainer.data, trainer.state, trainer.runtime.tuning
    return RunStarted(
        name=directory.path.name,
        directory=str(directory.path),
        config=config.as_dict(),
        device=str(choice.device),
        device_name=choice.name,
        reason=choice.reason,
        dataset=dataset.name,
        counts={"train": len(data.train), "valid": len(data.valid), "test": len(data.test)},
        class_names=dataset.class_names,
        parameters=count_parameters(state.model),
        epochs=trainer.plan.epochs,
        steps_per_epoch=trainer.plan.steps,
        threads=torch.get_num_threads(),
        precision=tuning.precision,
        memory_format=tuning.memory_format,
        versions=_versions(),
        resumed_from=str(point.path) if point else None,
        epoch=state.epoch,
        step=state.step,
    )


def _images_chosen(data: ResidentData) -> ImagesChosen:
    """The test images to show, for everyone who follows the run."""
    pixels = data.test.images[data.shown].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return ImagesChosen(
        indices=tuple(data.shown.tolist()),
        labels=tuple(data.test.labels[data.shown].tolist()),
        data=base64.b64encode(pixels.tobytes()).decode("ascii"),
    )
