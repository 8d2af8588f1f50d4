"""Every reader goes through the room of safe opening: nobody opens a person's file on his own."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.engine.data.decode import UnreadableError, quick_check, read_image, read_thumbnail
from convscope.engine.data.formats.idx import read_idx
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.files.description import description, is_description
from convscope.engine.models.files.h5 import check_h5
from convscope.engine.models.files.keras_zip import unpacked
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.files.sidecar import read_sidecar, sidecar_of
from convscope.engine.models.prediction_table import PredictionTable
from convscope.engine.training.runs.checkpoint import has_checkpoint
from convscope.engine.training.runs.run import Run, is_run
from convscope.imaging.io.load import list_images, load_image, thumbnail
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive, load_array, map_array
from convscope.imaging.io.save import save_npy
from convscope.imaging.kernels.kernel_files import load_kernels
from convscope.workspace.kernel_library import KernelLibrary
from convscope.workspace.openers.architectures import is_architecture
from convscope.workspace.openers.datasets import has_classes
from convscope.workspace.openers.kernels import is_kernels
from convscope.workspace.openers.models import is_model
from convscope.workspace.openers.registry import sort
from convscope.workspace.openers.runs import is_run as is_run_folder
from tests.strange import put

CODE = Path(__file__).resolve().parent.parent / "convscope"

# -- what the code may call ----------------------------------------------------------------------------------

READS = frozenset(
    (
        "read_text",
        "read_bytes",
        "fromfile",
        "memmap",
        "loadtxt",
        "genfromtxt",
        "imread",
        "resolve",
        "load_module",
    )
)
CALLS = frozenset(
    (
        *(
            "open",
            "io.open",
            "os.open",
            "gzip.open",
            "tarfile.open",
            "json.load",
            "json.loads",
            "pickle.load",
        ),
        *("pickle.loads", "np.load", "zipfile.ZipFile", "zipfile.is_zipfile", "h5py.File", "Image.open"),
        *("PillowImage.open", "cv2.imread", "marshal.load", "shelve.open", "yaml.load"),
    )
)
NAMES = READS | {call.rpartition(".")[2] for call in CALLS}
# (file, what it calls): why that is no file of somebody else's, or has come through the room before.
ALLOWED = {
    ("cli/__init__.py", "os.open"): "the system's null device",
    ("cli/doctor.py", "json.loads"): "what our own process says",
    ("engine/data/decode.py", "Image.open"): "bytes, and a file that the room has opened",
    ("engine/data/formats/unpack.py", "zipfile.is_zipfile"): "a download whose checksum is right",
    ("engine/data/formats/unpack.py", "zipfile.ZipFile"): "a download whose checksum is right",
    ("engine/data/formats/unpack.py", "archive.open"): "a download whose checksum is right",
    ("engine/data/formats/unpack.py", "tarfile.open"): "a download whose checksum is right",
    ("engine/data/collect/collection.py", "os.open"): "a new, empty file that keeps a name",
    ("engine/data/formats/unpack.py", "os.open"): "a new file, to write",
    ("engine/fetch.py", "path.open"): "a download, opened before to be written on without a link or a pipe",
    ("engine/models/export/export_model.py", "np.load"): "our own process's answer, in our own folder",
    ("engine/models/export/onnx.py", ".read_bytes"): "what was just written",
    ("engine/models/export/process.py", ".read_text"): "our own process's log, in our own folder",
    ("engine/models/export/process.py", "json.loads"): "what our own process says",
    ("engine/models/export/worker.py", "json.loads"): "our own order, in our own folder",
    ("engine/models/export/worker.py", ".read_text"): "our own order, in our own folder",
    ("engine/models/export/worker.py", "np.load"): "our own pictures, in our own folder",
    ("engine/models/files/h5.py", "h5py.File"): "checked by the room just before",
    ("engine/models/files/h5.py", "path.open"): "checked by the room just before",
    ("engine/models/files/h5_check.py", "path.open"): "checked by the room just before",
    ("engine/models/files/keras_zip.py", "zipfile.ZipFile"): "checked by the room just before",
    ("engine/models/files/loss.py", "zipfile.ZipFile"): "a file that the room has opened",
    ("engine/models/files/loss.py", "h5py.File"): "opened as a model before",
    ("engine/models/files/keras2/renamed_weights.py", "h5py.File"): "opened as a model before",
    ("engine/models/files/save_file.py", "h5py.File"): "what was just written",
    ("engine/models/files/save_file.py", "json.loads"): "what was just written",
    ("engine/models/files/saved_model/__init__.py", ".resolve"): "a folder that is there",
    ("engine/models/files/saved_model/isolation.py", "open"): "the system's own",
    ("engine/models/files/saved_model/isolation.py", "os.open"): "a folder, to shut it off",
    (
        "engine/models/files/saved_model/messages.py",
        "json.loads",
    ): "what our own process says",
    ("engine/models/library/shipped.py", "json.loads"): "our own text",
    ("engine/models/library/shipped.py", "np.load"): "shipped",
    ("engine/training/runs/checkpoint.py", "h5py.File"): "an unpacked copy that was looked through",
    ("engine/training/runs/export.py", "json.loads"): "our own text",
    ("workspace/history.py", "json.loads"): "our own text",
    ("core/files.py", "os.open"): "to write",
    ("core/files.py", ".resolve"): "its error is told in a sentence",
    ("imaging/io/decode.py", "PillowImage.open"): "a file that the room has opened",
    ("imaging/io/depth.py", "PillowImage.open"): "a file that the room has opened",
    ("imaging/io/numpy_files.py", "np.load"): "checked by the room just before",
    ("imaging/io/numpy_files.py", "zipfile.ZipFile"): "a file that the room has opened",
    ("imaging/io/tiff.py", "PillowImage.open"): "a file that the room has opened",
    ("core/logs.py", "record.open"): "an ordinary file of our own",
    ("core/opening.py", "os.open"): "the room",
    ("core/opening.py", "json.loads"): "the room",
    ("core/opening.py", ".read_text"): "the system's own",
    ("core/opening.py", "Path('/proc/meminfo').open"): "the system's own",
    ("core/paths.py", ".resolve"): "our own code's folder",
    ("core/process_state.py", "os.open"): "a new file of our own",
}


def readers(source: str) -> Iterator[str]:
    """What is called that opens or reads a file by its name, or reads JSON."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in NAMES:
            continue
        called = ast.unparse(node.func)
        if "resource_path(" in ast.unparse(node):
            continue
        if called in CALLS:
            yield called
        elif isinstance(node.func, ast.Attribute) and name in READS:
            yield f".{name}"
        elif isinstance(node.func, ast.Attribute) and name == "open" and _a_mode(node):
            yield called


