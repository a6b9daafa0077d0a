"""The rules of the house: who may import whom, where names belong, how large a file and a constructor may be.

`KNOWN` lists the places that break a rule today. It is exact: a new violation fails, and so does one that is gone but still listed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.augmentation.registry import AUGMENTATIONS
from engine.config.recipes import RECIPES
from engine.data.registry import DATASETS
from engine.models.registry import MODELS
from engine.optim.registry import OPTIMIZERS, SCHEDULES
from engine.registry import Entry, Registry
from tests.support.known_violations import KNOWN
from tests.support.source import (
    PACKAGES,
    ROOT,
    chain,
    circular,
    edges,
    imported,
    is_private,
    modules,
    product,
    strings,
    within,
)

RANKS = (
    {"errors"},
    {"options"},
    {"registry", "events"},
    {"models", "optim", "augmentation"},
    {"data"},
    {"config"},
    {"storage"},
    {"inspection"},
    {"remote"},
    {"training"},
    {"session"},
)
"""The engine's rooms from the bottom up. A room imports those below it, and `runtime`, which imports nothing but `errors`."""
ADAPTERS = {
    "textual": {"tui_cifar.terminal.textual_private"},
    "rich": {"tui_cifar.render.rich_private"},
    "torch": {"engine.runtime.torch_private"},
}
"""The only modules that may use private parts of a library."""
MADE_BY_METACLASSES = set(
    [
        "_abc_impl",
        "_backward_cls",
        "_computes",
        "_css_type_name",
        "_css_type_names",
        "_decorated_handlers",
        "_inherit_bindings",
        "_inherit_component_classes",
        "_inherit_css",
        "_merged_bindings",
        "_reactives",
    ]
)
"""Private names of the libraries that every subclass gets by itself."""
SHARED_FROM_APP = {"tui_cifar.app.settings", "tui_cifar.app.keymap", "tui_cifar.app.theme"}
"""Parts of the application's folder that screens and widgets may use: none of them knows the application."""
ROOMS: dict[str, tuple[Registry[Entry], ...]] = {
    "engine.models": (MODELS,),
    "engine.optim": (OPTIMIZERS, SCHEDULES),
    "engine.data": (DATASETS,),
    "engine.augmentation": (AUGMENTATIONS,),
}
"""Registries, by the only room that knows their entries one by one."""
MAY_NAME = {
    "engine.config.schema": "the defaults",
    "engine.config.recipes": "recipes choose networks, datasets and optimizers",
    "tui_cifar.bench": "benchmarks measure some",
}
MAX_LINES, MAX_ARGUMENTS = 400, 5


def check(rule: str, found: set[str]) -> None:
    """Compare with the known violations of a rule."""
    known = KNOWN.get(rule, set())
    lines = [f"  new: {v}" for v in sorted(found - known)] + [
        f"  gone, take it off: {v}" for v in sorted(known - found)
    ]
    assert not lines, f"{rule}:\n" + "\n".join(lines)


# -- who may import whom ------------------------------------------------------------------------------------------------


def test_no_module_imports_itself_by_way_of_others() -> None:
    check("import circles", {f"{a} → {b}" for a, b in circular(edges())})


def test_the_engine_imports_nothing_of_the_terminal() -> None:
    banned = {"textual", "rich", "plotext", "tui_cifar"}
    found = {
        f"{m.name} → {source}"
        for m in product().values()
        if within(m.name, "engine")
        for source, _ in imported(m)
        if source.partition(".")[0] in banned
    }
    check("terminal in the engine", found)


def test_the_rooms_of_the_engine_lie_one_above_the_other() -> None:
    rank = {room: i for i, rooms in enumerate(RANKS) for room in rooms}
    found = set()
    for a, b in edges(("engine",)):
        if "engine" in (a, b):
            continue
        above, below = a.split(".")[1], b.split(".")[1]
        if above == below or below == "errors" or (below == "runtime" and above != "errors"):
            continue
        if above == "runtime" or rank[above] <= rank[below]:
            found.add(f"{a} → {b}")
    check("rooms", found)


