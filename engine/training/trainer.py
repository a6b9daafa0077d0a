"""The training loop: train, validate, keep the best, test. A step is `Trainer._train_epoch`, on one screen.

Order, augmentation and dropout are functions of (seed, epoch, step), so a trainer that loads a checkpoint of any batch goes
on as if it had never stopped.
"""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.augmentation.augmenter import Augmenter
from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.data.types import LabeledImages
from engine.errors import Cancelled, CheckpointError, NonFiniteLossError
from engine.events.commands import InspectImage
from engine.events.types import (
    BatchCompleted,
    CheckpointFailed,
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesClassified,
    LineLogged,
    LossSampled,
    ModelDescribed,
    RunPaused,
    RunResumed,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.inspection.inspect import answer
from engine.models.airbench import AirbenchNet
from engine.models.summary import layer_table
from engine.models.tutorial import TutorialNet, count_parameters
from engine.optim.protocol import Optimizer
from engine.optim.registry import make_lr_schedule, make_optimizer
from engine.runtime import rng as seeds
from engine.runtime.autotune import Tuning
from engine.runtime.timing import Rate, Stopwatch
from engine.storage import checkpoint
from engine.storage.prediction_writer import PredictionWriter
from engine.training import cuda_graph
from engine.training.control import Control
from engine.training.cuda_graph import CapturedStep
from engine.training.curriculum import Curriculum
from engine.training.evaluate import Evaluation, evaluate
from engine.training.hooks import Hook

AUGMENT_CHUNK, AUGMENT_CHUNK_CUDA = 500, 4_000
"""Images augmented at once: enough to be fast, few enough for a processor's cache and a small GPU's memory. What is drawn depends
on it."""
SAMPLES_PER_EPOCH = 60
"""Points of the training-loss curve in one epoch."""
REPORT_SECONDS = 0.2
"""Least time between two reports of progress."""


@dataclass(slots=True)
class Best:
    """The lowest validation loss so far and the weights that reached it."""

    epoch: int = 0
    valid_loss: float = math.inf
    valid_accuracy: float = 0.0
    size: int = 32
    """Side of the images that it was validated on."""
    weights: dict[str, Tensor] | None = None


@dataclass(frozen=True, slots=True)
class _LossSample:
    """A sum of losses that the device may still have to work out."""

    epoch: int
    step: int
    images: int
    values: Tensor
    """The sum, and how many steps ago the first loss was that is not finite, this one included; 0 for none."""
    ready: torch.cuda.Event | None


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What the loop reads, resident on the training device."""

    train: LabeledImages
    valid: LabeledImages
    test: LabeledImages
    class_names: tuple[str, ...]
    shown: Tensor
    """int64 indices of the test images that are shown while training."""
    fingerprint: str


class Trainer:
    """Trains one network. `emit` receives the events; `control` is polled before every batch.

    Args:
        config: hyperparameters and seed.
        model: on `device`.
        tuning: threads, precision and layout, the first already applied.
        data: resident on `device`.
        writer: receives the checkpoints; they go to `directory`.
        publisher: receives evaluations, for them to be looked at.
        machine: what, beside the thread count, decides the last bits of a result: recorded in checkpoints.
        hook: called before every batch and around every save.
    """

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        tuning: Tuning,
        data: TrainingData,
        device: torch.device,
        control: Control,
        emit: Callable[[Event], None],
        writer: checkpoint.CheckpointWriter,
        directory: Path,
        publisher: PredictionWriter,
        machine: dict[str, str],
        hook: Hook,
    ) -> None:
        self.config, self.model, self.tuning, self.data, self.device = config, model, tuning, data, device
        self.control, self.emit, self.writer, self.directory = control, emit, writer, directory
        self.publisher, self.machine, self.hook = publisher, machine, hook
        self.steps = math.ceil(len(data.train) / config.batch_size)
        full_width = config.width if isinstance(model, AirbenchNet) else 0
        self.schedule = make_lr_schedule(config.schedule, config.epochs, self.steps)
        self.curriculum = Curriculum(self.schedule, config.progressive, full_width)
        self.augmenter, self.plain = Augmenter(config.augmentation, config.run.seed), Augmenter((), config.run.seed)
        self.epoch, self.step, self.phase = 1, 0, "training"
        self.best = Best()
        self.saved: str | None = None
        self.watch = Stopwatch()
        self.epoch_seconds = 0.0
        self._rate, self._work = Rate(), Rate()
        """Of steps, and of steps counted by their cost, so that one window may reach over steps of two costs."""
        self.worked = 0.0
        self._full_rate = self._evaluation_rate = 0.0
        """Images a second: trained on and evaluated, both counted as if all were of full size."""
        costs = [self.curriculum.epoch_cost(epoch) for epoch in range(1, config.epochs + 1)]
        self._cost_from = list(itertools.accumulate(reversed([*costs, 0.0])))[::-1]
        """What is to be trained from the start of each epoch on, in full-size epochs; index 0 is epoch 1."""
        self._last_report = -math.inf
        self._last_save = 0.0
        self._best_on_disk = 0  # the epoch whose weights best.pt holds, or will once the writer is done
        self._last_weights: dict[str, Tensor] | None = None  # while the best weights are being tested
        # Sums over the epoch so far, on the device, and a view of each.
        self._sums = torch.zeros(3, dtype=torch.float64, device=device)
        self._loss, self._right, self._loss_since_sample = self._sums.unbind()
        # The optimizer's kernel skips its update where this is 1, so a bad loss never reaches the weights, and nothing
        # has to wait for the device to find out. Next to it, the number of steps since then, the bad one included.
        self._bad = torch.zeros((), device=device)
        self._bad_steps = torch.zeros((), device=device)
        self._sampled: _LossSample | None = None
        self._draws = torch.Generator(device=device)  # seeded before each step
        if isinstance(model, TutorialNet):
            model.draws = self._draws
        self.optimizer = self._make_optimizer()

    def _make_optimizer(self) -> Optimizer:
        """An optimizer for the present parameters, and no recordings of steps on others."""
        optimizer = make_optimizer(self.config.optimizer, self.model, self.config.run.batch_size, self.tuning.dtype)
        optimizer.found_inf = self._bad
        emit = self.emit  # not by way of this trainer, which would then hold itself, and the device's memory
        self._captured = (
            CapturedStep(self.device, self._draws, lambda text: emit(LineLogged(source="engine", text=text)))
            if cuda_graph.can_record(self.device)
            else None
        )
        return optimizer

    # -- the run ------------------------------------------------------------------------------------------------------

    def run(self) -> Evaluation:
        """Train the epochs that are left, then test the best weights. Raises `Cancelled` where a stop was asked for."""
        self._set_width()
        self._describe()
        while self.epoch <= self.config.epochs:
            self._train_epoch()
            self._validate()
        return self._test()

    def _train_epoch(self) -> None:
        """The steps of this epoch that are left."""
        config, data, epoch, size = self.config, self.data, self.epoch, self.config.batch_size
        self._enter("training")
        self.emit(EpochStarted(epoch=epoch, learning_rate=self._learning_rate(epoch, self.step), step=self.step))
        self.model.train()
        if self._set_width():
            self._describe()
        if isinstance(self.model, AirbenchNet):
            self.model.begin_epoch(epoch)
        order = torch.randperm(len(data.train), generator=seeds.generator(config.seed, "order", epoch)).to(self.device)
        augmenter = self.augmenter if self.curriculum.augmented(epoch) else self.plain
        flips = augmenter.flips(epoch, len(data.train)).to(self.device)
        chunk_steps = max(1, (AUGMENT_CHUNK_CUDA if self.device.type == "cuda" else AUGMENT_CHUNK) // size)
        sample_every = math.ceil(self.steps / SAMPLES_PER_EPOCH)
        chunk: tuple[Tensor, Tensor] | None = None
        while self.step < self.steps:
            self._poll()
            start = self.step // chunk_steps * chunk_steps  # first step of the chunk that this step is in
            if chunk is None or self.step == start:
                picked = order[start * size : (start + chunk_steps) * size]
                draws = seeds.generator(config.seed, "augment", epoch, start, device=self.device)
                chunk = augmenter.apply(data.train.images, picked, flips, draws), data.train.labels[picked]
            part = slice((self.step - start) * size, (self.step - start + 1) * size)
            self._train_step(chunk[0][part], chunk[1][part])
            if self.step % sample_every == 0 or self.step == self.steps:
                self._sample_loss(sample_every)
            self._report(self.step, self.steps)
        self._read_sample()

    def _set_width(self) -> bool:
        """Bring the network to the width of this epoch: narrower before its first step, wider at any time. Whether it changed."""
        model = self.model
        if not isinstance(model, AirbenchNet) or self.epoch > self.config.epochs:
            return False
        width = self.curriculum.width(self.epoch)
        wider = width > model.width
        if not wider and (width == model.width or (self.epoch, self.step) != (1, 0)):
            return False
        if wider:
            told = f"The network grows from {model.width} to {width} channels in its first group"
            self.emit(LineLogged(source="engine", text=told))
        with seeds.seeded_default_generator(seeds.derive_seed(self.config.seed, "width", self.epoch)):
            if wider:
                model.grow(width)
            else:
                model.set_width(width)
        model.to(memory_format=self.tuning.layout)
        self.optimizer = self._make_optimizer()  # for the new parameters; momentum starts anew
        return True

    def _describe(self) -> None:
        """Tell what the network is made of now."""
        narrow = isinstance(self.model, AirbenchNet) and self.model.width < self.config.width
        self.emit(
            ModelDescribed(
                layers=layer_table(self.model),
                parameters=sum(p.numel() for p in self.model.parameters()),
                trained=count_parameters(self.model),
                grows=self.schedule.cycle(self.epoch).last + 1 if narrow and self.epoch <= self.config.epochs else 0,
            )
        )

    def _train_step(self, x: Tensor, y: Tensor) -> None:
        """One batch of images, uint8 (N, 3, 32, 32), and their labels."""
        if isinstance(self.model, TutorialNet):
            self._draws.manual_seed(seeds.derive_seed(self.config.seed, "dropout", self.epoch, self.step))
        lr_multiplier = self.schedule.multiplier(self.epoch, self.step)
        if self._captured is None:
            self._learn(x, y, lr_multiplier)
        else:
            trained = tuple(p.requires_grad for group in self.optimizer.param_groups for p in group["params"])
            self._captured.run(self._learn, x, y, lr_multiplier, (self.curriculum.size(self.epoch, self.step), trained))
        self.worked += self.curriculum.cost(self.epoch, self.step)
        self.step += 1

    def _learn(self, x: Tensor, y: Tensor, lr_multiplier: float | Tensor) -> None:
        """Forward, backward, update; the sums stay on the device. `lr_multiplier` is what learning rates are multiplied with."""
        self.optimizer.zero_grad()
        images = to_float(x, self.tuning.layout, self.curriculum.size(self.epoch, self.step))
        with self.tuning.autocast(self.device):
            logits = self.model(images)
        loss = F.cross_entropy(logits.float(), y, label_smoothing=self.config.label_smoothing)
        loss.backward()
        with torch.no_grad():
            value = loss.detach()
            self._bad.logical_or_(value - value != 0)  # it is 0 for every number but NaN and the infinities
            self._bad_steps += self._bad
            self._loss.add_(value, alpha=len(y))
            self._loss_since_sample.add_(value, alpha=len(y))
            self._right += (logits.detach().argmax(1) == y).sum()
        self.optimizer.lr_multiplier = lr_multiplier
        self.optimizer.step()

    def _validate(self) -> None:
        """Evaluate the epoch's weights, keep them if they are the best, save, and move on to the next epoch."""
        data, epoch = self.data, self.epoch
        self._enter("validating")
        trained = self.watch.seconds - self.epoch_seconds
        self.emit(ValidationStarted(epoch=epoch))
        size = self.curriculum.size(epoch, self.steps - 1)
        result = self._evaluate(data.valid, size)
        train_loss, train_right, _ = (self._sums.cpu() / len(data.train)).tolist()
        if not math.isfinite(result.loss):
            raise NonFiniteLossError(
                f"The validation loss of epoch {epoch} is {result.loss}, at learning rate {self._learning_rate(epoch):g}. "
                f"Earlier checkpoints are untouched. Try a lower --lr."
            )
        previous_best = self.best.valid_loss if self.best.epoch else None
        improved = result.loss <= self.best.valid_loss
        if improved:
            weights = {k: v.detach().cpu().clone() for k, v in self.model.state_dict().items()}
            self.best = Best(epoch, result.loss, result.accuracy, size, weights)
        seconds = self.watch.seconds - self.epoch_seconds
        self.emit(
            EpochCompleted(
                epoch=epoch,
                train_loss=train_loss,
                train_accuracy=train_right,
                valid_loss=result.loss,
                valid_accuracy=result.accuracy,
                learning_rate=self._learning_rate(epoch),
                seconds=seconds,
                images_per_second=len(data.train) / max(1e-9, trained),
                per_class=result.per_class(data.class_names),
                best=improved,
            )
        )
        self._classify_shown(epoch)
        self.publisher.validation(result, epoch)
        self.epoch, self.step = epoch + 1, 0
        self._sums.zero_()
        self.epoch_seconds = self.watch.seconds
        self._save("best" if improved else "epoch", result.loss, previous_best)

    def _test(self) -> Evaluation:
        """Evaluate the best weights on the test images."""
        self.writer.flush()  # what is tested is on the disk first
        if self.best.epoch != self._best_on_disk:
            self._save("time")
            self.writer.flush()
        if self.best.weights is not None:
            self._last_weights = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
            self._load_weights(self.best.weights)
        self._enter("testing")
        self.emit(TestStarted(epoch=self.best.epoch))
        result = self._evaluate(self.data.test, self.best.size, mirrored=True)
        self.emit(
            TestCompleted(
                epoch=self.best.epoch,
                loss=result.loss,
                accuracy=result.accuracy,
                tta_accuracy=result.tta_accuracy,
                per_class=result.per_class(self.data.class_names),
                confusion=tuple(map(tuple, result.confusion.tolist())),
            )
        )
        self.publisher.test(result, self.best.epoch, 0)
        return result

    def _evaluate(self, images: LabeledImages, size: int, *, mirrored: bool = False) -> Evaluation:
        def before_batch(done: int, batches: int) -> None:
            self._poll(done)
            self._report(done, batches)

        start, classes = self.watch.seconds, len(self.data.class_names)
        result = evaluate(self.model, images.images, images.labels, classes, before_batch, self.tuning, size, mirrored)
        cost = self.curriculum.cost(min(self.epoch, self.config.epochs), self.steps - 1)
        self._evaluation_rate = cost * len(images) / max(1e-9, self.watch.seconds - start)
        return result

    def _classify_shown(self, epoch: int) -> None:
        """Say what the network sees in the shown test images. They are for the eye; no choice depends on them."""
        images, labels = self.data.test.images[self.data.shown], self.data.test.labels[self.data.shown]
        size = self.curriculum.size(epoch, self.steps - 1)
        result = evaluate(self.model, images, labels, len(self.data.class_names), lambda *_: None, self.tuning, size)
        confidence, predicted = result.probabilities.max(1)
        self.emit(
            ImagesClassified(
                epoch=epoch,
                predicted=tuple(predicted.tolist()),
                confidence=tuple(round(c, 4) for c in confidence.tolist()),
            )
        )

    # -- between batches ----------------------------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        self.phase, self._rate, self._work, self._last_report = phase, Rate(), Rate(), -math.inf

    def _poll(self, step: int | None = None) -> None:
        """Do what the control asks for: save, hold while paused, stop."""
        control, at = self.control, self.step if step is None else step
        self.hook.before_batch(self, at)
        if control.paused and not control.stopping:
            self.watch.pause()
            self.emit(RunPaused(phase=self.phase, epoch=min(self.epoch, self.config.epochs), step=at))
            while control.wait_while_paused(0.2) and not control.stopping:
                self._obey()
            self.emit(
                RunResumed(
                    phase=self.phase, epoch=min(self.epoch, self.config.epochs), step=at, seconds=self.watch.resume()
                )
            )
            self._rate, self._work = Rate(), Rate()
        self._obey()
        if control.stopping:
            raise Cancelled

    def _obey(self) -> None:
        """Save and evaluate where that was asked for."""
        if not self.writer.idle:
            pass  # the one before is still being written: the request waits, not the training
        elif self.control.take_save():
            self.save("asked")
        elif self.watch.seconds - self._last_save > 60 * self.config.save_every:
            self.save("time")
        if self.control.take_evaluate() and self.phase != "testing":
            self._evaluate_now()
        for command in self.control.take_inspections():
            self._inspect(command)

    def _evaluate_now(self) -> None:
        """Classify the test images with the weights of this very batch, for the eye; no choice depends on it."""

        def before_batch(*_: int) -> None:
            if self.control.stopping:
                raise Cancelled

        test, training, standing = self.data.test, self.model.training, self.watch.standing
        size = self._trained_size()
        self.watch.pause()  # it is not the run's own work
        result = evaluate(
            self.model, test.images, test.labels, len(self.data.class_names), before_batch, self.tuning, size
        )
        self.model.train(training)
        if not standing:
            self.watch.resume()
        self.publisher.test(result, *self._position())

    def _inspect(self, command: InspectImage) -> None:
        """Emit what the network of this very batch makes of an image; training continues as if nothing had been asked."""
        at = (self.best.epoch, 0) if self.phase == "testing" else self._position()
        size = self.best.size if self.phase == "testing" else self._trained_size()
        self.emit(answer(command, self.model, self.config, self.data.class_names, *at, size))

    def _position(self) -> tuple[int, int]:
        """Epoch and step of the present weights; step 0 is the epoch's end."""
        return (self.epoch - 1, 0) if self.step == 0 else (self.epoch, self.step)

    def _trained_size(self) -> int:
        """Side of the images that the present weights were trained on last."""
        epoch, step = self._position()
        return self.curriculum.size(max(1, epoch), (step or self.steps) - 1)

    def _sample_loss(self, every: int) -> None:
        """Have the loss since the last sample told, once the device has worked it out."""
        since_last = (self.step - 1) % every + 1
        images = min(
            since_last * self.config.batch_size,
            len(self.data.train) - (self.step - since_last) * self.config.batch_size,
        )
        values = torch.stack((self._loss_since_sample, self._bad_steps.double()))
        self._loss_since_sample.zero_()
        ready = None
        if values.is_cuda:
            values = torch.empty(2, dtype=torch.float64, pin_memory=True).copy_(values, non_blocking=True)
            ready = torch.cuda.Event()
            ready.record()
        self._read_sample()
        self._sampled = _LossSample(self.epoch, self.step, images, values, ready)
        if ready is None:
            self._read_sample()

    def _read_sample(self) -> None:
        """Tell of the sample that was taken last; fail if a loss was not finite.

        On a GPU a sample is read when the next one has been taken: so the host waits for a step before the one that the
        device is at, and launches the next ones in the meantime.
        """
        sample, self._sampled = self._sampled, None
        if sample is None:
            return
        if sample.ready is not None:
            sample.ready.synchronize()
        window, bad_steps = sample.values.tolist()
        self._raise_if_bad(int(bad_steps), sample.step)
        loss = window / sample.images
        self.emit(LossSampled(epoch=sample.epoch, step=sample.step, steps=self.steps, train_loss=loss))

    def _raise_if_bad(self, bad_steps: int, step: int) -> None:
        """Fail if the first loss that is not finite was that many steps before `step`, the last one included; 0 for none."""
        if bad_steps:
            step -= bad_steps  # done before the bad one
            raise NonFiniteLossError(
                f"The loss became NaN or infinite in epoch {self.epoch}, batch {step + 1}, "
                f"at learning rate {self._learning_rate(self.epoch, step):g}. "
                f"The weights from before that batch are untouched. Try a lower --lr."
            )

    def _report(self, step: int, steps: int) -> None:
        """Tell how far the run is, a few times a second."""
        now = self.watch.seconds
        if now - self._last_report < REPORT_SECONDS and step < steps:
            return
        self._last_report = now
        self._rate.mark(now, step)
        sets = {"training": self.data.train, "validating": self.data.valid, "testing": self.data.test}
        per_second = self._rate.per_second * len(sets[self.phase]) / steps
        if self.phase == "training":
            self._work.mark(now, self.worked)
            self._full_rate = self._work.per_second * len(self.data.train) / steps or self._full_rate
        self.emit(
            BatchCompleted(
                phase=self.phase,
                epoch=min(self.epoch, self.config.epochs),
                step=step,
                steps=steps,
                images_per_second=per_second,
                seconds_left=self._seconds_left(step / steps),
            )
        )

    def _learning_rate(self, epoch: int, step: int = 0) -> float:
        """The recipe's learning rate times the schedule's factor before step `step` of `epoch`."""
        return self.config.optimizer.options.lr * self.schedule.multiplier(epoch, step)

    def _seconds_left(self, fraction: float) -> float | None:
        """Time to the end of the run, validation and test included; None before anything was measured."""
        if not self._full_rate and self.phase != "testing":
            return None
        data = self.data
        # Before the first validation, evaluation is taken to run at three times the speed: no gradients.
        evaluation = self._evaluation_rate or 3 * self._full_rate
        full = len(data.train) / self._full_rate if self._full_rate else 0.0
        # The test shows each image and its mirror image.
        valid, test = (n / evaluation if evaluation else 0.0 for n in (len(data.valid), 2 * len(data.test)))
        if self.phase == "testing":
            return (1 - fraction) * test
        this, after = self._cost_from[self.epoch - 1], self._cost_from[self.epoch]
        if self.phase == "training":
            training, validations = after + (1 - fraction) * (this - after), 1.0
        else:
            training, validations = after, 1 - fraction
        return full * training + (self.config.run.epochs - self.epoch + validations) * valid + test

    # -- checkpoints --------------------------------------------------------------------------------------------------

    def save(self, reason: str) -> None:
        """Hand a checkpoint of this very batch to the writer."""
        self._save(reason)

    def _save(self, reason: str, valid_loss: float | None = None, previous_best: float | None = None) -> None:
        """The losses are those of the epoch just validated, if this checkpoint is the one at its end."""
        at_end = self.step == 0 and self.epoch > 1
        epoch, step = (self.epoch - 1, self.steps) if at_end else (self.epoch, self.step)
        path = (
            self.directory / checkpoint.checkpoint_name(epoch, step, self.steps)
            if at_end
            else self.directory / f"epoch-{epoch:04d}-step-{step:07d}.pt"
        )

        def done(size: int, seconds: float) -> None:
            self.saved = str(path)
            self.emit(
                CheckpointSaved(
                    path=str(path),
                    epoch=epoch,
                    step=step,
                    reason=reason,
                    valid_loss=valid_loss,
                    previous_best=previous_best,
                    size=size,
                    seconds=seconds,
                )
            )

        def failed(error: Exception) -> None:
            self._best_on_disk = 0  # as far as is known: the next checkpoint writes it again
            self.saved = None
            told = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self.emit(CheckpointFailed(path=str(path), epoch=epoch, step=step, reason=reason, error=told))

        self.hook.before_save(self)
        self._read_sample()
        self._raise_if_bad(int(self._bad_steps), self.step)  # a checkpoint holds no batch that did not count
        self.saved = None
        state = self.state_dict()
        kept = state["best"].pop("weights")  # made once and never changed: shared, not copied
        state = checkpoint.snapshot(state)
        state["best"]["weights"] = kept
        self._last_save = self.watch.seconds
        best_copy = self.directory / "best.pt" if self.best.epoch != self._best_on_disk else None
        if best_copy is not None:
            self._best_on_disk = self.best.epoch
        self.writer.submit(checkpoint.Job(path, state, best_copy, done, failed))
        self.hook.after_save(self)

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to go on from this batch: tensors and plain values."""
        best = self.best
        return {
            "model": self._last_weights or self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "sums": self._sums.cpu(),
            "best": {
                "epoch": best.epoch,
                "valid_loss": best.valid_loss,
                "valid_accuracy": best.valid_accuracy,
                "size": best.size,
                "weights": best.weights,
            },
            "seconds": self.watch.seconds,
            "epoch_seconds": self.epoch_seconds,
            "full_rate": self._full_rate,
            "config": self.config.as_dict(),
            "class_names": list(self.data.class_names),
            "fingerprint": self.data.fingerprint,
            "tuning": self.tuning.as_dict(),
            "machine": self.machine,
            "time": time.time(),
        }

    def _load_weights(self, weights: dict[str, Tensor]) -> None:
        self.model.load_state_dict(weights)
        self.model.to(memory_format=self.tuning.layout)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        self._load_weights(state["model"])
        self.optimizer = self._make_optimizer()  # the weights' width may not be the network's
        settings = [{k: v for k, v in g.items() if k != "params"} for g in self.optimizer.param_groups]
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        # Settings come from the configuration, which flags may have changed since; only momentum is carried over.
        for group, now in zip(self.optimizer.param_groups, settings, strict=True):
            group.update(now)
        for p, kept in self.optimizer.state.items():
            # PyTorch's fused kernel takes for granted that all lie in memory as the weights do, which a flag may have changed.
            kept.update({k: torch.empty_like(p).copy_(v) for k, v in kept.items() if isinstance(v, Tensor)})
        self.epoch, self.step = state["epoch"], state["step"]
        self._sums.copy_(state["sums"])
        self.best = Best(**state["best"])
        self.watch, self.epoch_seconds = Stopwatch(state["seconds"]), state["epoch_seconds"]
        self._full_rate, self._last_save = state["full_rate"], self.watch.seconds
        try:
            on_disk = checkpoint.load_checkpoint(self.directory / "best.pt")["best"]
            same = checkpoint.content_digest(on_disk["weights"]) == checkpoint.content_digest(self.best.weights or {})
            self._best_on_disk = self.best.epoch if same else 0
        except (CheckpointError, KeyError, TypeError, AttributeError):
            self._best_on_disk = 0  # written anew with the next checkpoint
