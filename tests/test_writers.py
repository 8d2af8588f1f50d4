"""Files are written by `convscope.core.files` alone, whole or not at all; who writes otherwise says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import convscope

CODE = Path(convscope.__file__).parent
NAMES = {"write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "imwrite", "copyfile", "copy2"}
CALLS = {"np.savez", "np.savez_compressed", "np.save", "os.open", "os.replace", "shutil.copy", "shutil.move"}

_OWN = "within a temporary folder of our own, for another process"
ALLOWED = {
    ("cli/__init__.py", "os.open"): "nowhere",
    ("core/files.py", "os.open"): "the one way",
    ("core/files.py", "tempfile.mkstemp"): "the one way",
    ("core/logs.py", "record.open"): "what a process writes into while it runs, and Python where it crashes",
    ("core/opening.py", "os.open"): "to read",
    ("core/process_state.py", "os.open"): "what others print meanwhile; it has no name",
    ("core/process_state.py", "tempfile.mkstemp"): "what others print meanwhile; it has no name",
    (
        "engine/data/collect/collection.py",
        "os.open",
    ): "an empty file that keeps a name until it is written whole",
    ("engine/data/formats/unpack.py", "os.open"): "within a folder that takes its place as a whole",
    ("engine/models/export/export_model.py", "(self.place / ORDER).write_text"): _OWN,
    ("engine/models/export/export_model.py", "np.save"): _OWN,
    ("engine/models/export/litert.py", "file.write_bytes"): "where export_model puts it in its place",
    ("engine/models/export/onnx.py", "file.write_bytes"): "where export_model puts it in its place",
    ("engine/models/export/process.py", "(folder / _LOG).open"): _OWN,
    ("engine/models/export/worker.py", "np.save"): _OWN,
    ("engine/models/files/keras_zip.py", "weights.open"): "a temporary copy, to read",
    ("engine/models/files/saved_model/__init__.py", "(anew / 'saved_model.pb').write_bytes"): _OWN,
    ("engine/models/files/saved_model/isolation.py", "os.open"): "a folder, to shut it off",
    ("engine/models/files/weights.py", "shutil.copy"): "a temporary copy, to read",
}


def writers(source: str) -> Iterator[str]:
    """What is called that makes or changes a file by its name, or may; save into what `replacing` gave."""
    tree = ast.parse(source)
    given, streams = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and node.optional_vars is not None:
            by = ast.unparse(node.context_expr)
            (given if by.startswith("replacing(") else streams).add(ast.unparse(node.optional_vars))
        elif isinstance(node, ast.Assign) and ast.unparse(node.value) == "io.BytesIO()":
            streams.add(ast.unparse(node.targets[0]))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        arguments = {ast.unparse(each) for each in node.args}
        if owner in given or arguments & given or (owner == "np" and arguments & streams):
            continue
        if name in NAMES or called in CALLS or (name == "open" and _to_write(node)):
            yield called


def _to_write(node: ast.Call) -> bool:
    """Whether a call of `open` has a mode that writes: `open(x, "w")`, `path.open("ab")`."""
    given = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "mode")]
    modes = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return any((mode[:1] in "wax" and set(mode) <= set("waxbt+")) or mode == "rb+" for mode in modes if mode)


@pytest.mark.parametrize(
    "line",
    [
        "Path(x).write_text('a')",
        "path.write_bytes(data)",
        "with open(x, 'w') as f: pass",
        "path.open('ab')",
        "path.open(mode='xb')",
        "np.savez(path, a=a)",
        "np.save(path, a)",
        "with path.open('wb') as file: np.save(file, a)",
        "tempfile.mkstemp()",
        "shutil.copyfile(a, b)",
    ],
)
def test_such_a_place_is_found(line: str) -> None:
    assert list(writers(line))


def test_nobody_writes_a_file_but_by_the_one_way() -> None:
    found = {
        (path.relative_to(CODE).as_posix(), called)
        for path in sorted(CODE.rglob("*.py"))
        for called in writers(path.read_text(encoding="utf-8"))
    }
    more, gone = found - ALLOWED.keys(), ALLOWED.keys() - found
    assert not more, f"write by convscope.core.files, or say here why not: {sorted(more)}"
    assert not gone, f"these go by the one way now, take them off the list: {sorted(gone)}"
