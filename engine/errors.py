"""Errors a user can act on. Each carries a title and one clear line that says what is wrong and what to do."""

from __future__ import annotations


class EngineError(Exception):
    """A failure with a title and a message fit for the screen: no traceback needed to understand it.

    Args:
        message: what is wrong, in one line.
        code: names the cause, for those who show the message and can add what to do about it; empty for most.
    """

    title = "Training failed"
    kind = "engine"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class ConfigError(EngineError):
    """A setting that is unknown or out of range."""

    title = "Setting not understood"
    kind = "config"


class DeviceError(EngineError):
    """The device asked for cannot be used."""

    title = "Device not available"
    kind = "device"


class DataError(EngineError):
    """The data was found and cannot be trained on."""

    title = "Data not usable"
    kind = "data"


class DataUnavailableError(DataError):
    """The data is not on this machine and could not be downloaded: another source may still do."""

    title = "Data not found"
    kind = "data_unavailable"


class CheckpointError(EngineError):
    """A checkpoint that cannot be read, or that belongs to something else."""

    title = "Checkpoint not usable"
    kind = "checkpoint"


class CheckpointUnreadError(CheckpointError):
    """A checkpoint that the disk did not give out: nothing is known against it."""


class ExportError(EngineError):
    """Weights that cannot be written in the form asked for."""

    title = "Not exported"
    kind = "export"


class RunDirectoryError(EngineError):
    """The run directory cannot be made, read or locked."""

    title = "Run directory not usable"
    kind = "run_directory"


class NonFiniteLossError(EngineError):
    """The loss became NaN or infinite; the weights were not touched by it."""

    title = "Loss is not a number"
    kind = "non_finite_loss"


class OutOfMemoryError(EngineError):
    """The device ran out of memory."""

    title = "Out of memory"
    kind = "out_of_memory"


class Cancelled(Exception):
    """Raised at a poll point after a stop was asked for; the session turns it into `RunStopped`."""
