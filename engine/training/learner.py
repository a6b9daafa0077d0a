"""The network and its optimizer: how they begin, grow, and go into and out of a checkpoint."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.config.schema import Config
from engine.events.types import ModelDescribed
from engine.models.protocol import network_protocol
from engine.models.summary import count_parameters, layer_table
from engine.optim.registry import make_optimizer
from engine.runtime import rng
from engine.runtime.autotune import Tuning
from engine.training.state import TrainingState


class Learner:
    """Manages `state.model` and `state.optimizer`.

    Args:
        config: hyperparameters and seed.
        state: of the run, its network already on the training device.
        tuning: memory format and precision.
        log: receives a line when the network grows.
    """

    def __init__(self, config: Config, state: TrainingState, tuning: Tuning, log: Callable[[str], None]) -> None:
        self._config, self._state, self._tuning, self._log = config, state, tuning, log
        self._network = network_protocol(state.model)
        self._last_weights: dict[str, Tensor] | None = None
        """The trained weights, while the network holds the best ones for the test."""
        self._new_optimizer()

    def begin_epoch(self) -> None:
        """Let the network choose the parameters that it trains in this epoch."""
        self._network.begin_epoch(self._state.epoch)

    def adjust_width(self) -> bool:
        """Bring the network to the width planned for this epoch. It may become narrower only before its first step.

        Returns:
            Whether the network was changed.
        """
        state, network = self._state, self._network
        if not network.width or state.epoch > state.plan.epochs:
            return False
        width = state.plan.curriculum.width(state.epoch)
        grows = width > network.width
        if not grows and (width == network.width or (state.epoch, state.step) != (1, 0)):
            return False
        if grows:
            self._log(f"The network grows from {network.width} to {width} channels in its first group")
        with rng.seeded_default_generator(rng.derive_seed(self._config.run.seed, "width", state.epoch)):
            if grows:
                network.grow(width)
            else:
                network.set_width(width)
        state.model.to(memory_format=self._tuning.layout)
        self._new_optimizer()  # for the new parameters; momentum starts at zero
        return True

    def describe(self) -> ModelDescribed:
        """What the network consists of now."""
        state, model, width = self._state, self._state.model, self._network.width
        growing = width < state.plan.curriculum.full_width and state.epoch <= state.plan.epochs
        return ModelDescribed(
            layers=layer_table(model),
            parameters=sum(p.numel() for p in model.parameters()),
            trained=count_parameters(model),
            grows=state.plan.schedule.cycle(state.epoch).last + 1 if growing else 0,
        )

    def use_best_weights(self) -> None:
        """Put the best weights into the network, for the test. Checkpoints still get the trained ones."""
        if self._state.best.weights is not None:
            self._last_weights = {k: v.detach().clone() for k, v in self._state.model.state_dict().items()}
            self._load_weights(self._state.best.weights)

    def state_dict(self) -> dict[str, Any]:
        """Weights and momentum."""
        model = self._last_weights or self._state.model.state_dict()
        return {"model": model, "optimizer": self._state.optimizer.state_dict()}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from where `state_dict` was taken."""
        self._load_weights(saved["model"])
        self._new_optimizer()  # the weights may be of another width
        optimizer = self._state.optimizer
        options = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
        optimizer.load_state_dict(copy.deepcopy(saved["optimizer"]))
        # Only momentum is carried over: options come from the configuration, which may have changed since.
        for group, current in zip(optimizer.param_groups, options, strict=True):
            group.update(current)
        for p, buffers in optimizer.state.items():
            # PyTorch's fused kernel assumes buffers to be laid out like their parameter, whose layout may have changed.
            buffers.update({k: torch.empty_like(p).copy_(v) for k, v in buffers.items() if isinstance(v, Tensor)})

    def _load_weights(self, weights: dict[str, Tensor]) -> None:
        self._state.model.load_state_dict(weights)
        self._state.model.to(memory_format=self._tuning.layout)

    def _new_optimizer(self) -> None:
        config, model = self._config, self._state.model
        self._state.optimizer = make_optimizer(config.optimizer, model, config.run.batch_size, self._tuning.dtype)
