"""A session: everything from a configuration to the one terminal event. Call `run` in a thread of its own.

PyTorch is imported inside, so that importing this module costs nothing and a first screen can be drawn before.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config.recorded import VERSION, changes
from engine.config.schema import Config
from engine.errors import (
    Cancelled,
    CheckpointError,
    CheckpointUnreadError,
    EngineError,
    OutOfMemoryError,
    RunDirectoryError,
)
from engine.events.types import (
    CheckpointSkipped,
    DataDescribed,
    Event,
    ImagesChosen,
    ImagesSkipped,
    LineLogged,
    PreparationAdvanced,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.runtime.allocator import return_freed_memory
from engine.runtime.atomic_io import path_exists
from engine.runtime.torch_import import gc_paused_for_import, preload_torch
from engine.storage.prediction_writer import PredictionWriter
from engine.storage.run_directory import RunDirectory, default_run_name, read_config, run_of
from engine.training.control import Control
from engine.training.hooks import Hook

if TYPE_CHECKING:
    from engine.data.resident import ResidentData
    from engine.data.types import Dataset, Report
    from engine.runtime.autotune import Tuning
    from engine.training.trainer import Trainer

Listener = Callable[[Event], None]

MEASURED_IMAGES = 64
"""Largest batch to measure with: a larger one tells the same, and takes longer."""
SHOWN_IMAGES = 48
"""How many test images are classified after each epoch, for the eye."""


def run(
    config: Config, control: Control, listener: Listener, *, resume: Path | None = None, hook: Hook | None = None
) -> RunEnded:
    """Prepare, train, test; blocks until the end and never raises for what a run can meet.

    Args:
        config: what to do. When resuming, the values to go on with.
        control: polled before every batch, every downloaded piece and every decoded image.
        listener: receives every event, in order, from this thread and the checkpoint writer's; may not block.
        resume: the run directory, or the checkpoint file, to go on from.
        hook: code to run at fixed places of the run.

    Returns:
        The terminal event, which is also the last that the listener received.
    """
    ended = _run(config, control, listener, resume, hook or Hook())
    return_freed_memory()  # of what the run held, nothing is left
    return ended


def _run(config: Config, control: Control, listener: Listener, resume: Path | None, hook: Hook) -> RunEnded:
    """`run`, with all that the run holds as local names."""
    session = _Session(config, control, listener, hook)
    failure: tuple[EngineError | None, str] = (None, "")
    ended: RunEnded | None = None
    out_of_memory = False
    try:
        ended = session.go(resume)
    except Cancelled:
        pass
    except EngineError as e:
        failure = (e, "")
    except MemoryError:
        out_of_memory = True
    except Exception as e:
        if type(e).__name__ == "OutOfMemoryError":  # torch's, named so as not to import torch here
            out_of_memory = True
        else:
            failure = (EngineError(f"{type(e).__name__}: {e}"), traceback.format_exc())
    except BaseException as e:  # a library that calls sys.exit ends the run, not the thread without a word
        failure = (EngineError(f"{type(e).__name__}: {e}"), traceback.format_exc())
    # Outside the handlers, because a traceback holds on to the tensors that filled the memory.
    if out_of_memory:
        failure = (
            OutOfMemoryError(
                f"The {session.device} ran out of memory at batch size {config.batch_size}. "
                f"Try --batch-size {max(1, config.batch_size // 2)}, or --device cpu."
            ),
            "",
        )
    return session.end(ended, *failure)


class _Session:
    def __init__(self, config: Config, control: Control, listener: Listener, hook: Hook) -> None:
        self.config, self.control, self.hook = config, control, hook
        self.device = "computer"
        self._listener = listener
        self._lock = threading.RLock()
        self._directory: RunDirectory | None = None
        self._held: RunDirectory | None = None
        self._events_refused = False
        self._early: list[Event] = []
        self._trainer: Trainer | None = None
        self._close_writer: Callable[[], None] = lambda: None
        self._publisher: PredictionWriter | None = None
        self._describing: threading.Thread | None = None

    # -- events -------------------------------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Write the event to the run directory and hand it to the listener; neither failing stops the run."""
        with self._lock:
            if not event.live:
                if self._directory is None:
                    self._early.append(event)
                else:
                    self._write_down(event, self._directory)
            self._tell(event)

    def _write_down(self, event: Event, directory: RunDirectory) -> None:
        """Append to `events.jsonl`; a disk that refuses is told of once, until it takes them again."""
        try:
            self.hook.before_event(event)
            directory.append(event)
        except (OSError, ValueError) as e:
            if not self._events_refused:
                reason = getattr(e, "strerror", None) or str(e)
                self._tell(LineLogged(source="engine", text=f"events.jsonl: not written: {reason}"))
            self._events_refused = True
        else:
            self._events_refused = False

    def _log(self, text: str) -> None:
        """A line for the log."""
        self.emit(LineLogged(source="engine", text=text))

    def _tell(self, event: Event) -> None:
        try:
            self._listener(event)
        except Exception:
            warnings.warn(f"a listener failed:\n{traceback.format_exc()}", stacklevel=2)

    def _prepare(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        self.control.raise_if_stopping()
        self.emit(PreparationAdvanced(step=step, detail=detail, done=done, total=total, unit=unit))

    # -- the run ------------------------------------------------------------------------------------------------------

    def go(self, resume: Path | None) -> RunEnded:
        self.control.raise_if_stopping()
        if resume is None:
            RunDirectory.raise_if_taken(Path(self.config.runs_dir), self.config.name)
        self._prepare("Importing PyTorch")
        preload_torch()
        with gc_paused_for_import():
            import torch

            from engine.data.registry import default_data_dir, load_dataset
            from engine.data.split import split_indices
            from engine.models.registry import make_model
            from engine.models.summary import count_parameters
            from engine.runtime import rng as seeds
            from engine.runtime.autotune import Tuning
            from engine.runtime.device import choose_device, use_deterministic
            from engine.runtime.runtime import Runtime
            from engine.storage import checkpoint
            from engine.training.run_io import RunIO
            from engine.training.trainer import Trainer

        config = self.config
        self._prepare("Choosing a device")
        choice = choose_device(config.device)
        self.device = choice.name
        use_deterministic(config.deterministic)
        state, resumed_from = self._read_checkpoint(resume)
        self._prepare("Loading images", config.dataset)
        dataset = load_dataset(
            config.dataset,
            data_dir=Path(config.data_dir) if config.data_dir else default_data_dir(),
            cache_dir=Path(config.runs_dir) / ".cache",
            report=_reporter(self),
        )
        config = self.config = config.anchored()  # for the run to be gone on with from anywhere
        if dataset.skipped:
            self.emit(ImagesSkipped(count=len(dataset.skipped), names=dataset.skipped[:100]))
        if state is not None:
            _check_compatible(state, config, dataset, str(resumed_from))
        split = split_indices(dataset.train.labels, config.valid_fraction, config.seed, stratified=config.stratified)
        shown = torch.randperm(len(dataset.test), generator=seeds.generator(config.seed, "shown"))[:SHOWN_IMAGES]
        data = _place(dataset, split, shown, choice.device)

        model = make_model(config.model, len(dataset.class_names), config.run.seed).to(choice.device)
        if state is None:
            _initialize(model, data)
        tuning = self._tune(model, data, choice.device, Tuning(**state["tuning"]) if state is not None else None)
        model = model.to(memory_format=tuning.layout)
        return_freed_memory()  # what loading and measuring took

        machine = {"PyTorch": str(torch.__version__), "device": choice.name, "deterministic": str(config.deterministic)}
        versions = {"python": platform.python_version(), "torch": torch.__version__, "cifar-tui": _version()}
        directory = self._open_directory(
            resume,
            {
                "version": VERSION,
                "config": config.as_dict(),
                "versions": versions,
                "device": str(choice.device),
                "device_name": choice.name,
                "tuning": tuning.as_dict(),
                "fingerprint": dataset.fingerprint,
            },
        )
        writer = checkpoint.CheckpointWriter(directory.checkpoints, config.keep)
        self._close_writer = writer.close
        publisher = self._publisher = PredictionWriter(directory.path, config, data, self.emit)
        runtime = Runtime(choice.device, tuning, machine)
        run_io = RunIO(self.emit, self.control, writer, publisher, self.hook)
        trainer = self._trainer = Trainer(config, model, data, runtime, run_io)
        if state is not None:
            trainer.load_state_dict(state)
            self._compare(state, {**machine, **tuning.as_dict()})
            if trainer.state.epoch > config.epochs:
                self._log(
                    f"All {config.epochs} epochs were trained before: only the test is left. Give more --epochs to go on"
                )
        counts = {"train": len(data.train), "valid": len(data.valid), "test": len(data.test)}
        started = RunStarted(
            name=directory.path.name,
            directory=str(directory.path),
            config=config.as_dict(),
            device=str(choice.device),
            device_name=choice.name,
            reason=choice.reason,
            dataset=dataset.name,
            counts=counts,
            class_names=dataset.class_names,
            parameters=count_parameters(model),
            epochs=config.epochs,
            steps_per_epoch=trainer.plan.steps,
            threads=torch.get_num_threads(),
            precision=tuning.precision,
            memory_format=tuning.memory_format,
            versions=versions,
            resumed_from=resumed_from,
            epoch=trainer.state.epoch,
            step=trainer.state.step,
        )
        self.emit(started)
        self.emit(_chosen(dataset, shown))
        self._describing = threading.Thread(
            target=self._describe, args=(dataset, split, directory.path), name="describe-data", daemon=True
        )
        self._describing.start()
        del dataset  # training has its own copies: once described, the images as loaded go

        result = trainer.run()
        return RunCompleted(
            epochs=config.epochs,
            seconds=trainer.state.watch.seconds,
            test_accuracy=result.accuracy,
            tta_accuracy=result.tta_accuracy,
            test_loss=result.loss,
            **self._best(),
        )

    def end(self, ended: RunEnded | None, error: EngineError | None, detail: str) -> RunEnded:
        """Finish the checkpoints, emit the terminal event, close the run directory."""
        trainer = self._trainer
        if ended is None and error is None and trainer is not None and self.control.save_on_stop:
            try:
                trainer.checkpoints.save("stop")
            except Exception as e:
                self._log(f"the checkpoint at the stop failed: {type(e).__name__}: {e}")
        self._close_writer()
        if self._publisher is not None:
            self._publisher.close()
        if self._describing is not None:
            self._describing.join()
        if error is not None:
            ended = RunFailed(title=error.title, message=error.message, kind=error.kind, detail=detail, **self._best())
        elif ended is None:
            epoch, step = (trainer.state.epoch, trainer.state.step) if trainer else (0, 0)
            if trainer and epoch > self.config.epochs:  # stopped in the test
                epoch, step = self.config.epochs, trainer.plan.steps
            saved = trainer.checkpoints.saved if trainer and self.control.save_on_stop else None
            ended = RunStopped(epoch=epoch, step=step, reason=self.control.stop_reason, saved=saved, **self._best())
        self.emit(ended)
        with self._lock:
            for directory in (self._directory, self._held):
                if directory is not None:
                    directory.close()
        # They know this session, too, and would hold the memory until Python looks for such circles.
        self._trainer = self._publisher = self._describing = None
        self._close_writer = lambda: None
        return ended

    # -- parts --------------------------------------------------------------------------------------------------------

    def _best(self) -> dict[str, Any]:
        if self._trainer is None or self._directory is None:
            return {}
        best, values = self._trainer.state.best, {"directory": str(self._directory.path)}
        if not best.epoch:
            return values
        file = self._directory.checkpoints / "best.pt"
        return {
            **values,
            "best_epoch": best.epoch,
            "best_valid_loss": best.valid_loss,
            "best_valid_accuracy": best.valid_accuracy,
            "best_checkpoint": str(file) if path_exists(file) else None,
        }

    def _tune(self, model: Any, data: ResidentData, device: Any, recorded: Tuning | None) -> Tuning:
        """Threads, precision and layout: as the flags say, else as recorded, else measured; applied to this thread."""
        from engine.runtime.autotune import Tuning, choose, cuda_tuning

        config = self.config
        asked: dict[str, Any] = {
            "threads": config.threads,
            "precision": config.precision,
            "memory_format": config.memory_format,
        }
        asked = {name: value for name, value in asked.items() if value not in (0, "auto")}
        tuning = dataclasses.replace(recorded or Tuning(), **asked)
        free = set() if recorded else {"threads", "precision", "memory_format"} - set(asked)
        if device.type == "cuda":
            suited = cuda_tuning(device, None if "precision" in free else tuning.precision)
            tuning = dataclasses.replace(tuning, **{k: v for k, v in suited.items() if k in free})
        elif free:
            self._prepare("Measuring this machine")
            return choose(tuning, free, _scratch_step(model, data, config))
        tuning.apply()
        return tuning

    def _compare(self, state: dict[str, Any], now: dict[str, Any]) -> None:
        """Say so where a resumed run will not equal one never stopped to the last bit."""
        before = {**state["machine"], **state["tuning"]}
        changed = [f"{key} {before.get(key)} → {value}" for key, value in now.items() if before.get(key) != value]
        changed += [f"{c.name} {c.before} → {c.now}" for c in changes(state["config"], self.config, "inexact")]
        if changed:
            self._log(f"Resumed, but not bit for bit: {', '.join(changed)}")

    def _describe(self, dataset: Dataset, split: tuple[Any, Any], directory: Path) -> None:
        """Look through the data beside the training, and tell what was found; a failure costs no more than that."""
        from engine.augmentation.augmenter import Augmenter
        from engine.data import statistics as describe
        from engine.inspection import samples

        try:
            names = dataset.class_names
            sets = [
                ("train", dataset.train, split[0]),
                ("valid", dataset.train, split[1]),
                ("test", dataset.test, None),
            ]
            described = []
            for name, labeled, chosen in sets:
                images, labels = labeled.images.numpy(), labeled.labels.numpy()
                which = None if chosen is None else chosen.numpy()
                described.append(describe.describe_split(name, images, labels, len(names), which))
                if self.control.stopping:
                    return
            pairs = describe.find_duplicates([dataset.train.images.numpy(), dataset.test.images.numpy()])
            every: list[str] = []
            if pairs:
                every = [n for part in describe.image_names(self.config.dataset, dataset).values() for n in part]
            path = directory / samples.FILE
            try:
                augmenter = Augmenter(self.config.augmentation, self.config.run.seed)
                samples.write_samples(path, samples.draw_samples(dataset, split[0], augmenter))
                told = str(path)
            except OSError as e:
                self._log(f"{path.name}: not written: {e.strerror or e}")
                told = ""
            self.emit(
                DataDescribed(
                    path=told,
                    splits=tuple(described),
                    duplicate_count=len(pairs),
                    duplicates=tuple(f"{every[a]} = {every[b]}" for a, b in pairs[: describe.NAMED]),
                )
            )
        except Exception as e:
            self._log(f"the data could not be described: {type(e).__name__}: {e}")

    def _open_directory(self, resume: Path | None, about: dict[str, Any]) -> RunDirectory:
        """The run directory, locked, with what `config.json` holds and the events that came before it written down."""
        if resume is None:
            self._held = RunDirectory.create(
                Path(self.config.runs_dir), self.config.name, default_run_name(self.config.recipe)
            )
        directory = self._held
        assert directory is not None
        if not directory.alone:
            self._log(
                f"{directory.path}: its file system knows no locks: nothing keeps a second process out of it. Start no other on it"
            )
        if resume is not None:
            from engine.storage.checkpoint import set_aside

            if resume.is_file() and (folder := set_aside(directory.checkpoints, resume)) is not None:
                self._log(f"Checkpoints further than {resume.name} moved to {folder}")
            try:
                read_config(directory.path)
            except RunDirectoryError:
                self._log("config.json was lost or damaged, and is made anew")
        try:
            directory.write_config(about)
        except OSError as e:
            self._log(f"config.json: not written: {e.strerror or e}")
        with self._lock:
            self._directory = directory
            for event in self._early:
                self._write_down(event, directory)
            self._early.clear()
        return directory

    def _read_checkpoint(self, resume: Path | None) -> tuple[dict[str, Any] | None, str | None]:
        """The state to go on from: the file named, or the newest of the run that verifies. Locks the run first.

        None for a run that was ended before its first checkpoint: it starts at its first batch.
        """
        if resume is None:
            return None, None
        from engine.storage.checkpoint import load_checkpoint, newest_first

        self._prepare("Reading the checkpoint", str(resume))
        held = self._held = RunDirectory(run_of(resume))
        held.lock()
        if resume.is_file():
            try:
                return _whole(load_checkpoint(resume), resume), str(resume)
            except CheckpointError as e:
                raise CheckpointError(
                    f"{e.message} Name another, or give --resume {held.path} for the run's newest whole one."
                ) from None
        found = newest_first(held.checkpoints)
        if not found:
            self._log("Nothing was saved yet: the run starts at its first batch")
            return None, None
        for path in found:
            try:
                return _whole(load_checkpoint(path), path), str(path)
            except CheckpointUnreadError as e:
                # Perhaps whole, and further than the others: not for the program to give up.
                raise CheckpointError(
                    f"{e.message} See to it that it can be read, or name another of the run's checkpoints."
                ) from None
            except CheckpointError as e:
                self.emit(CheckpointSkipped(path=str(path), error=e.message))
                _set_bad_aside(path)
        raise CheckpointError(f"{resume}: it has no checkpoint that can be read. Start a new run without --resume.")


def _check_compatible(state: dict[str, Any], config: Config, dataset: Dataset, path: str) -> None:
    """Refuse to go on from a checkpoint with other images, or with settings that can't change half-way."""
    if state["fingerprint"] != dataset.fingerprint:
        unread = (
            f" Of these, {len(dataset.skipped)} could not be read: {dataset.skipped[0]}." if dataset.skipped else ""
        )
        raise CheckpointError(
            f"{path}: it was trained on other images than {config.dataset}.{unread} Give the same --dataset."
        )
    for change in changes(state["config"], config, "fixed"):
        raise CheckpointError(
            f"{path}: {change.name} was {change.before} and can't become {change.now} half-way. "
            f"Resume without --{change.name.replace('_', '-')}, or start a new run."
        )
    if state["step"] and (before := state["config"].get("batch_size")) != config.run.batch_size:
        raise CheckpointError(
            f"{path}: it lies within an epoch of batch size {before}. Resume with that batch size, "
            "or name a checkpoint from the end of an epoch."
        )


_STATE: dict[str, type | tuple[type, ...]] = {
    "model": dict,
    "optimizer": dict,
    "epoch": int,
    "step": int,
    "best": dict,
    "seconds": float,
    "config": dict,
    "fingerprint": str,
    "machine": dict,
    "tuning": dict,
}


def _whole(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """The state of a checkpoint that verified, if it also holds what a run needs."""
    for key, kind in _STATE.items():
        if not isinstance(state.get(key), kind):
            raise CheckpointError(f"{path}: not a checkpoint of this program: {key!r} is missing or of another kind.")
    if not (state["epoch"] >= 1 and state["step"] >= 0):
        raise CheckpointError(f"{path}: not a checkpoint of this program: its position is impossible.")
    return state


def _set_bad_aside(path: Path) -> None:
    """Rename a checkpoint that did not verify, so that it is not taken for the newest again."""
    try:
        path.rename(path.with_name(path.name + ".damaged"))
    except OSError:
        pass  # it will be skipped again


def _reporter(session: _Session) -> Report:
    """Passes a loader's progress on as events."""
    from engine.data.types import Report

    class Reporter(Report):
        def step(
            self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
        ) -> None:
            session._prepare(step, detail, done, total, unit)

        def poll(self) -> None:
            session.control.raise_if_stopping()

    return Reporter()


def _place(dataset: Dataset, split: tuple[Any, Any], shown: Any, device: Any) -> ResidentData:
    """The split data on the training device; nothing of it is shared with the dataset."""
    from engine.augmentation.packed import pack
    from engine.data.resident import ResidentData
    from engine.data.types import LabeledImages

    train, valid = (
        LabeledImages(dataset.train.images[i].to(device), dataset.train.labels[i].to(device)) for i in split
    )
    train = LabeledImages(pack(train.images), train.labels)
    test = LabeledImages(*(t.to(device, copy=True) for t in (dataset.test.images, dataset.test.labels)))
    return ResidentData(train, valid, test, dataset.class_names, shown.to(device), dataset.fingerprint)


def _initialize(model: Any, data: ResidentData) -> None:
    """Give a network that wants it a look at training images, before its first step."""
    from engine.data.preprocess import to_float
    from engine.models.protocol import network_protocol

    network = network_protocol(model)
    if network.initialization_images:
        network.initialize(to_float(data.train.images[: network.initialization_images]))


def _scratch_step(model: Any, data: ResidentData, config: Config) -> Callable[[Tuning], Callable[[], object]]:
    """Makes training steps of the run's own kind, on copies of the network, to measure with."""
    import copy

    from torch.nn import functional as F

    from engine.data.preprocess import to_float

    size = min(config.batch_size, len(data.train), MEASURED_IMAGES)

    def make_step(tuning: Tuning) -> Callable[[], object]:
        scratch = copy.deepcopy(model).train().to(memory_format=tuning.layout)
        x, y = to_float(data.train.images[:size], tuning.layout), data.train.labels[:size]

        def step() -> None:
            with tuning.autocast(x.device):
                logits = scratch(x)
            F.cross_entropy(logits.float(), y).backward()
            scratch.zero_grad()

        return step

    return make_step


def _chosen(dataset: Dataset, shown: Any) -> ImagesChosen:
    import base64

    pixels = dataset.test.images[shown].permute(0, 2, 3, 1).contiguous().numpy()
    return ImagesChosen(
        indices=tuple(shown.tolist()),
        labels=tuple(dataset.test.labels[shown].tolist()),
        data=base64.b64encode(pixels.tobytes()).decode("ascii"),
    )


def _version() -> str:
    try:
        return importlib.metadata.version("cifar-tui")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
