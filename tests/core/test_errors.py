"""What the app does about an error is decided by the error's type, never by the words of its sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from convscope.core.errors import NotEnoughMemoryError, UserError

CODE = Path(__file__).resolve().parents[2] / "convscope"

# Other libraries raise one type for several things; what they say is all that there is to go by.
OF_OTHERS = {
    ("engine/models/applications/build.py", "'corrupted' in str(error)"),
    ("engine/data/decode.py", "'truncated' in str(error).lower()"),
    ("imaging/io/heif.py", "'nsupported' in str(error)"),
}
ASKING = ("startswith", "endswith", "find", "index", "count")


def decided_by_words(source: str) -> Iterator[str]:
    """Every place that looks for words in what an error says."""
    tree = ast.parse(source)
    handled = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            named = ast.unparse(node.annotation)
            if named.endswith(("Error", "Exception")):
                handled.add(node.arg)

    def words_of_an_error(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and node.attr == "message":
            return True
        if isinstance(node, ast.Attribute) and node.attr == "args":
            return isinstance(node.value, ast.Name) and node.value.id in handled
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
            return bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id in handled
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # str(error).lower(), error.message.strip()
            return node.func.attr in ("lower", "casefold", "strip") and words_of_an_error(node.func.value)
        return False

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            if any(words_of_an_error(side) for side in (node.left, *node.comparators)):
                yield ast.unparse(node)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ASKING
            and words_of_an_error(node.func.value)
        ):
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "line",
    [
        "if error.message.startswith('The memory'): pass",
        "if 'memory' in error.message: pass",
        "if failure.message == 'No camera': pass",
        "try: pass\nexcept ValueError as e:\n    if 'memory' in str(e).lower(): pass",
        "def f(problem: BaseException):\n    return str(problem).endswith('again.')",
    ],
)
def test_such_a_place_is_found(line: str) -> None:
    assert list(decided_by_words(line))


def test_nothing_is_decided_by_the_words_of_an_error() -> None:
    found = {
        (path.relative_to(CODE).as_posix(), words)
        for path in sorted(CODE.rglob("*.py"))
        for words in decided_by_words(path.read_text(encoding="utf-8"))
    }
    assert found == OF_OTHERS


def test_too_little_memory_is_told_as_every_other_error() -> None:
    error = NotEnoughMemoryError("Too little.", detail="OOM")
    assert isinstance(error, UserError) and (error.message, error.detail) == ("Too little.", "OOM")
