"""The predictions of an evaluation: a grid of images, and one of them in detail."""

from tui_cifar.screens.predictions.screen import PredictionsScreen as PredictionsScreen
