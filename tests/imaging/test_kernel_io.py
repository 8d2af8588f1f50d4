"""Kernels in files: what is written comes back; what is no kernel is refused in one sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convscope.core.errors import UserError
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import (
    from_data,
    load_kernels,
    parse_kernel,
    save_kernels,
    to_data,
)

RGB = tuple(Kernel(np.arange(6.0).reshape(2, 3) / 7 - i, name=f"k{i}") for i in range(3))


def test_a_kernel_as_it_is_typed() -> None:
    kernel = parse_kernel("0 -1 0; -1 5 -1; 0 -1 0")
    assert kernel == Kernel(make("sharpen").weights)
    with pytest.raises(UserError, match="31×31"):
        parse_kernel("1 " * 32)


@pytest.mark.parametrize(
    "kernels",
    [
        (make("gabor", theta=30),),
        (make("log-5x5"),),
        (make("box-blur", size=5),),
        (Kernel.divided([[1, 2], [3, 4]], 10, "tenth"),),
        RGB,
    ],
)
def test_json_keeps_everything(kernels: tuple[Kernel, ...], tmp_path: Path) -> None:
    save_kernels(tmp_path / "k.json", kernels)
    assert load_kernels(tmp_path / "k.json") == kernels


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".CSV"])
@pytest.mark.parametrize("kernels", [(make("gabor", theta=30),), (make("sharpen"),), RGB])
def test_csv_and_npy_keep_the_weights_exactly(
    kernels: tuple[Kernel, ...], suffix: str, tmp_path: Path
) -> None:
    save_kernels(tmp_path / f"my kernel{suffix}", kernels)
    loaded = load_kernels(tmp_path / f"my kernel{suffix}")
    assert [k.weights.tolist() for k in loaded] == [k.weights.tolist() for k in kernels]
    assert {k.name for k in loaded} == {"my kernel"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    weights=arrays(
        np.float64, st.tuples(st.integers(1, 31), st.integers(1, 31)), elements=st.floats(-1e300, 1e300)
    )
)
@pytest.mark.parametrize("suffix", [".json", ".csv", ".npy"])
def test_any_weights_come_back_exactly(suffix: str, weights: Any, tmp_path: Path) -> None:
    save_kernels(tmp_path / f"k{suffix}", [Kernel(weights)])
    assert np.array_equal(load_kernels(tmp_path / f"k{suffix}")[0].weights, weights)


def test_what_is_written_is_readable_elsewhere(tmp_path: Path) -> None:
    save_kernels(tmp_path / "k.csv", [make("sharpen")])
    assert (tmp_path / "k.csv").read_text() == "0,-1,0\n-1,5,-1\n0,-1,0\n"
    assert np.array_equal(np.loadtxt(tmp_path / "k.csv", delimiter=","), make("sharpen").weights)
    save_kernels(tmp_path / "k.npy", RGB)
    assert np.load(tmp_path / "k.npy").shape == (3, 2, 3)
    save_kernels(tmp_path / "k.json", [make("gaussian", sigma=2)])
    entry = json.loads((tmp_path / "k.json").read_text())["kernels"][0]
    assert (entry["name"], entry["preset"], entry["parameters"]["sigma"]) == ("gaussian", "gaussian", 2)


def test_tables_written_by_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "k.txt").write_text("[[1/9, 1/9], [1/9, 1/9]]")
    (tmp_path / "k.tsv").write_bytes("\ufeff1\t2\r\n3\t4\r\n".encode())
    np.save(tmp_path / "k.npy", np.asfortranarray([[1, 2], [3, 4]], dtype=np.int16))
    assert load_kernels(tmp_path / "k.txt")[0].weights.tolist() == [[1 / 9, 1 / 9]] * 2
    assert load_kernels(tmp_path / "k.tsv")[0].weights.tolist() == [[1, 2], [3, 4]]
    assert load_kernels(tmp_path / "k.npy")[0].weights.tolist() == [[1, 2], [3, 4]]


def test_a_file_is_not_believed_about_its_preset() -> None:
    data = to_data([make("sobel-x")])
    assert from_data(data)[0].preset == "sobel-x"
    data["kernels"][0]["weights"][0][0] = 7
    assert (from_data(data)[0].preset, from_data(data)[0].name) == (None, "sobel-x")
    data["kernels"][0]["preset"] = "of another version"
    assert from_data(data)[0].preset is None


def test_a_divisor_as_it_is_typed_and_in_files_of_before_there_was_one(tmp_path: Path) -> None:
    ninth = Kernel.divided(np.ones((2, 2)), 9)
    assert parse_kernel("1/9 * [[1, 1], [1, 1]]") == ninth
    (tmp_path / "k.txt").write_text(r"\frac{1}{9}\begin{bmatrix} 1 & 1 \\ 1 & 1 \end{bmatrix}")
    assert load_kernels(tmp_path / "k.txt")[0].divisor == 9
    data = to_data([make("box-blur"), make("sharpen"), ninth])
    for entry in data["kernels"]:
        del entry["divisor"]
    assert [kernel.divisor for kernel in from_data(data)] == [9, 1, 1]


def _entry(**changes: Any) -> str:
    data = to_data([make("sharpen")])
    data["kernels"][0].update(changes)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("hello", '"hello" is not a number'),
        ("1 2\n3", "Row 2 has 1 number"),
        ("{", "damaged"),
        ("{}", "not a kernel file"),
        ('{"format": "convscope-kernels", "version": 2}', "version 2"),
        ('{"format": "convscope-kernels", "version": 1, "kernels": []}', "no list"),
        ('{"format": "convscope-kernels", "version": 1, "kernels": [3]}', "must have"),
        (_entry(weights=[[1, 2], [3]]), "equally long rows"),
        (_entry(weights=[["1"]]), "rows of numbers"),
        (_entry(weights=[[True]]), "rows of numbers"),
        (_entry(weights=[[[1]]]), "rows of numbers"),
        (_entry(weights=[]), "1×1 to 31×31"),
        (_entry(weights=[[0] * 32]), "1×1 to 31×31"),
        (_entry(weights=[[float("nan")]]), "finite"),
        (_entry(weights=[[10**400]]), "rows of numbers"),
        (_entry(name=""), "1 to 100 letters"),
        (_entry(name="x" * 101), "1 to 100 letters"),
        (_entry(name=3), "1 to 100 letters"),
        (_entry(preset=3), '"preset" must be a text'),
        (_entry(parameters=[1]), '"parameters" a table'),
        (_entry(divisor="9"), '"divisor" must be'),
        (_entry(divisor=0), "divisor is from"),
        (_entry(parameters={"a": "b"}), "every parameter"),
        ('{"a":' * 100_000, "damaged"),
        ("# red\n1\n# green\n2\n", "not 2"),
        ("# red\n1\n# green\n2\n# blue\n3 4\n", "same size"),
    ],
)
def test_what_is_no_kernel_file_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_kernels(path)
    assert sentence in caught.value.message
    assert caught.value.message.startswith("given.txt")


def _npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


HUGE = _npy(np.ones((3, 3))).replace(b"'shape': (3, 3), }      ", b"'shape': (999999999,3),}")


@pytest.mark.parametrize(
    "data",
    [
        _npy(np.ones((1, 2, 3, 4))),
        _npy(np.ones(3)),
        _npy(np.float64(3)),
        _npy(np.ones((2, 3, 3))),
        _npy(np.ones((32, 3))),
        _npy(np.array([[1j]])),
        _npy(np.array([["a"]])),
        _npy(np.array([[print]], dtype=object), allow_pickle=True),
        _npy(np.ones((3, 3)))[:-4],
        _npy(np.ones((3, 3)))[:30],
        b"\x93NUMPY\x01\x00\x05\x00{'a'}",
        b"\x93NUMPY\x09\x00",
        HUGE,
        b"\xff\xfe\x00\x01",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"1 " * 600_000,
    ],
)
def test_binary_that_is_no_kernel_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "given.npy"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"given\.npy.*\.$"):
        load_kernels(path)


def test_mutated_files_are_kernels_or_sentences(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for name in ("k.json", "k.csv", "k.npy"):
        save_kernels(tmp_path / name, [make("gaussian")])
        whole = (tmp_path / name).read_bytes()
        for _ in range(60):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 3):
                data[place] = random.integers(0, 256)
            (tmp_path / name).write_bytes(data[: random.integers(1, len(data) + 1)])
            try:
                kernels = load_kernels(tmp_path / name)
            except UserError as error:
                assert name in error.message
            else:
                assert all(np.isfinite(kernel.weights).all() for kernel in kernels)


def test_what_cannot_be_opened_or_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        load_kernels(tmp_path / "missing.json")
    with pytest.raises(UserError, match="is a folder"):
        load_kernels(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        load_kernels("a\0b")
    with pytest.raises(UserError, match=r"saved as \.json, \.csv, \.npy"):
        save_kernels(tmp_path / "k.png", RGB)
    with pytest.raises(UserError, match="one kernel, or three"):
        save_kernels(tmp_path / "k.json", RGB[:2])
    with pytest.raises(UserError, match="same size"):
        save_kernels(tmp_path / "k.npy", (*RGB[:2], make("sharpen")))
    with pytest.raises(UserError, match="no folder"):
        save_kernels(tmp_path / "missing" / "k.json", RGB)
    assert list(tmp_path.iterdir()) == []
