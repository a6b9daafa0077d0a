"""`cifar-tui export RUN`: the best weights of a run, in a file that other programs can read."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.errors import CheckpointError
from engine.storage.find_runs import find_run
from tui_cifar.cli.arguments import Parser, usage_error
from tui_cifar.cli.interrupt import raise_on_interrupt
from tui_cifar.cli.options import add_runs_dir

KINDS = ("pt", "safetensors", "pt2", "onnx")


def make_parser() -> Parser:
    """The parser of `cifar-tui export`."""
    parser = Parser(
        "cifar-tui export",
        description="Write the best weights of a run to a file. Its suffix decides the format: .pt (state dict), "
        ".safetensors, .pt2 (torch.export: network and weights), .onnx (the same; needs the extra 'onnx').",
    )
    parser.add_argument("run", metavar="RUN", help="a run's name, its folder, or one of its checkpoints")
    parser.add_argument("--output", metavar="FILE", default=None, help="file to write (default: NAME.pt)")
    parser.add_argument("--format", choices=KINDS, default=None, help="the format, if the suffix is another one")
    add_runs_dir(parser)
    return parser


def run(arguments: list[str]) -> int:
    """Write the file and print its path."""
    raise_on_interrupt()
    options = make_parser().parse_args(arguments)
    checkpoint = Path(options.run)
    if not (checkpoint.suffix == ".pt" and checkpoint.is_file()):
        directory = find_run(Path(options.runs_dir), options.run)
        checkpoint = directory / "checkpoints" / "best.pt"
        if not checkpoint.is_file():
            raise CheckpointError(f"{directory}: no epoch of this run was completed yet, so there are no best weights.")
    else:
        directory = checkpoint.absolute().parent.parent
    target = Path(options.output or f"{directory.absolute().name}.{options.format or 'pt'}")
    kind = options.format or target.suffix.removeprefix(".")
    if kind not in KINDS:
        usage_error(f"{target}: its suffix is none of {', '.join('.' + k for k in KINDS)}; give --format.")
    if target.resolve().is_relative_to((directory / "checkpoints").resolve()):
        usage_error(f"{target}: this is the folder of the run's checkpoints; choose another one.")
    from engine.inspection.export import export

    export(checkpoint, target, kind)
    sys.stdout.write(f"{target}\n")
    return 0