def _a_mode(node: ast.Call) -> bool:
    """Whether a method `open` is that of a path, for reading: `path.open()`, `path.open("rb")`."""
    mode = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "mode"), None)
    text_only = {k.arg for k in node.keywords} & {"encoding", "newline", "errors"}
    if mode is None:
        return bool(text_only)
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and mode.value[:1] == "r"


@pytest.mark.parametrize(
    "line",
    [
        "Path(x).read_text()",
        "path.read_bytes()",
        "with open(x) as f: pass",
        "path.open('rb')",
        "path.open(encoding='utf-8')",
        "np.load(path)",
        "json.loads(text)",
        "Image.open(path)",
        "zipfile.ZipFile(path)",
        "h5py.File(path)",
        "path.resolve()",
    ],
)
def test_such_a_place_is_found(line: str) -> None:
    assert list(readers(line))


def test_nobody_opens_a_file_but_through_the_room() -> None:
    found = {
        (path.relative_to(CODE).as_posix(), called)
        for path in sorted(CODE.rglob("*.py"))
        for called in readers(path.read_text(encoding="utf-8"))
    }
    more, gone = found - ALLOWED.keys(), ALLOWED.keys() - found
    assert not more, f"read through convscope.core.opening, or say here why not: {sorted(more)}"
    assert not gone, f"these go through the room now, take them off the list: {sorted(gone)}"


# -- what the readers do -------------------------------------------------------------------------------------


def table(path: Path) -> None:
    with PredictionTable(path, [], key="key", top=1):
        pass


def parts(path: Path) -> None:
    with unpacked(path):
        pass


# What a person may point at, by the ending of its name; all of them end in a sentence.
READERS: dict[str, Callable[[Path], Any]] = {
    "image.png": load_image,
    "image.jpg": lambda path: thumbnail(path, 32),
    "image.tif": load_image,
    "matrix.npy": load_image,
    "matrix.csv": load_image,
    "kernel.json": load_kernels,
    "kernel.csv": load_kernels,
    "kernel.npy": load_kernels,
    "data.npz": open_dataset,
    "train-images-idx3-ubyte": read_idx,
    "names.classes.json": read_sidecar,
    "names.classes.txt": read_sidecar,
    "layers.json": Architecture.open,
    "described.json": description,
    "model.keras": open_file,
    "model.h5": open_file,
    "model.json": open_file,
    "parts.keras": parts,
    "weights.h5": check_h5,
    "library.json": lambda path: KernelLibrary(path).entries(),
    "values.npy": lambda path: load_array(path, 1 << 30),
    "values.npz": lambda path: load_archive(path, 1 << 30),
}
LARGE = 5 << 30  # larger than any limit; a file with a hole takes no room


