"""Matrices as images: text, arrays, .npy, .csv and the lectures' own."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from built import decode_image
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from convscope.core.errors import UserError
from convscope.imaging.io.load import load_image
from convscope.imaging.io.matrix import Style, format_matrix, image_from_array, parse_matrix
from convscope.imaging.kernels.matrices import MATRICES


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npy_header(text: bytes, version: int = 1, data: bytes = bytes(64)) -> bytes:
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + struct.pack("<H" if version == 1 else "<I", len(text))
        + text
        + data
    )


# ---- text -----------------------------------------------------------------------------------------------


def test_parse_matrix_reads_what_people_paste() -> None:
    expected = [[1, 2.5], [-3, 4]]
    for text in (
        "1 2.5; -3 4",
        "1\t2.5\n-3\t4",
        "1,2.5\n-3,4\n",
        "array([[ 1. ,  2.5],\n       [-3. ,  4. ]])",
    ):
        values = parse_matrix(text)
        assert values.dtype == np.float64
        np.testing.assert_array_equal(values, expected)


def test_parse_matrix_says_which_row_is_ragged() -> None:
    with pytest.raises(UserError, match="Row 2 has 3 numbers, but row 1 has 2"):
        parse_matrix("1 2\n3 4 5")


def test_parse_matrix_never_runs_code() -> None:
    for text in ("__import__('os').getcwd()", "[[1, 2], [print(3), 4]]", "np.array(open('x').read())"):
        with pytest.raises(UserError):
            parse_matrix(text)


def test_parse_matrix_limits_the_text() -> None:
    with pytest.raises(UserError, match="1,000,001 characters"):
        parse_matrix("1" * 1_000_001)


def test_format_matrix() -> None:
    table = np.array([[0, -1.5], [1e-20, 1e300]])
    assert format_matrix(table) == "[[0, -1.5], [1e-20, 1e+300]]"
    assert format_matrix(table, "tsv") == "0\t-1.5\n1e-20\t1e+300"
    assert format_matrix(table, "csv") == "0,-1.5\n1e-20,1e+300"
    assert format_matrix(np.array([0.1, 2], np.float32)) == "[[0.1, 2]]"
    assert format_matrix(np.array([[True, False]])) == "[[1, 0]]"
    with pytest.raises(UserError, match="3 axes"):
        format_matrix(np.zeros((2, 2, 3)))


@given(
    arrays(
        np.float64,
        array_shapes(min_dims=2, max_dims=2, max_side=5),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.sampled_from(["python", "tsv", "csv"]),
)
def test_format_and_parse_are_inverse(table: np.ndarray, style: Style) -> None:
    np.testing.assert_array_equal(parse_matrix(format_matrix(table, style)), table)


# ---- arrays ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int16, np.int64, np.uint64, np.float32, np.float64, np.float16]
)
def test_whole_numbers_to_255_become_bytes(dtype: type) -> None:
    image = image_from_array(np.array([[0, 1], [200, 255]], dtype), "m")
    assert image.values.dtype == np.uint8
    np.testing.assert_array_equal(image.values, [[0, 1], [200, 255]])
    assert image.notes == ()


@pytest.mark.parametrize("values", [[[0, 256]], [[-1, 0]], [[0.5, 1]]])
def test_all_else_stays_float(values: list[list[float]]) -> None:
    image = image_from_array(values)
    assert image.values.dtype == np.float32
    np.testing.assert_array_equal(image.values, values)


def test_shapes() -> None:
    assert image_from_array([1, 2, 3]).values.shape == (1, 3)
    assert image_from_array(np.zeros((4, 5, 1))).values.shape == (4, 5)
    assert image_from_array(np.zeros((4, 5, 3))).values.shape == (4, 5, 3)
    np.testing.assert_array_equal(image_from_array(np.array([[True, False]])).values, [[1, 0]])
    for wrong in (np.zeros((4, 5, 2)), np.zeros((1, 4, 5, 3)), np.zeros((0, 4)), np.float64(3)):
        with pytest.raises(UserError, match="height × width"):
            image_from_array(wrong, "m")
    for wrong in (np.array([["a"]]), np.array([[1j]]), np.array([[None]])):
        with pytest.raises(UserError, match="real numbers"):
            image_from_array(wrong, "m")


def test_opacity_is_laid_over_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [0, 100, 255, 51]]], np.uint8)
    image = image_from_array(rgba)
    # A fifth opaque: 0·0.2 + 255·0.8 = 204, 100·0.2 + 204 = 224.
    np.testing.assert_array_equal(image.values, [[[10, 20, 30], [204, 224, 255]]])
    assert image.notes == ("transparency laid over white",)
    assert image_from_array(np.full((2, 2, 4), 255, np.uint8)).notes == ()


def test_not_finite_and_too_large() -> None:
    image = image_from_array([[np.nan, 0.5], [np.inf, -np.inf]])
    np.testing.assert_array_equal(image.values, [[0, 0.5], [0, 0]])
    assert image.notes == ("3 values that are not finite became 0",)
    with pytest.raises(UserError, match="beyond"):
        image_from_array([[1e39]])


def test_the_callers_array_is_left_alone() -> None:
    values = np.array([[1, 2]], np.uint8)
    image = image_from_array(values)
    values[0, 0] = 99
    assert image.values[0, 0] == 1
    nan = np.array([[np.nan]])
    image_from_array(nan)
    assert np.isnan(nan[0, 0])


# ---- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4) / 3,
        np.asfortranarray(np.arange(12, dtype=">i4").reshape(3, 4)),
        np.arange(36, dtype=np.uint8).reshape(3, 4, 3),
        np.arange(12, dtype=np.float16).reshape(3, 4, 1) - 5,
        np.array([[True, False], [True, True]]),
    ],
)
def test_npy_files_keep_their_values(tmp_path: Path, array: np.ndarray) -> None:
    path = tmp_path / "m.npy"
    np.save(path, array)
    image = load_image(path)
    assert (image.name, image.path) == ("m.npy", path)
    np.testing.assert_array_equal(image.values, np.squeeze(array).astype(np.float32))


def test_npy_version_2_and_other_writers() -> None:
    header = b'{"shape": (2, 3), "fortran_order": False, "descr": "|u1"}'
    for version in (1, 2):
        image = decode_image(npy_header(header, version, bytes(range(6))), "m.npy")
        np.testing.assert_array_equal(image.values, [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (npy(np.array([[{}]], dtype=object), allow_pickle=True), "something else than real numbers"),
        (npy(np.zeros((2, 2), np.complex64)), "something else than real numbers"),
        (npy(np.zeros(2, [("a", "f4")])), "something else than real numbers"),
        (npy(np.array([["text"]])), "something else than real numbers"),
        (npy(np.zeros((2, 2, 2))), "height × width"),
        (npy(np.zeros((0, 3))), "height × width"),
        (npy(np.zeros((9, 9)))[:-1], "damaged"),
        (npy(np.zeros((9, 9)))[:40], "damaged"),
        (b"\x93NUMPY\x03\0\0\0\0\0\0\0\0", "damaged"),
        (b"\x93NUM", "damaged"),
        (b"PK\x03\x04 an npz", "damaged"),
        (npy_header(b"{'descr': '<f3', 'fortran_order': False, 'shape': (2, 2), }"), "damaged"),
        (npy_header(b"{'descr': '<f4', 'fortran_order': exit(), 'shape': (2, 2), }"), "damaged"),
        (
            npy_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"9" * 18 + b",), }"),
            "999,999,999,999,999,999 pixels",
        ),
        (
            npy_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"9" * 9000 + b",), }"),
            "damaged",
        ),
        (npy(np.zeros((1, 2, 2, 3))), "4 axes"),
    ],
)
def test_bad_npy_files(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "m.npy"
    path.write_bytes(data)
    with pytest.raises(UserError, match=reason) as caught:
        load_image(path)
    assert "m.npy" in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_files(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text("0,50,100\n150,200,255\n", encoding=encoding)
    image = load_image(path)
    assert image.values.dtype == np.uint8
    np.testing.assert_array_equal(image.values, [[0, 50, 100], [150, 200, 255]])


def test_tsv_and_floats(tmp_path: Path) -> None:
    path = tmp_path / "m.tsv"
    path.write_text("0.5\t-1\n1e3\t2\n")
    np.testing.assert_array_equal(load_image(path).values, np.array([[0.5, -1], [1000, 2]], np.float32))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"1,2\n3\n", r"^m\.csv: Row 2 has 1 number, but row 1 has 2"),
        (b"a,b\n1,2\n", r'^m\.csv: Row 1, column 1: "a" is not a number'),
        (b"\xff\xd8\xff\xe0 a JPEG by another name", "not a text of numbers"),
        (b"1,2\0\n", "not a text of numbers"),
        (b"\xff\xfe1", "not a text of numbers"),
    ],
)
def test_bad_csv_files(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(data)
    with pytest.raises(UserError, match=reason):
        load_image(path)


def test_matrices_have_the_same_limit_of_pixels() -> None:
    with pytest.raises(UserError, match="4 pixels; convscope opens up to 3"):
        decode_image(b"1,2\n3,4\n", "m.csv", max_pixels=3)
    with pytest.raises(UserError, match="4 pixels; convscope opens up to 3"):
        decode_image(npy(np.zeros((2, 2, 3))), "m.npy", max_pixels=3)
    assert decode_image(npy(np.zeros((2, 2, 3))), "m.npy", max_pixels=4).channels == 3


# ---- the lectures' ----------------------------------------------------------------------------------------


def windows(key: str) -> np.ndarray:
    """The sums of products where the kernel lies wholly on the matrix."""
    example = next(example for example in MATRICES if example.key == key)
    views = np.lib.stride_tricks.sliding_window_view(example.image.values.astype(float), example.kernel.shape)
    return (views * example.kernel.weights).sum(axis=(2, 3))


def test_the_lectures_numbers_come_out() -> None:
    assert [example.key for example in MATRICES] == ["blur", "binary", "sharpen", "curve", "no-curve"]
    # Sums at rows and columns of the image; the first valid one is at row 1, column 1.
    assert windows("blur")[0, 0] == 662
    assert windows("blur")[2, 1] == 757
    np.testing.assert_array_equal(windows("binary"), [[4, 3, 4], [2, 4, 3], [2, 3, 4]])
    corner = next(example for example in MATRICES if example.key == "sharpen").image.values
    assert 105 * 5 - 102 - 103 == int(corner[0, 0]) * 5 - int(corner[0, 1]) - int(corner[1, 0]) == 320
    assert windows("curve") == [[6600]]
    assert windows("no-curve") == [[0]]


def test_the_lectures_matrices_are_bytes() -> None:
    for example in MATRICES:
        assert example.image.values.dtype == np.uint8
        assert example.image.path is None
        assert example.sentence.endswith(".")
