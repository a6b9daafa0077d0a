"""CUDA graphs of training steps: recorded once, then replayed, so that one call launches the hundreds of kernels of a step.

A GPU finishes a small step sooner than Python can launch it, and waits even longer when the user interface holds Python's
global lock. Replaying a step takes Python a few microseconds.

Source: whole-network capture as in PyTorch's notes on CUDA semantics.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

EAGER_STEPS = 3
"""Steps of each kind that run without a graph first, while libraries create handles and optimizers their momentum."""

Step = Callable[[Tensor, Tensor, Tensor], None]


@dataclass(frozen=True, slots=True)
class _Recording:
    x: Tensor
    y: Tensor
    replay: Callable[[], None]


class CapturedStep:
    """Runs a training step, by way of a graph for every kind of batch that comes often enough.

    The results are those of the step itself, bit for bit if its kernels are deterministic.

    Args:
        device: a CUDA device.
        generator: what the step draws from, if anything. Seeded before a step, it gives the same numbers with and without a
            graph.
        log: receives a line if a step can't be recorded; from then on, all new kinds run without a graph.
    """

    def __init__(
        self,
        device: torch.device,
        generator: torch.Generator | None = None,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._generator, self._log, self._refused = generator, log, False
        self._lr_multiplier = torch.zeros((), device=device)
        self._eager: dict[Hashable, int] = {}
        self._recordings: dict[Hashable, _Recording] = {}

    def run(self, step: Step, x: Tensor, y: Tensor, lr_multiplier: float, kind: Hashable = None) -> None:
        """Do one step.

        Args:
            step: takes images, labels and the learning-rate multiplier, a 0-d tensor, on the device. It updates tensors only
                in place, and never waits for the device or reads a value from it. It has to be the same step in every call.
            x: images, (N, …).
            y: labels, (N,).
            lr_multiplier: for the step.
            kind: whatever else determines which kernels run.
        """
        self._lr_multiplier.fill_(lr_multiplier)
        key = (x.shape, kind)
        recording = self._recordings.get(key)
        if recording is None and not self._refused and self._eager.get(key, 0) >= EAGER_STEPS:
            recording = self._record(step, key, x, y)
        if recording is None:
            self._eager[key] = self._eager.get(key, 0) + 1
            step(x, y, self._lr_multiplier)
        else:
            recording.x.copy_(x)
            recording.y.copy_(y)
            recording.replay()

    def _record(self, step: Step, key: Hashable, x: Tensor, y: Tensor) -> _Recording | None:
        x, y = torch.empty_like(x), torch.empty_like(y)
        try:
            replay = record(lambda: step(x, y, self._lr_multiplier), self._generator)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as e:  # no part of the step was executed
            self._refused = True
            self._log(f"Steps can't be recorded as CUDA graphs, and take longer: {str(e).splitlines()[0]}")
            return None
        self._recordings[key] = _Recording(x, y, replay)
        return self._recordings[key]


def can_record(device: torch.device) -> bool:
    """Whether steps on this device can be recorded."""
    return device.type == "cuda"


def record(work: Callable[[], None], generator: torch.Generator | None) -> Callable[[], None]:
    """Record what `work` launches, without executing any of it, and return a function that executes it."""
    graph = torch.cuda.CUDAGraph()
    if generator is not None:
        graph.register_generator_state(generator)
    stream = torch.cuda.current_stream()
    try:
        # Only what this thread does is recorded: other threads may use the device meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
    finally:
        torch.cuda.set_stream(stream)  # after a failed recording, PyTorch would stay on the recording's stream
    return graph.replay
