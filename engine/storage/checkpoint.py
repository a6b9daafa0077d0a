"""The content of checkpoints: dictionaries of tensors and plain values, as bytes and back.

A file is trusted only after the checksums of the zip archive, `torch.load(weights_only=True)`, and a digest of the content.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from engine.errors import CheckpointError, CheckpointUnreadError
from engine.storage.checkpoint_files import newest_first

FORMAT = 1

State = dict[str, Any]


def content_digest(state: State) -> str:
    """Hex digest of all keys, tensors and plain values except the key "digest". Devices and memory formats do not matter."""
    h = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, dict):
            h.update(b"{%d" % len(value))
            for k, v in value.items():
                h.update(repr(k).encode())
                add(v)
        elif isinstance(value, (list, tuple)):
            h.update(b"[%d" % len(value))
            for v in value:
                add(v)
        elif isinstance(value, torch.Tensor):
            t = value.detach().cpu().contiguous()
            h.update(f"{t.dtype}{tuple(t.shape)}".encode())
            h.update(t.reshape(-1).view(torch.uint8).numpy().tobytes())
        else:
            h.update(repr(value).encode())

    add({k: v for k, v in state.items() if k != "digest"})
    return h.hexdigest()


def serialize(state: State) -> bytes:
    """The bytes of a checkpoint file."""
    buffer = io.BytesIO()
    torch.save({**state, "format": FORMAT, "digest": content_digest({**state, "format": FORMAT})}, buffer)
    return buffer.getvalue()


def snapshot(state: Any) -> Any:
    """A copy that later training steps do not change, its tensors on the CPU."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {k: snapshot(v) for k, v in state.items()}
    if isinstance(state, list):
        return [snapshot(v) for v in state]
    return state


def load_checkpoint(path: Path) -> State:
    """Read a checkpoint, its tensors on the CPU. No code in the file can run.

    Raises:
        CheckpointError: it is truncated, damaged, from another program, or holds more than tensors and plain values.
        CheckpointUnreadError: it is missing, or the disk did not return it; what it holds is not known.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            # Checkpoints are stored uncompressed. This refuses small files that unpack to more than the memory.
            if any(part.compress_type != zipfile.ZIP_STORED or part.file_size > len(content) for part in z.infolist()):
                raise CheckpointError(f"{path}: not a checkpoint of this program: its parts are compressed.")
            damaged = z.testzip()
        if damaged is not None:
            raise CheckpointError(f"{path}: damaged at {damaged}.")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except MemoryError:
        raise CheckpointUnreadError(f"{path}: can't read it: out of memory.") from None
    except OSError as e:
        raise CheckpointUnreadError(f"{path}: can't read it: {e.strerror or e}.") from None
    except Exception as e:  # zip and pickle raise almost anything on a damaged file
        raise CheckpointError(f"{path}: no checkpoint that can be trusted ({type(e).__name__}).") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of this program.")
    if state.get("digest") != content_digest(state):
        raise CheckpointError(f"{path}: its content does not match its digest.")
    return state


def recorded_settings(resume: Path) -> dict[str, Any] | None:
    """The settings in a checkpoint, or in the newest checkpoint of a run that verifies; None if there is none."""
    for path in [resume] if resume.is_file() else newest_first(resume / "checkpoints"):
        try:
            return dict(load_checkpoint(path)["config"])
        except (CheckpointError, KeyError, TypeError, ValueError):
            continue
    return None
