"""One optimization step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.models.protocol import network_protocol
from engine.runtime import rng
from engine.runtime.runtime import Runtime
from engine.training import cuda_graph
from engine.training.cuda_graph import CapturedStep
from engine.training.guard import NonFiniteGuard
from engine.training.metrics import EpochMetrics
from engine.training.state import TrainingState


class OptimizationStep:
    """Trains the network on one batch. On CUDA, steps are recorded as graphs and replayed.

    Args:
        config: hyperparameters and seed.
        state: of the run; `model` and `optimizer` are updated in place.
        runtime: device and precision.
        log: receives a line if steps can't be recorded.
    """

    def __init__(self, config: Config, state: TrainingState, runtime: Runtime, log: Callable[[str], None]) -> None:
        self.metrics, self.guard = EpochMetrics(runtime.device), NonFiniteGuard(runtime.device)
        self._seed, self._label_smoothing = config.run.seed, config.run.label_smoothing
        self._state, self._device, self._tuning, self._log = state, runtime.device, runtime.tuning, log
        self._generator = network_protocol(state.model).random_generator(runtime.device)
        self._recorded: CapturedStep | None = None
        self._recorded_optimizer: object = None

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Do the step at the current position, with uint8 (N, 3, H, W) images and int64 (N,) labels on the device."""
        state = self._state
        if self._generator is not None:
            self._generator.manual_seed(rng.derive_seed(self._seed, "dropout", state.epoch, state.step))
        lr_multiplier = state.plan.schedule.multiplier(state.epoch, state.step)
        if cuda_graph.can_record(self._device):
            self._replay(images, labels, lr_multiplier)
        else:
            self._step(images, labels, lr_multiplier)

    def _step(self, images: Tensor, labels: Tensor, lr_multiplier: float | Tensor) -> None:
        """Forward, backward, update; everything stays on the device."""
        state, optimizer = self._state, self._state.optimizer
        optimizer.zero_grad()
        inputs = to_float(images, self._tuning.layout, state.plan.curriculum.size(state.epoch, state.step))
        with self._tuning.autocast(self._device):
            logits = state.model(inputs)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self._label_smoothing)
        loss.backward()
        with torch.no_grad():
            self.guard.check(loss)
            self.metrics.add(loss, logits, labels)
        optimizer.found_inf = self.guard.found_inf  # where it is 1, nothing is updated
        optimizer.lr_multiplier = lr_multiplier
        optimizer.step()

    def _replay(self, images: Tensor, labels: Tensor, lr_multiplier: float) -> None:
        """`_step` by way of a recorded graph, one for each combination of image size and trained parameters."""
        state, optimizer = self._state, self._state.optimizer
        if self._recorded is None or self._recorded_optimizer is not optimizer:  # new parameters need new graphs
            self._recorded = CapturedStep(self._device, self._generator, self._log)
            self._recorded_optimizer = optimizer
        trained = tuple(p.requires_grad for group in optimizer.param_groups for p in group["params"])
        kind = state.plan.curriculum.size(state.epoch, state.step), trained
        self._recorded.run(self._step, images, labels, lr_multiplier, kind)
