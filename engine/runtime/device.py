"""Which device trains, and why."""

from __future__ import annotations

import os
import platform
import warnings
from dataclasses import dataclass

import torch

from engine.errors import DeviceError


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device, its name as people know it, and why it was chosen."""

    device: torch.device
    name: str
    reason: str


def choose_device(spec: str) -> DeviceChoice:
    """The device for "auto" (CUDA if it works, else the CPU), "cpu", "cuda" or "cuda:N".

    Raises:
        DeviceError: CUDA was asked for but does not work; the message says why.
    """
    if spec == "cpu":
        return DeviceChoice(torch.device("cpu"), cpu_name(), "asked for")
    device = torch.device("cuda:0" if spec in ("auto", "cuda") else spec)
    problem = cuda_problem(device)
    if problem is None:
        return DeviceChoice(device, torch.cuda.get_device_name(device), "CUDA works" if spec == "auto" else "asked for")
    if spec == "auto":
        return DeviceChoice(torch.device("cpu"), cpu_name(), problem)
    raise DeviceError(f"device: {spec} was asked for, but {problem}.")


def use_deterministic(wanted: bool) -> None:
    """Let PyTorch use only deterministic kernels, and raise where there is none; or, if not `wanted`, any kernels.

    CPU kernels are deterministic anyway at a fixed thread count; the fastest CUDA kernels are not. The setting holds for the
    whole process, which may train several runs one after the other.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the process's first matrix product on a GPU
    torch.backends.cudnn.benchmark = False  # it would choose kernels by how fast they happen to run
    if wanted != torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(wanted)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined] # nothing here reads it


def cuda_problem(device: torch.device) -> str | None:
    """Why `device` can't be used, in words; None if a small computation on it succeeds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the returned text says the same
        if not torch.backends.cuda.is_built():
            return "this PyTorch is built without CUDA"
        if not torch.cuda.is_available():
            return "no CUDA device was found"
        if (device.index or 0) >= torch.cuda.device_count():
            return f"there are only {torch.cuda.device_count()} CUDA devices"
        try:
            torch.ones(8, device=device).sum().item()
        except RuntimeError as e:
            return f"CUDA does not work: {str(e).splitlines()[0]}"
    return None


def cpu_name() -> str:
    """The processor's name, shortened."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:  # noqa: PTH123 - a kernel file
            for line in f:
                if line.startswith("model name"):
                    name = line.split(":", 1)[1].strip()
                    return (
                        name.replace("(R)", "")
                        .replace("(TM)", "")
                        .split(" @ ")[0]
                        .removesuffix(" CPU")
                        .removesuffix(" Processor")
                    )
    except OSError:
        pass
    return platform.processor() or platform.machine()
