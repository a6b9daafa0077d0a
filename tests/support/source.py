"""The source of the product, parsed: its modules, what they import, and their import circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "tui_cifar")


@dataclass(frozen=True)
class Module:
    """A parsed module of the product or the tests."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        """Its file, as it is named in messages."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules(*tops: str) -> dict[str, Module]:
    """Every module under the folders, by its dotted name."""
    found = {}
    for path in sorted(p for top in tops for p in (ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def product() -> dict[str, Module]:
    """The modules of the product."""
    return modules(*PACKAGES)


def imported(module: Module) -> Iterator[tuple[str, str]]:
    """(module, name) of every import in a module, wherever it stands; the name is "" for `import module`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.place}: imports are absolute here"
            yield from ((node.module or "", alias.name) for alias in node.names)


def edges(tops: tuple[str, ...] = PACKAGES) -> set[tuple[str, str]]:
    """(importer, imported) among the modules of the folders."""
    known = modules(*tops)
    found = set()
    for module in known.values():
        for source, name in imported(module):
            target = f"{source}.{name}" if f"{source}.{name}" in known else source
            if target in known and target != module.name:
                found.add((module.name, target))
    return found


def circular(graph: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges that lie on a circle."""
    targets: dict[str, set[str]] = {}
    for a, b in graph:
        targets.setdefault(a, set()).add(b)

    @cache
    def reached(start: str) -> frozenset[str]:
        seen, todo = set[str](), [start]
        while todo:
            for b in targets.get(todo.pop(), ()):
                if b not in seen:
                    seen.add(b)
                    todo.append(b)
        return frozenset(seen)

    return {(a, b) for a, b in graph if a in reached(b)}


def within(name: str, package: str) -> bool:
    """Whether a module is a package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def chain(node: ast.expr) -> list[str]:
    """`a.b.c` as its parts; empty for what is no such chain."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [node.id, *parts] if isinstance(node, ast.Name) else []


def strings(tree: ast.Module) -> Iterator[str]:
    """String constants that are not docstrings."""
    statements = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for n in ast.walk(tree):
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in statements:
            yield n.value
