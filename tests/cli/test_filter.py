"""`convscope filter`: what it writes, prints and refuses, and that it needs neither Qt nor TensorFlow."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.cli import main
from convscope.imaging.io.load import load_image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import save_kernels
from convscope.imaging.lab.display import to_bytes
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.stage import run
from tests.processes import run_process

SHARPEN = "0 -1 0; -1 5 -1; 0 -1 0"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    PillowImage.fromarray(pixels).save(path)
    return path


def test_one_channel_is_shown_alone(picture: Path, tmp_path: Path) -> None:
    out, exact = tmp_path / "green.png", tmp_path / "all.npy"
    words = "--kernel sobel-x --display abs --channel green"
    assert main(["filter", str(picture), "-o", str(out), *words.split(), "--npy", str(exact)]) == 0
    values = run(load_image(picture), Operation(kernels=(make("sobel-x"),))).values
    np.testing.assert_array_equal(np.asarray(PillowImage.open(out)), to_bytes(values[:, :, 1], "abs")[0])
    np.testing.assert_array_equal(np.load(exact), values)


def test_the_weights_are_divided(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mean.npy"
    line = ["filter", str(picture), "-o", str(out), "--kernel", "ones", "--divisor", "9", "--json"]
    assert main(line) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["kernels"][0]["divisor"] == 9 and facts["kernels"][0]["weights"][0][0] == 1 / 9
    ones = Operation(kernels=(make("ones"),))
    np.testing.assert_array_equal(np.load(out), run(load_image(picture), ones).values / np.float32(9))
    again = ["filter", str(picture), "-o", str(out), "--kernel-values", "1/9 * [[1,1,1],[1,1,1],[1,1,1]]"]
    assert main(again) == 0
    np.testing.assert_array_equal(np.load(out), run(load_image(picture), ones).values / np.float32(9))
    assert main([*line[:-2], "0"]) == 2
    assert "another divisor" in capsys.readouterr().err


def test_every_option_reaches_the_result(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, exact = tmp_path / "out.png", tmp_path / "exact.npy"
    words = "--kernel gaussian:sigma=2,size=7 --mode convolve --border reflect --stride 2 --dilation 2"
    words += (
        " --bias -3.5 --activation relu --pool max --pool-size 3 --pool-stride 2 --gray --display stretch"
    )
    assert main(["filter", str(picture), "-o", str(out), *words.split(), "--npy", str(exact)]) == 0
    operation = Operation(
        kernels=(make("gaussian", sigma=2, size=7),),
        mode="convolve",
        border="reflect",
        stride=2,
        dilation=2,
        bias=-3.5,
        channels="gray",
        activation="relu",
        pool="max",
        pool_size=3,
        pool_stride=2,
    )
    result = run(load_image(picture), operation)
    saved = np.load(exact)
    assert saved.dtype == np.float32
    np.testing.assert_array_equal(saved, result.values)
    np.testing.assert_array_equal(np.asarray(PillowImage.open(out)), to_bytes(result.values, "stretch")[0])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert f"20×30×3 → {result.shape[0]}×{result.shape[1]}" in printed
    assert "W' = ⌊(W − K_eff + 2P)/S⌋ + 1 = ⌊(30 − 13 + 12)/2⌋ + 1 = 15" in printed
    assert "mean" in printed


def test_defaults(picture: Path, tmp_path: Path) -> None:
    assert main(["filter", str(picture), "-o", str(tmp_path / "out.png"), "--kernel-values", SHARPEN]) == 0
    expected = run(load_image(picture), Operation(kernels=(Kernel(_table(SHARPEN)),), border="zero")).values
    np.testing.assert_array_equal(
        np.asarray(PillowImage.open(tmp_path / "out.png")), to_bytes(expected, "clip")[0]
    )


def _table(text: str) -> np.ndarray:
    return np.array([[float(cell) for cell in row.split()] for row in text.split(";")])


def test_facts_as_json(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["filter", str(picture), "-o", str(tmp_path / "o.tiff"), "--kernel-values", SHARPEN, "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["output_shape"] == [20, 30, 3]
    assert facts["kernels"][0]["weights"] == _table(SHARPEN).tolist()
    assert facts["minimum"] < facts["mean"] < facts["maximum"]
    assert facts["size"]["width"] == ["W' = (W − K + 2P)/S + 1 = (30 − 3 + 2)/1 + 1 = 30"]


@pytest.mark.parametrize("ending", ["npy", "csv"])
def test_a_matrix_as_input(ending: str, tmp_path: Path) -> None:
    matrix = np.array([[105, 102, 100], [103, 99, 103], [101, 98, 104]])
    path = tmp_path / f"matrix.{ending}"
    if ending == "npy":
        np.save(path, matrix)
    else:
        np.savetxt(path, matrix, delimiter=",")
    assert main(["filter", str(path), "-o", str(tmp_path / "out.npy"), "--kernel-values", SHARPEN]) == 0
    assert np.load(tmp_path / "out.npy")[0, 0] == 320


def test_a_file_of_three_kernels_is_an_rgb_filter(picture: Path, tmp_path: Path) -> None:
    kernels = tuple(Kernel(np.full((2, 2), n)) for n in (1.0, -2.0, 0.5))
    save_kernels(tmp_path / "filter.json", kernels)
    words = ["--kernel-file", str(tmp_path / "filter.json"), "--npy", str(tmp_path / "o.npy")]
    assert main(["filter", str(picture), "-o", str(tmp_path / "o.png"), *words]) == 0
    expected = run(load_image(picture), Operation(kernels=kernels, channels="filter")).values
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), expected)
    assert main(["filter", str(picture), "-o", str(tmp_path / "o.png"), *words, "--gray"]) == 2


def test_the_kernel_that_was_read_stays(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel = tmp_path / "kernel.npy"
    np.save(kernel, np.ones((3, 3)))
    for outputs in (["-o", str(kernel)], ["-o", str(tmp_path / "o.png"), "--npy", str(kernel)]):
        assert main(["filter", str(picture), "--kernel-file", str(kernel), *outputs]) == 2
        assert "kernel.npy is the input itself" in capsys.readouterr().err
    np.testing.assert_array_equal(np.load(kernel), np.ones((3, 3)))


def test_pool_strides_by_its_tile_unless_told(picture: Path, tmp_path: Path) -> None:
    words = ["-o", str(tmp_path / "o.npy"), "--pool", "avg", "--pool-size", "5"]
    assert main(["filter", str(picture), *words]) == 0
    assert np.load(tmp_path / "o.npy").shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kernel", "gausian"], "gaussian"),
        (["--kernel", "gaussian:sigma"], "name=number"),
        (["--kernel", "gaussian:sigma=x"], "name=number"),
        (["--kernel", "gaussian:width=3"], "width"),
        (["--kernel-values", "1 2; 3"], "row"),
        (["--kernel-file", "missing.json"], "missing.json"),
        (["--stride", "9"], "from 1 to 8"),
        (["--bias", "nan"], "finite"),
        (["--kernel", "ones:size=31", "--border", "valid"], "does not fit"),
        (["--pool", "max", "--pool-size", "30"], "pooling tile"),
    ],
)
def test_refusals_are_one_sentence(
    words: list[str], says: str, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["filter", str(picture), "-o", str(tmp_path / "o.png"), *words]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not (tmp_path / "o.png").exists()


def test_the_result_must_have_an_ending_that_is_known_and_another_name(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = picture.read_bytes()
    assert main(["filter", str(picture), "-o", str(tmp_path / "o.jpg")]) == 2
    assert "use .png, .npy or .tiff" in capsys.readouterr().err
    assert main(["filter", str(picture), "-o", str(picture)]) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_an_input_that_is_no_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    assert main(["filter", str(tmp_path / "text.png"), "-o", str(tmp_path / "o.png")]) == 2
    assert "text.png" in capsys.readouterr().err


def test_same_is_that_of_keras_and_zero_says_that_it_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "blur.csv"
    table.write_text("0,0,0,0\n0,219,253,247\n0,0,190,0\n0,0,0,93\n0,0,221,253\n136,212,0,0\n")
    words = ["filter", str(table), "-o", str(tmp_path / "o.npy"), "--kernel", "ones", "--stride", "2"]
    assert main([*words, "--border", "same"]) == 0
    assert np.load(tmp_path / "o.npy").tolist() == [[662, 690], [411, 757], [569, 474]]
    assert "“same”: P₁ + P₂ = (⌈W/S⌉ − 1)·S + K − W = (2 − 1)·2 + 3 − 4 = 1" in capsys.readouterr().out
    assert main([*words, "--border", "zero"]) == 0
    assert np.load(tmp_path / "o.npy").tolist() == [[219, 719], [219, 1002], [348, 779]]
    assert "1 + 1 zeros; Keras's “same” has 0 + 1 along H" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["filter", "--help"])
    assert "same: Keras's" in " ".join(capsys.readouterr().out.split())


def test_usage_errors_are_exit_code_two(picture: Path) -> None:
    assert main(["filter", str(picture), "-o", "o.png", "--border", "mirror"]) == 2


def test_neither_qt_nor_tensorflow_nor_scipy(picture: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from convscope.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'PySide6', 'tensorflow', 'keras', 'scipy', 'pyqtgraph', 'matplotlib'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else code)"
    )
    words = ["filter", str(picture), "-o", str(tmp_path / "o.png"), "--kernel", "sobel-x"]
    run_process([sys.executable, "-c", program, *words])
    assert load_image(tmp_path / "o.png").values.shape == (20, 30, 3)


def test_the_example_runs(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.cli import filter as command

    monkeypatch.chdir(tmp_path)
    PillowImage.open(picture).save(tmp_path / "cat.jpg")
    assert main(command.EXAMPLE.split()[1:]) == 0
    assert (tmp_path / "edges.png").exists()