@pytest.mark.parametrize("kind", ["pipe", "zero", "loop", "folder", "large", "missing"])
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_ends_in_one_sentence(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    put(path, kind, LARGE)
    if name == "library.json" and kind == "missing":
        assert KernelLibrary(path).entries() == {}
        return
    with pytest.raises(UserError) as told:
        READERS[name](path)
    message = told.value.message
    assert message.endswith((".", ":")) or "." in message
    assert "\n" not in message and len(message) < 600 and type(told.value).__name__ not in message
    left = sorted(entry.name for entry in tmp_path.iterdir())
    assert left == ([] if kind == "missing" else [name]) or name == "library.json"


@pytest.mark.parametrize("kind", ["pipe", "zero", "loop", "folder"])
def test_what_is_only_asked_answers(tmp_path: Path, kind: str) -> None:
    """Sniffing, listing and what is kept beside: no error, no waiting."""
    for name in ("a.png", "a.json", "a.npz", "a.keras", "b.classes.json", "settings.json", "status.json"):
        put(tmp_path / name, kind, LARGE)
    for name in ("a.png", "a.json", "a.npz", "a.keras"):
        path = tmp_path / name
        assert quick_check(path)[0] != "image"
        assert not is_description(path) and not is_architecture(path)
        assert not has_classes(path)
        assert not is_kernels(path) and not is_run_folder(path)
        is_model(path)
        assert sort([path])
        for read in (read_image, lambda path: read_thumbnail(path, 8)):
            with pytest.raises(UnreadableError):
                read(path)
        with pytest.raises(UNREADABLE):
            map_array(path)
    assert not is_run(tmp_path) and not has_checkpoint(tmp_path)
    assert list_images(tmp_path) == []
    assert sidecar_of(tmp_path / "b.keras").classes == ()
    with pytest.raises(UserError):
        Run.open(tmp_path)
    with pytest.raises(UserError):
        open_dataset(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "large"])
def test_a_table_to_go_on_with(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "out.csv", kind, LARGE)
    with pytest.raises(UserError):
        table(tmp_path / "out.csv")


@pytest.mark.parametrize("kind", ["pipe", "zero", "loop", "folder"])
@pytest.mark.parametrize(
    "words",
    [
        ["filter", "PATH", "-o", "out.png"],
        ["filter", "in.png", "--kernel-file", "PATH", "-o", "out.png"],
        ["summary", "PATH"],
        ["predict", "digits", "PATH"],
        ["evaluate", "PATH"],
        ["train", "--resume", "PATH"],
        ["train", "--model", "lenet-5", "--data", "PATH", "-o", "run"],
    ],
)
def test_the_command_line_says_so_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    kind: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "x.png", kind, LARGE)
    np.save(tmp_path / "in.npy", np.zeros((4, 4), np.uint8))
    given = [{"PATH": "x.png", "in.png": "in.npy"}.get(word, word) for word in words]
    code = main(given)
    said = capsys.readouterr()
    assert code == 2, said
    assert said.err.count("\n") == 1 and "Traceback" not in said.err


@pytest.mark.parametrize("ending", [".png", ".npy", ".tiff"])
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "folder"])
def test_nothing_but_a_file_is_written_over(
    tmp_path: Path, kind: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe stands for a device: for root a link to one was followed, and the device became a picture."""
    np.save(tmp_path / "in.npy", np.zeros((4, 4), np.uint8))
    out = tmp_path / f"out{ending}"
    if kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        out.symlink_to(tmp_path / "pipe")
    else:
        put(out, kind, LARGE)
    before = out.lstat()
    assert main(["filter", str(tmp_path / "in.npy"), "-o", str(out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(UserError):
        save_npy(out, np.zeros(3))
    if kind != "link to a pipe":
        with pytest.raises(OSError, match="something else than a file"):
            write_whole(out, b"x")
    else:
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert (out.lstat().st_mode, out.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert sorted(path.name for path in tmp_path.iterdir())[:2] == ["in.npy", out.name]
