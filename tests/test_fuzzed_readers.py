"""Files that a seeded fuzzer has damaged: each is read, or refused in one sentence, and nothing is written.

Models have a fuzzer of their own beside their readers, unsaved work in `workspace/test_recovery.py`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.engine.data.decode import UnreadableError, quick_check, read_image, read_thumbnail
from convscope.engine.data.formats.idx import read_idx
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.files.sidecar import read_sidecar
from convscope.engine.training.runs.export import run_row, runs_csv, runs_json
from convscope.engine.training.runs.run import Run, find_runs
from convscope.engine.training.runs.unfinished import unfinished_runs
from convscope.imaging.io.load import load_image, thumbnail
from convscope.imaging.io.matrix import parse_matrix
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive, load_array
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel_files import load_kernels, parse_kernel, save_kernels
from convscope.ui.settings import Settings
from convscope.workspace.kernel_library import KernelLibrary
from tests.made_runs import made_run

WORDS = (
    *("null", "true", "-1", "0", "1e999", "-1e999", "NaN", "10" * 200, '"x"', '"\\ud800"', '"\\u0000"', "[]"),
    *("{}", "[[]]", '{"a": 1}', "[" * 200, "0.5", "9223372036854775808", '""', "[1, 2, 3]"),
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')


def damaged(data: bytes, random: Random) -> bytes:
    """The bytes with one kind of damage."""
    found = bytearray(data)
    at, other = random.randrange(len(found)), random.randrange(len(found))
    size = random.choice((1, 2, 4, 8))
    kind = random.randrange(8)
    if kind == 0:
        found[at] ^= 1 << random.randrange(8)
    elif kind == 1:
        for place in (random.randrange(len(found)) for _ in range(4)):
            found[place] = random.randrange(256)
    elif kind == 2:
        found[at : at + size] = random.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * size
    elif kind == 3:
        del found[at:]
    elif kind == 4:
        found[at:at] = found[other : other + random.randrange(1, 64)]
    elif kind == 5:
        del found[at : at + random.randrange(1, 32)]
    elif kind == 6:
        found += bytes(random.randrange(256) for _ in range(random.randrange(1, 64)))
    else:
        found[at : at + 4] = random.choice((struct.pack(">I", 2**31), struct.pack("<I", 2**32 - 1)))
    return bytes(found) or b"\0"


def reworded(data: bytes, random: Random) -> bytes:
    """Text with another word in the place of one."""
    places = [found.span() for found in _TOKEN.finditer(data)]
    if not places or random.random() < 0.2:
        return damaged(data, random)
    begin, end = random.choice(places)
    return data[:begin] + random.choice(WORDS).encode() + data[end:]


@dataclass(frozen=True)
class Reader:
    """What is fuzzed.

    Attributes:
        name: the file's.
        seeds: sound files.
        read: reads the path; raises nothing but what `told` says.
        tries: how many damaged files of each seed.
        text: words of JSON are damaged, too.
        told: how it refuses.
    """

    name: str
    seeds: Callable[[Path], list[bytes]]
    read: Callable[[Path], Any]
    tries: int = 120
    text: bool = False
    told: tuple[type[Exception], ...] = (UserError,)


def idx_files(_folder: Path) -> list[bytes]:
    images = struct.pack(">BBBB3I", 0, 0, 8, 3, 4, 6, 5) + bytes(range(120))
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 4) + bytes(4)
    return [images, labels, gzip.compress(images, mtime=0)]


def archives(_folder: Path) -> list[bytes]:
    found = []
    x, y = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4), np.arange(6) % 3
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, x=x, y=y)
        found.append(buffer.getvalue())
    return found


def kernels(ending: str) -> Callable[[Path], list[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        path = folder / f"seed{ending}"
        found = []
        for several in ([make("gaussian")], [make("sobel-x")] * 3):
            save_kernels(path, several)
            found.append(path.read_bytes())
        path.unlink()
        return found

    return seeds


def library(folder: Path) -> list[bytes]:
    kept = KernelLibrary(folder / "seed.json")
    kept.save("mine", make("gaussian"))
    kept.save("colours", [make("sobel-x")] * 3)
    data = kept.path.read_bytes()
    kept.path.unlink()
    return [data]


def read_library(path: Path) -> None:
    with contextlib.suppress(UserError):
        KernelLibrary(path).entries()
    for aside in path.parent.glob(f"{path.stem}-unreadable-*"):
        aside.rename(path)


def names(_folder: Path) -> list[bytes]:
    return [
        b'["cat", "dog"]',
        b'{"0": "cat", "1": "dog"}',
        b'{"cat": 0, "dog": 1}',
        b'{"0": ["n01440764", "tench"]}',
        b'{"classes": ["a", "b"], "preprocessing": "tf"}',
        b'{"classes": {"0": "a"}, "preprocessing": {"scale": [0.1], "offset": [0.0], "order": "rgb"}}',
    ]


def layers(_folder: Path) -> list[bytes]:
    return [TEMPLATES[name].architecture.to_json().encode() for name in ("lenet-5", "vgg16-cats-dogs")]


def pictures(kind: str, *modes: str, **options: Any) -> Callable[[Path], list[bytes]]:
    def seeds(_folder: Path) -> list[bytes]:
        y, x = np.mgrid[:20, :26]
        colours = np.dstack([x * 9, y * 12, (x + y) * 5, 255 - x * 9]).astype(np.uint8)
        found = []
        for mode in modes:
            buffer = io.BytesIO()
            PillowImage.fromarray(colours).convert(mode).save(buffer, kind, **options)
            found.append(buffer.getvalue())
        return found

    return seeds


def read_picture(path: Path) -> None:
    """By everything that looks at pictures."""
    for look in (lambda: load_image(path), lambda: thumbnail(path, 8)):
        with contextlib.suppress(UserError):
            look()
    verdict, _ = quick_check(path)
    assert verdict in ("image", "broken", "other")
    for read in (read_image, lambda path: read_thumbnail(path, 8)):
        with contextlib.suppress(UnreadableError):
            read(path)


def settings(_folder: Path) -> list[bytes]:
    known = Settings((1, 2, 300, 200), True, "data", "dark", 1.25, ["/a/b.png"], {"main": "AAAA"})
    known.save()
    data = Settings.path().read_bytes()
    Settings.path().unlink()
    return [data]


def read_settings(path: Path) -> None:
    Settings.path().write_bytes(path.read_bytes())
    found = Settings.load()
    found.splitter("main")
    found.save()
    for aside in Settings.path().parent.glob("settings-unreadable-*"):
        aside.unlink()


READERS = [
    Reader("train-images-idx3-ubyte", idx_files, read_idx, 150),
    Reader("data.npz", archives, open_dataset, 300),
    Reader("values.npz", archives, lambda path: load_archive(path, 1 << 20), 200, told=UNREADABLE),
    Reader("kernel.json", kernels(".json"), load_kernels, 150, text=True),
    Reader("kernel.csv", kernels(".csv"), load_kernels, 150, text=True),
    Reader("kernel.npy", kernels(".npy"), load_kernels, 150),
    Reader("image.npy", kernels(".npy"), load_image, 150),
    Reader("values.npy", kernels(".npy"), lambda path: load_array(path, 1 << 20), 150, told=UNREADABLE),
    Reader("matrix.csv", kernels(".csv"), load_image, 150, text=True),
    Reader("library.json", library, read_library, 200, text=True),
    Reader("names.classes.json", names, read_sidecar, 100, text=True),
    Reader("names.classes.txt", lambda _folder: [b"cat\ndog\n\xc3\xa4\n"], read_sidecar, 200),
    Reader("layers.json", layers, Architecture.open, 120, text=True),
    Reader("settings.json", settings, read_settings, 80, text=True),
    Reader("a.gif", pictures("GIF", "L", "P"), read_picture, 40),
    Reader("a.jpg", pictures("JPEG", "RGB", "L"), read_picture, 40),
    Reader("b.jpg", pictures("JPEG", "CMYK", progressive=True), read_picture, 40),
    Reader("a.png", pictures("PNG", "RGB", "LA", "P"), read_picture, 40),
    Reader("a.bmp", pictures("BMP", "RGB", "P", "1"), read_picture, 40),
    Reader("a.tif", pictures("TIFF", "RGB", "L", "F"), read_picture, 40),
    Reader("b.tif", pictures("TIFF", "RGB", compression="tiff_lzw"), read_picture, 40),
    Reader("a.webp", pictures("WEBP", "RGB"), read_picture, 40),
    Reader("a.ppm", pictures("PPM", "RGB", "L"), read_picture, 40),
]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_it_is_read_or_refused_in_one_sentence(
    tmp_path: Path, reader: Reader, capfd: pytest.CaptureFixture[str]
) -> None:
    random, path = Random(reader.name), tmp_path / reader.name
    change = reworded if reader.text else damaged
    for seed in reader.seeds(tmp_path):
        path.write_bytes(seed)
        reader.read(path)
        for _ in range(reader.tries):
            data = change(seed, random)
            if random.random() < 0.3:
                data = change(data, random)
            path.write_bytes(data)
            try:
                reader.read(path)
            except reader.told as error:
                if isinstance(error, UserError):
                    assert "\n" not in error.message and len(error.message) < 700
            assert [entry.name for entry in tmp_path.iterdir()] == [reader.name]
            assert path.read_bytes() == data
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def typed(random: Random) -> Iterator[str]:
    """What a person might type or paste for a table of numbers, and nobody would."""
    seeds = (
        *("0 -1 0; -1 5 -1; 0 -1 0", "1/9 * [[1, 1, 1], [1, 1, 1]]", "1\t2\n3\t4", "[1 2; 3 4]"),
        *("np.array([[1., 2.], [3, 4]])", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "{1, 2}, {3, 4}"),
        *("1,5;2\n3;4", "|1 2|\n|3 4|", "tf.constant([[0.5]])", "1e3 −2 ½", "(1/16)*((1,2,1),(2,4,2))"),
    )
    signs = "0123456789.,;:-+*/()[]{}|&\\ \t\n\r eEnNaAiI½²−×·'\"#_\0\u202e\ud800\N{ARABIC-INDIC DIGIT FOUR}²"
    for seed in seeds:
        yield seed
        for _ in range(60):
            letters = list(seed)
            for _ in range(random.randrange(1, 6)):
                at = random.randrange(len(letters) + 1)
                letters[at : at + random.randrange(3)] = random.choices(signs, k=random.randrange(4))
            yield "".join(letters)
    for sign in signs:
        yield sign * 3000
    yield "[" * 50_000
    yield "9" * 50_000
    yield "1 " * 200_000
    yield "1e" + "9" * 5000


@pytest.mark.parametrize("parse", [parse_kernel, parse_matrix])
def test_text_that_is_typed(parse: Callable[[str], Any]) -> None:
    for text in typed(Random(5)):
        with contextlib.suppress(UserError):
            parse(text)


def look_at(run: Run, parent: Path) -> None:
    """Everything that the window and the command line ask of a run."""
    asked: tuple[Callable[[], object], ...] = (
        *(lambda: run.details, lambda: run.history, lambda: run.batches, lambda: run.state),
        *(lambda: run.sentence, lambda: run.test, lambda: run.seconds, lambda: run.can_resume),
        *(lambda: run_row(run), lambda: runs_csv([run]), lambda: runs_json([run]), lambda: run.planned),
        *(lambda: run.starts_again, lambda: run.model_path, lambda: json.dumps(run.details.to_json())),
    )
    for ask in asked:
        with contextlib.suppress(UserError):
            ask()
    runs, broken = find_runs(parent)
    assert len(runs) + len(broken) == 2
    unfinished_runs(parent)


@pytest.mark.parametrize("name", ["settings.json", "status.json", "history.jsonl", "batches.jsonl"])
def test_the_files_of_a_run(tmp_path: Path, name: str) -> None:
    run, _other = made_run("fuzzed", tmp_path), made_run("sound", tmp_path)
    path, random = run.folder / name, Random(name)
    whole = path.read_bytes()
    for _ in range(30):
        path.write_bytes(reworded(whole, random))
        look_at(run, tmp_path)
    path.write_bytes(whole)
    assert len(find_runs(tmp_path)[0]) == 2


def test_what_the_fuzzer_found(tmp_path: Path) -> None:
    """Each was a traceback, a warning on the terminal, or a sentence of a page."""
    path = tmp_path / "kernel.npy"
    # A signalling NaN.
    np.save(path, np.frombuffer(struct.pack("<4Q", 0x7FF0000000000001, 1, 2, 3), "<f8").reshape(2, 2))
    with pytest.raises(UserError, match="must be a finite number"):
        load_kernels(path)
    architecture = json.loads(TEMPLATES["lenet-5"].architecture.to_json())
    for place in ("name", "kind"):
        layers = [dict(layer) for layer in architecture["layers"]]
        layers[1][place] = layers[2][place] = "x" * 100_000
        with pytest.raises(UserError) as told:
            Architecture.from_json(json.dumps({**architecture, "layers": layers}))
        assert len(told.value.message) <= 1001
    layers = [dict(layer) for layer in architecture["layers"]]
    layers[1]["config"] = {**layers[1]["config"], "activation": 10**300}
    with pytest.raises(UserError, match=r"activation is 10{58}…, not one of"):
        Architecture.from_json(json.dumps({**architecture, "layers": layers}))
    names = tmp_path / "names.classes.json"
    names.write_text(json.dumps({"classes": ["a"], "preprocessing": {"scale": [10**400], "offset": [0]}}))
    with pytest.raises(UserError, match="how pixels are prepared"):
        read_sidecar(names)
    # A zip of a version that there is not.
    np.savez(tmp_path / "data.npz", x=np.zeros((2, 3, 3), np.uint8), y=np.zeros(2, int))
    data = bytearray((tmp_path / "data.npz").read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 255
    (tmp_path / "data.npz").write_bytes(data)
    with pytest.raises(UserError, match="zip file version"):
        open_dataset(tmp_path / "data.npz")


def test_a_zip_that_lies_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kilobyte that says it is a gigabyte, and one that is."""
    path = tmp_path / "data.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (40000, 40000), }".ljust(117) + b"\n"
    body = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    for data in (body, body + bytes(3 << 20)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", data)
            archive.writestr("y.npy", data)
        with pytest.raises(UserError, match="claims 1,600,000,000 bytes"):
            open_dataset(path)
    # Larger than what is allowed, by what it says itself.
    monkeypatch.setattr("convscope.engine.data.formats.npz._LARGEST", 1 << 20)
    with pytest.raises(UserError, match=r"unpacks to more than 1\.05 MB"):
        open_dataset(path)
