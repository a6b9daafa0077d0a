"""The training loop: train an epoch, validate, keep the best weights; at the end, test them.

A step is in `step.py`. Order, augmentation and dropout are functions of (seed, epoch, step), so a trainer that continues
from a checkpoint of any batch does what it would have done without the stop.
"""

from __future__ import annotations

import math

from torch import nn

from engine.config.schema import Config
from engine.data.resident import ResidentData
from engine.data.types import LabeledImages
from engine.errors import NonFiniteLossError
from engine.events.types import EpochCompleted, EpochStarted, TestCompleted, TestStarted, ValidationStarted
from engine.models.protocol import network_protocol
from engine.runtime.runtime import Runtime
from engine.training.batches import training_batches
from engine.training.checkpointing import Checkpointing, Origin
from engine.training.evaluate import Evaluation, evaluate
from engine.training.learner import Learner
from engine.training.metrics import LossCurve
from engine.training.plan import Plan
from engine.training.previews import Previews
from engine.training.progress import Progress
from engine.training.requests import Requests
from engine.training.run_io import RunIO
from engine.training.state import Best, Phase, TrainingState
from engine.training.step import OptimizationStep


class Trainer:
    """Trains one network.

    Args:
        config: hyperparameters and seed.
        model: on the device, of the width that it is to have in the end.
        data: on the device.
        runtime: the device, and how it is used.
        io: events and files out, commands in.
    """

    def __init__(self, config: Config, model: nn.Module, data: ResidentData, runtime: Runtime, io: RunIO) -> None:
        self.config, self.data, self.runtime, self.io = config, data, runtime, io
        self.plan = Plan(config, len(data.train), network_protocol(model).width)
        self.state = TrainingState(self.plan, model)
        self.learner = Learner(config, self.state, runtime.tuning, io.log)
        self.step = OptimizationStep(config, self.state, runtime, io.log)
        self.losses = LossCurve(self.state, self.step.metrics, self.step.guard, io.emit)
        self.progress = Progress(self.state, data, io.emit)
        parts = (self.learner, self.step.metrics, self.state, self.progress)
        origin = Origin(config, runtime, data.class_names, data.fingerprint)
        self.checkpoints = Checkpointing(self.state, parts, self.losses, io, origin)
        self.previews = Previews(config, self.state, data, runtime.tuning, io)
        self.requests = Requests(self.state, self.checkpoints, self.previews, self.progress, io)

    def run(self) -> Evaluation:
        """Train the remaining epochs, then test the best weights.

        Raises:
            Cancelled: a stop was asked for.
            NonFiniteLossError: a training or validation loss was NaN or infinite.
        """
        self.learner.adjust_width()
        self.io.emit(self.learner.describe())
        while self.state.epoch <= self.plan.epochs:
            self._train_epoch()
            self._validate()
        return self._test()

    def _train_epoch(self) -> None:
        """Do the remaining steps of the current epoch."""
        state, plan, epoch = self.state, self.plan, self.state.epoch
        self._start_phase("training")
        rate = plan.learning_rate(epoch, state.step)
        self.io.emit(EpochStarted(epoch=epoch, learning_rate=rate, step=state.step))
        state.model.train()
        if self.learner.adjust_width():
            self.io.emit(self.learner.describe())
        self.learner.begin_epoch()
        for images, labels in training_batches(self.data.train, self.config, plan, epoch, state.step):
            self.requests.poll(state.step)
            self.step(images, labels)
            state.step += 1
            self.losses.step_done()
            self.progress.step_done()
        self.losses.flush()

    def _validate(self) -> None:
        """Evaluate the epoch's weights, keep them if they are the best so far, save, and move on to the next epoch."""
        state, plan, epoch = self.state, self.plan, self.state.epoch
        training_seconds = state.epoch_seconds
        self._start_phase("validating")
        self.io.emit(ValidationStarted(epoch=epoch))
        size = plan.final_size(epoch)
        result = self._evaluate(self.data.valid, size)
        train_loss, train_accuracy = self.step.metrics.means(len(self.data.train))
        if not math.isfinite(result.loss):
            raise NonFiniteLossError(
                f"The validation loss of epoch {epoch} is {result.loss}, at learning rate {plan.learning_rate(epoch):g}. "
                f"Earlier checkpoints are untouched. Try a lower learning rate."
            )
        previous_best = state.best.valid_loss if state.best.epoch else None
        improved = result.loss <= state.best.valid_loss
        if improved:
            weights = {k: v.detach().cpu().clone() for k, v in state.model.state_dict().items()}
            state.best = Best(epoch, result.loss, result.accuracy, size, weights)
        self.io.emit(
            EpochCompleted(
                epoch=epoch,
                train_loss=train_loss,
                train_accuracy=train_accuracy,
                valid_loss=result.loss,
                valid_accuracy=result.accuracy,
                learning_rate=plan.learning_rate(epoch),
                seconds=state.epoch_seconds,
                images_per_second=len(self.data.train) / max(1e-9, training_seconds),
                per_class=result.per_class(self.data.class_names),
                best=improved,
            )
        )
        self.previews.classify_shown()
        self.io.predictions.write_validation(result.probabilities.numpy(), epoch)
        state.epoch, state.step, state.epoch_start = epoch + 1, 0, state.watch.seconds
        self.step.metrics.reset()
        self.checkpoints.save("best" if improved else "epoch", result.loss, previous_best)

    def _test(self) -> Evaluation:
        """Evaluate the best weights on the test images."""
        best = self.state.best
        self.checkpoints.save_best()  # no result before its weights are on the disk
        self.learner.use_best_weights()
        self._start_phase("testing")
        self.io.emit(TestStarted(epoch=best.epoch))
        result = self._evaluate(self.data.test, best.size, mirrored=True)
        self.io.emit(
            TestCompleted(
                epoch=best.epoch,
                loss=result.loss,
                accuracy=result.accuracy,
                tta_accuracy=result.tta_accuracy,
                per_class=result.per_class(self.data.class_names),
                confusion=tuple(map(tuple, result.confusion.tolist())),
            )
        )
        self.io.predictions.write_test(result.probabilities.numpy(), result.accuracy, best.epoch)
        return result

    def _evaluate(self, data: LabeledImages, size: int, *, mirrored: bool = False) -> Evaluation:
        """Evaluate the current weights; requests are carried out between batches."""

        def before_batch(done: int, total: int) -> None:
            self.requests.poll(done)
            self.progress.report(done, total)

        watch, start, classes = self.state.watch, self.state.watch.seconds, len(self.data.class_names)
        result = evaluate(
            self.state.model,
            data,
            classes,
            self.runtime.tuning,
            size=size,
            mirrored=mirrored,
            before_batch=before_batch,
        )
        self.progress.evaluation_done(len(data), watch.seconds - start)
        return result

    def _start_phase(self, phase: Phase) -> None:
        self.state.phase = phase
        self.progress.start_phase()
