"""A trained network, loaded from a checkpoint of its run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.config.recorded import recorded_config
from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.errors import CheckpointError, EngineError
from engine.events.commands import InspectImage
from engine.events.types import InspectionFailed
from engine.inspection.inspect import answer
from engine.inspection.types import ImageInspected
from engine.models.registry import make_model
from engine.storage.checkpoint import State, load_checkpoint


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A network with its best weights, on the CPU, in evaluation mode."""

    model: nn.Module
    config: Config
    class_names: tuple[str, ...]
    epoch: int
    """The epoch that the weights are from."""
    size: int
    """Side in pixels of the images that they were validated on; 0 for the images' own."""

    def classify(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 (N, classes), of uint8 (N, 32, 32, 3) images."""
        x = to_float(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), size=self.size)
        with torch.inference_mode():
            probabilities: np.ndarray = self.model(x).softmax(1).numpy()
        return probabilities

    def answer(self, command: InspectImage) -> ImageInspected | InspectionFailed:
        """Inspect an image with the best weights."""
        return answer(command, self.model, self.config, self.class_names, self.epoch, 0, self.size)


def load_trained(run: Path) -> TrainedModel:
    """Load the network of a run with its best weights.

    Args:
        run: the run directory.

    Raises:
        CheckpointError: there is no best.pt, it does not verify, or its weights do not fit the network.
    """
    path = run / "checkpoints" / "best.pt"
    if not path.exists():
        raise CheckpointError(f"{run}: it has no checkpoints/best.pt yet; the first epoch must be validated first.")
    return best_network(load_checkpoint(path), path)


def best_network(state: State, path: Path) -> TrainedModel:
    """The network of a checkpoint, built from the recorded configuration, with the best weights.

    Args:
        state: of a checkpoint that verified.
        path: of that checkpoint, for messages.

    Raises:
        CheckpointError: it holds no validated weights, or they do not fit the network.
    """
    try:
        best = state["best"]
        if not best["weights"]:
            raise CheckpointError(f"{path}: no epoch of this run was completed yet, so there are no best weights.")
        config = recorded_config(state["config"])
        names = tuple(state["class_names"])
        model = make_model(config.model, len(names), config.run.seed)
        model.load_state_dict(best["weights"])
        return TrainedModel(model.eval(), config, names, int(best["epoch"]), int(best.get("size", 0)))
    except EngineError:
        raise
    except Exception as e:  # missing keys, wrong shapes: it makes no difference to the user
        raise CheckpointError(f"{path}: its network can't be rebuilt ({type(e).__name__}).") from None
