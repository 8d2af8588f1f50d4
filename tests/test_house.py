"""The house as a whole: no file imports in a circle, no class name stands for two things."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import convscope

ROOT = Path(convscope.__file__).parent


@cache
def modules() -> dict[str, ast.Module]:
    """Every file of the package, parsed, by its dotted name."""
    found = {}
    for path in ROOT.rglob("*.py"):
        name = ".".join(("convscope", *path.relative_to(ROOT).with_suffix("").parts))
        found[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.Module, known: dict[str, ast.Module]) -> set[str]:
    """The files of the package that a file names anywhere in it, for types, too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return found & known.keys()


def test_no_file_imports_in_a_circle() -> None:
    known = modules()
    left = {name: imported(tree, known) - {name} for name, tree in known.items()}
    while leaves := {name for name, needs in left.items() if not needs & left.keys()}:
        left = {name: needs for name, needs in left.items() if name not in leaves}
    assert not left, f"in a circle, or above one: {sorted(left)}"


def test_a_class_name_is_one_thing() -> None:
    where = defaultdict(list)
    for name, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                where[node.name].append(name)
    twice = {name: places for name, places in where.items() if len(places) > 1}
    assert not twice
