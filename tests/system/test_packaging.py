"""What is installed: both packages, the stylesheet, the command."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_both_packages_and_the_stylesheet(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            str(tmp_path),
            ".",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as z:
        names = set(z.namelist())
        metadata = next(z.read(n).decode() for n in names if n.endswith("METADATA"))
        scripts = next(z.read(n).decode() for n in names if n.endswith("entry_points.txt"))
    source = {
        p.relative_to(ROOT).as_posix()
        for package in ("engine", "tui_cifar")
        for p in (ROOT / package).rglob("*")
        if p.suffix in (".py", ".tcss", ".typed")
    }
    assert source <= names
    assert "tui_cifar/app/app.tcss" in names
    assert not any(n.startswith("tests/") for n in names)
    assert "cifar-tui = tui_cifar.cli.entry:main" in scripts
    for package in ("torch", "torchvision", "textual", "rich", "numpy", "plotext"):
        assert f"Requires-Dist: {package}" in metadata
