"""How busy the machine is: one line, sampled every second in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

GIB = 2**30


class ResourceSampler:
    """Samples into `text`: the use of the processor and memory, or, after `use_gpu`, of a CUDA device.

    While it is paused, `text` is empty and nothing is read.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.text = ""
        self._seconds = seconds
        self._ended, self._wanted = threading.Event(), threading.Event()
        self._wanted.set()
        self._read: Callable[[], str] | None = None
        self._thread = threading.Thread(target=self._work, name="resources", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End at the next sample, for good."""
        self._ended.set()
        self._wanted.set()

    def pause(self) -> None:
        self._wanted.clear()
        self.text = ""

    def resume(self) -> None:
        self._wanted.set()

    def use_gpu(self, device: str) -> None:
        """Sample a CUDA device ("cuda:1") instead of the processor, if NVML can read it."""
        reader = _gpu_reader(device)
        if reader is not None:
            self._read = reader

    def _work(self) -> None:
        read = _cpu_reader()
        while not self._ended.wait(self._seconds):
            self._wanted.wait()
            text = (self._read or read)()
            self.text = text if self._wanted.is_set() else ""


def _cpu_reader() -> Callable[[], str]:
    import psutil

    process = psutil.Process()
    process.cpu_percent()  # the first call only starts the measurement

    def read() -> str:
        memory = psutil.virtual_memory()
        used = process.memory_info().rss
        return f"CPU {process.cpu_percent():.0f} %  {used / GIB:.1f}/{memory.total / GIB:.0f} GiB"

    return read


def _gpu_reader(device: str) -> Callable[[], str] | None:
    """None without NVML. A figure that the card does not report is left out."""
    import os

    import pynvml

    try:
        pynvml.nvmlInit()
        index = int(device.partition(":")[2] or 0)
        visible = [v.strip() for v in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if v.strip()]
        name = visible[index] if index < len(visible) else str(index)
        handle = (
            pynvml.nvmlDeviceGetHandleByIndex(int(name)) if name.isdigit() else pynvml.nvmlDeviceGetHandleByUUID(name)
        )
    except (pynvml.NVMLError, ValueError):
        return None

    def memory() -> str:
        m = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return f"{m.used / GIB:.1f}/{m.total / GIB:.0f} GiB"

    figures: tuple[Callable[[], str], ...] = (
        lambda: f"GPU {pynvml.nvmlDeviceGetUtilizationRates(handle).gpu} %",
        memory,
        lambda: f"{pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU)} °C",
        lambda: f"{pynvml.nvmlDeviceGetPowerUsage(handle) / 1000:.0f} W",
    )

    def read() -> str:
        shown = []
        for figure in figures:
            try:
                shown.append(figure())
            except pynvml.NVMLError:
                continue
        return "  ".join(shown)

    return read