def test_drawing_knows_no_application() -> None:
    banned = ("textual.app", "textual.screen", "textual.widget", "textual.widgets")
    banned += tuple(f"tui_cifar.{room}" for room in ("app", "screens", "widgets", "cli", "terminal"))
    found = {
        f"{m.name} → {source}"
        for m in product().values()
        if within(m.name, "tui_cifar.render")
        for source, name in imported(m)
        if any(within(source, b) or f"{source}.{name}" == b for b in banned)
    }
    check("render", found)


def test_screens_and_widgets_do_not_know_the_application() -> None:
    found = {
        f"{a} → {b}"
        for a, b in edges()
        if a.startswith(("tui_cifar.screens", "tui_cifar.widgets"))
        and within(b, "tui_cifar.app")
        and b not in SHARED_FROM_APP
    }
    found |= {f"{a} → {b}" for a, b in edges() if a in SHARED_FROM_APP and b == "tui_cifar.app.app"}
    check("screens know the application", found)


def test_the_product_imports_no_tests_and_no_test_module_another() -> None:
    everything = (*PACKAGES, "tests")
    found = {
        f"{a} → {b}"
        for a, b in edges(everything)
        if within(b, "tests")
        and (not within(a, "tests") or b.rpartition(".")[2].startswith("test_") or b.endswith("conftest"))
    }
    check("imports of tests", found)


