"""The choice of threads, precision and memory format."""

import threading
import time
from collections.abc import Callable

import pytest
import torch

from engine.runtime.autotune import Tuning, choose, cuda_tuning, thread_counts


def measured(seconds: Callable[[Tuning], float], free: set[str], fixed: Tuning) -> Tuning:
    """The choice, made in a thread of its own, if a step takes as long as `seconds` says."""
    result: list[Tuning] = []

    def make_step(tuning: Tuning) -> Callable[[], object]:
        return lambda: time.sleep(seconds(tuning))

    thread = threading.Thread(target=lambda: result.append(choose(fixed, free, make_step, 5.0)))
    thread.start()
    thread.join()
    return result[0]


def test_the_faster_value_of_each_setting_is_chosen() -> None:
    def seconds(t: Tuning) -> float:
        return 0.04 + 0.08 * (t.precision == "float32") + 0.08 * (t.memory_format == "channels_last")

    chosen = measured(seconds, {"precision", "memory_format", "threads"}, Tuning())
    assert (chosen.precision, chosen.memory_format) == ("bfloat16", "contiguous")
    assert chosen.threads in thread_counts()


def test_fixed_values_are_kept() -> None:
    fixed = Tuning(threads=1, precision="float32")
    chosen = measured(lambda t: 0.02 + 0.06 * (t.memory_format == "contiguous"), {"memory_format"}, fixed)
    assert chosen == fixed


def test_without_time_the_defaults_are_kept() -> None:
    asked = []
    chosen = choose(Tuning(), {"precision", "memory_format"}, lambda t: asked.append(t), seconds=-1)  # type: ignore[func-returns-value,arg-type,return-value]
    assert chosen == Tuning() and not asked


def test_one_slow_moment_does_not_decide_if_time_is_short() -> None:
    steps = dict.fromkeys(("float32", "bfloat16"), 0)

    def make_step(tuning: Tuning) -> Callable[[], object]:
        def step() -> None:
            steps[tuning.precision] += 1
            slow = tuning.precision == "float32" or steps["bfloat16"] == 2  # the first is not measured
            time.sleep(0.2 if slow else 0.02)

        return step

    assert choose(Tuning(threads=1), {"precision"}, make_step, 0.1).precision == "bfloat16"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_autocast_gives_the_precision(precision: str) -> None:
    layer = torch.nn.Linear(3, 2)
    with Tuning(precision=precision).autocast(torch.device("cpu")):
        assert layer(torch.ones(1, 3)).dtype == getattr(torch, precision)
    assert layer(torch.ones(1, 3)).dtype == torch.float32


@pytest.mark.parametrize(("capability", "precision"), [((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")])
def test_a_gpu_that_supports_bfloat16_uses_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    layouts = {"float32": "contiguous", "bfloat16": "channels_last"}
    device = torch.device("cuda:0")
    assert cuda_tuning(device) == {"precision": precision, "memory_format": layouts[precision]}
    for fixed, layout in layouts.items():
        assert cuda_tuning(device, fixed) == {"precision": fixed, "memory_format": layout}
