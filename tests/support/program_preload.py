"""Imported by the server that `tests/support/program.py` forks processes from: what each of them then need not import."""

import torch

import engine.data.folder
import engine.session.session
import engine.training.trainer
import tui_cifar.app.app
import tui_cifar.cli.headless
import tui_cifar.cli.main

__all__ = ["engine", "torch", "tui_cifar"]