def loaded_after(code: str) -> set[str]:
    """Top-level packages in `sys.modules` after running `code` in a new process."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*{{m.partition('.')[0] for m in sys.modules}})"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_no_engine_module_loads_the_terminal() -> None:
    names = [name for name in product() if within(name, "engine")]
    assert len(names) > 10
    loaded = loaded_after("\n".join(f"import {name}" for name in names))
    assert "torch" in loaded
    assert not loaded & {"textual", "rich", "tui_cifar", "plotext"}


def test_nothing_loads_torch_before_training_begins() -> None:
    first = ("cli.main", "app.app", "cli.headless")
    names = [*(f"tui_cifar.{name}" for name in first), "engine.session.session", "engine.events.types"]
    assert not loaded_after("\n".join(f"import {name}" for name in names)) & {"torch", "torchvision"}


def test_torchvision_is_not_needed_to_train_on_other_data() -> None:
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from pathlib import Path; from engine.data.registry import load_dataset; from engine.data.types import Report\n"
        "assert len(load_dataset('shapes', data_dir=Path('x'), cache_dir=Path('x'), report=Report()).train) >= 10_000"
    )
    assert "torch" in loaded_after(code)


# -- private parts of libraries -------------------------------------------------------------------------------------------


def test_private_modules_and_names_of_libraries_are_used_in_their_adapter_alone() -> None:
    found = set()
    for m in product().values():
        names = {
            alias.asname or alias.name.partition(".")[0]: alias.name
            for n in ast.walk(m.tree)
            if isinstance(n, ast.Import)
            for alias in n.names
        }
        uses = [f"{source}.{name}" for source, name in imported(m)]
        uses += [
            ".".join([names[c[0]], *c[1:]])
            for n in ast.walk(m.tree)
            if isinstance(n, ast.Attribute) and (c := chain(n)) and c[0] in names
        ]
        for use in uses:
            library = use.partition(".")[0]
            if library in ADAPTERS and m.name not in ADAPTERS[library] and any(map(is_private, use.split("."))):
                found.add(f"{m.name}: {use}")
    check("private names", found)


def test_private_attributes_are_the_products_own() -> None:
    """`x._y` where no class of the product defines `_y` is a private part of a library's object."""
    defined, used = set[str](), set[tuple[str, str]]()
    adapters = set().union(*ADAPTERS.values())
    for m in product().values():
        for node in ast.walk(m.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                defined.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and chain(node)[:1] == ["self"]:
                defined.add(node.attr)
            elif (
                isinstance(node, ast.Attribute)
                and is_private(node.attr)
                and chain(node)[:1] != ["os"]
                and m.name not in adapters
            ):
                used.add((m.name, node.attr))
    check("private attributes", {f"{name}: {attribute}" for name, attribute in used if attribute not in defined})


def test_no_private_method_of_a_library_is_overridden_outside_its_adapter() -> None:
    adapters = set().union(*ADAPTERS.values())
    found = set()
    for m in product().values():
        if (
            m.name in adapters
            or not any(s.partition(".")[0] in ADAPTERS for s, _ in imported(m))
            or m.name.endswith("__main__")
        ):
            continue
        for name, kind in vars(importlib.import_module(m.name)).items():
            if not inspect.isclass(kind) or kind.__module__ != m.name:
                continue
            theirs = [b for b in kind.__mro__[1:] if b.__module__.partition(".")[0] in ADAPTERS]
            found |= {
                f"{m.name}: {name}.{a}" for a in vars(kind) if is_private(a) and any(a in vars(b) for b in theirs)
            }
    check("private overrides", {f for f in found if f.rpartition(".")[2] not in MADE_BY_METACLASSES})


# -- where names belong -----------------------------------------------------------------------------------------------------


def entries() -> Iterator[tuple[str, Entry]]:
    """Every registered entry with its room."""
    for room, registries in ROOMS.items():
        for registry in registries:
            yield from ((room, entry) for entry in registry.values())


def test_modules_of_registered_things_are_imported_in_their_room_alone() -> None:
    homes = {entry.factory.partition(":")[0]: room for room, entry in entries()}
    found = {f"{a} → {b}" for a, b in edges() if b in homes and not within(a, homes[b]) and a != f"{homes[b]}.registry"}
    check("imports of registered things", found)


def test_only_their_room_names_networks_optimizers_and_datasets() -> None:
    recipes = set(RECIPES)
    names = {
        e.name: room for room, e in entries() if room != "engine.augmentation" and e.name not in {*recipes, *SCHEDULES}
    }
    assert {"airbench", "muon", "cifar10"} <= set(names)
    found = {
        f"{m.name}: {text}"
        for m in product().values()
        if not any(within(m.name, place) for place in MAY_NAME)
        for text in strings(m.tree)
        if text in names and not within(m.name, names[text])
    }
    check("names", found)


def test_nobody_asks_of_which_registered_class_something_is_outside_its_room() -> None:
    homes = {entry.factory.partition(":")[0]: room for room, entry in entries()}
    found = set()
    for m in product().values():
        sources = {name: source for source, name in imported(m)}
        for node in ast.walk(m.tree):
            asked: list[ast.expr] = []
            if isinstance(node, ast.Call) and chain(node.func) in (["isinstance"], ["issubclass"]):
                asked = [n for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)]
            elif isinstance(node, ast.MatchClass):
                asked = [node.cls]
            for kind in asked:
                home = homes.get(sources.get(".".join(chain(kind)), ""))
                if home and not within(m.name, home):
                    found.add(f"{m.name}: {'.'.join(chain(kind))}")
    check("isinstance", found)


# -- sizes ----------------------------------------------------------------------------------------------------------------


def test_no_file_is_too_long() -> None:
    lengths = {
        m.place: len(m.path.read_text(encoding="utf-8").splitlines()) for m in modules(*PACKAGES, "tests").values()
    }
    check("long files", {place for place, lines in lengths.items() if lines > MAX_LINES})


def test_constructors_take_few_things() -> None:
    """Keyword-only options do not count: a caller reads their names. Nor do dataclasses, which are records."""
    found = set()
    for m in product().values():
        for kind in (n for n in ast.walk(m.tree) if isinstance(n, ast.ClassDef)):
            for f in kind.body:
                if isinstance(f, ast.FunctionDef) and f.name == "__init__":
                    count = len(f.args.posonlyargs) + len(f.args.args) - 1
                    if count > MAX_ARGUMENTS:
                        found.add(f"{m.name}: {kind.name}")
    check("constructors", found)


@pytest.mark.parametrize("top", PACKAGES)
def test_tests_lie_in_folders_named_as_those_they_test(top: str) -> None:
    folders = {p.parent.relative_to(ROOT / "tests") for p in (ROOT / "tests" / top).rglob("test_*.py")}
    assert not [f for f in folders if not (ROOT / f).is_dir()]
