"""What the network makes of test images while it trains. Only for display: no choice of the training depends on it."""

from __future__ import annotations

from engine.config.schema import Config
from engine.data.resident import ResidentData
from engine.data.types import LabeledImages
from engine.events.commands import InspectImage
from engine.events.types import ImagesClassified
from engine.inspection.inspect import answer
from engine.runtime.autotune import Tuning
from engine.training.evaluate import evaluate
from engine.training.run_io import RunIO
from engine.training.state import TrainingState


class Previews:
    """Evaluates the current weights without leaving a trace in the training.

    Args:
        config: of the run.
        state: of the run.
        data: resident on the training device.
        tuning: precision and memory format.
        io: where results go.
    """

    def __init__(self, config: Config, state: TrainingState, data: ResidentData, tuning: Tuning, io: RunIO) -> None:
        self._config, self._state, self._data, self._tuning, self._io = config, state, data, tuning, io

    def classify_shown(self) -> None:
        """Emit how the shown test images are classified by the weights of the epoch that was just validated."""
        data, state = self._data, self._state
        shown = LabeledImages(data.test.images[data.shown], data.test.labels[data.shown])
        size = state.plan.final_size(state.epoch)
        result = evaluate(state.model, shown, len(data.class_names), self._tuning, size=size)
        confidence, predicted = result.probabilities.max(1)
        self._io.emit(
            ImagesClassified(
                epoch=state.epoch,
                predicted=tuple(predicted.tolist()),
                confidence=tuple(round(c, 4) for c in confidence.tolist()),
            )
        )

    def evaluate_test(self) -> None:
        """Classify all test images with the weights of this very batch and write the predictions.

        Raises:
            Cancelled: a stop was asked for meanwhile.
        """
        state, control = self._state, self._io.control
        training, paused = state.model.training, state.watch.paused
        state.watch.pause()  # this is not the run's own work
        result = evaluate(
            state.model,
            self._data.test,
            len(self._data.class_names),
            self._tuning,
            size=state.weights_size,
            before_batch=lambda *_: control.raise_if_stopping(),
        )
        state.model.train(training)
        if not paused:
            state.watch.resume()
        self._io.predictions.write_test(result.probabilities.numpy(), result.accuracy, *state.weights_position)

    def inspect(self, command: InspectImage) -> None:
        """Emit what the network makes of an image: the best weights during the test, else those of this very batch."""
        state = self._state
        if state.phase == "testing":
            position, size = (state.best.epoch, 0), state.best.size
        else:
            position, size = state.weights_position, state.weights_size
        names = self._data.class_names
        self._io.emit(answer(command, state.model, self._config, names, *position, size))
