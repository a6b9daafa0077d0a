"""Exporting the best weights of a run for other programs.

`pt` and `safetensors` hold the weights by name; `pt2` (`torch.export`) and `onnx` also hold the network. It takes float32
(N, 3, 32, 32), RGB in [-1, 1], for any N of at least 1, and returns logits (N, classes).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import ExportError
from engine.inspection.trained_model import best_network
from engine.runtime.atomic_io import path_exists, write_atomic
from engine.storage.checkpoint import State, load_checkpoint


def export(checkpoint: Path, target: Path, kind: str) -> None:
    """Write the best weights in a checkpoint to a file, atomically.

    Args:
        checkpoint: best.pt, or any other checkpoint of a run that has completed an epoch.
        target: the file; an existing one is replaced.
        kind: one of `KINDS`.

    Raises:
        CheckpointError: the checkpoint can't be read, or holds no validated weights.
        ExportError: a package that `kind` needs is not installed, or the disk refused the file.
    """
    # A folder, or a device, which the file would replace.
    if path_exists(target) and not target.is_file():
        raise ExportError(f"{target}: it exists and is not a file. Choose another file.")
    state = load_checkpoint(checkpoint)
    content = KINDS[kind](state, best_network(state, checkpoint).model)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, content)
    except OSError as e:
        raise ExportError(f"{target}: can't write it: {e.strerror or e}.") from None


def about(state: State) -> dict[str, str]:
    """What one needs to know to use the weights, as text."""
    return {
        "model": state["config"]["model"],
        "class_names": json.dumps(state["class_names"]),
        "input": "float32 (N, 3, 32, 32), RGB, [-1, 1]",
        "epoch": str(state["best"]["epoch"]),
        "validation_loss": str(state["best"]["valid_loss"]),
        "validation_accuracy": str(state["best"]["valid_accuracy"]),
    }


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """The weights by name, none of them sharing memory."""
    return {k: v.detach().clone() for k, v in network.state_dict().items()}


def _pt(_: State, network: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.save(_weights(network), buffer)
    return buffer.getvalue()


def _safetensors(state: State, network: nn.Module) -> bytes:
    try:
        from safetensors.torch import save
    except ImportError:
        raise ExportError("safetensors is not installed: pip install safetensors.") from None
    return save(_weights(network), metadata=about(state))


def _pt2(state: State, network: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.export.save(_program(network), buffer, extra_files={"about.json": json.dumps(about(state))})
    return buffer.getvalue()


def _onnx(_: State, network: nn.Module) -> bytes:
    try:
        import onnxscript  # noqa: F401 - PyTorch's exporter needs it, and says so less clearly
    except ImportError:
        raise ExportError("ONNX needs more packages: pip install 'cifar-tui[onnx]'.") from None
    made: Any = torch.onnx.export(_program(network), dynamo=True, verbose=False)
    content: bytes = made.model_proto.SerializeToString()
    return content


def _program(network: nn.Module) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=1)
    with torch.no_grad():
        return torch.export.export(network, (torch.zeros(2, 3, 32, 32),), dynamic_shapes=({0: batch},))


KINDS: dict[str, Callable[[State, nn.Module], bytes]] = {
    "pt": _pt,
    "safetensors": _safetensors,
    "pt2": _pt2,
    "onnx": _onnx,
}
"""Export formats by file extension."""
