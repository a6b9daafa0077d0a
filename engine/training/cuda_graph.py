"""Training steps on CUDA, recorded once and then replayed: one call launches the hundreds of kernels of a step.

A GPU is done with a small step sooner than Python can launch it, and waits all the more where the user interface holds
Python's lock. A replayed step takes Python some microseconds.

Source: CUDA graphs, in the form of PyTorch's notes on CUDA semantics (whole-network capture).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

EAGER_STEPS = 3
"""Steps of each kind that are launched kernel by kernel first: libraries make their handles then, optimizers their momentum."""

Step = Callable[[Tensor, Tensor, Tensor], None]


@dataclass(frozen=True, slots=True)
class _Recording:
    x: Tensor
    y: Tensor
    replay: Callable[[], None]


class CapturedStep:
    """A training step, recorded for every kind of batch that comes often enough.

    The results are those of the step itself, bit for bit where its kernels are deterministic.

    Args:
        device: a CUDA device.
        draws: the generator that the step draws from, if any. Seeded before a step, it gives the same numbers in both ways.
        log: is told a line if a step can't be recorded; it is then launched kernel by kernel, as all others from then on.
    """

    def __init__(
        self, device: torch.device, draws: torch.Generator | None = None, log: Callable[[str], None] = lambda _: None
    ) -> None:
        self._draws, self._log, self._refused = draws, log, False
        self._lr_multiplier = torch.zeros((), device=device)
        self._eager: dict[Hashable, int] = {}
        self._recordings: dict[Hashable, _Recording] = {}

    def run(self, step: Step, x: Tensor, y: Tensor, lr_multiplier: float, kind: Hashable = None) -> None:
        """One step.

        Args:
            step: takes images, labels and a learning-rate factor on the device, and changes only tensors that stay where
                they are. It never waits for the device, nor asks for a value that lies there. It is the same step each time.
            x: images, (N, …).
            y: labels, (N,).
            lr_multiplier: of the learning rate.
            kind: whatever else decides which kernels run.
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
            replay = record(lambda: step(x, y, self._lr_multiplier), self._draws)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as e:  # nothing of the step was done
            self._refused = True
            self._log(f"Steps can't be recorded as CUDA graphs, and take longer: {str(e).splitlines()[0]}")
            return None
        self._recordings[key] = _Recording(x, y, replay)
        return self._recordings[key]


def can_record(device: torch.device) -> bool:
    """Whether steps on this device can be recorded."""
    return device.type == "cuda"


def record(work: Callable[[], None], draws: torch.Generator | None) -> Callable[[], None]:
    """Record what `work` launches, without any of it being done, and give a function that does it."""
    graph = torch.cuda.CUDAGraph()
    if draws is not None:
        graph.register_generator_state(draws)
    stream = torch.cuda.current_stream()
    try:
        # Only what this thread does could spoil the recording: others may use the device meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
    finally:
        torch.cuda.set_stream(stream)  # where the recording failed, PyTorch would stay on its own
    return graph.replay
