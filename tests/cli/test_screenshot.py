"""`convscope screenshot`: exact size, real content, and one sentence for bad input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope import cli
from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from tests.processes import run_process


def shoot(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, without a display."""
    hidden = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return run_process(
        [sys.executable, "-m", "convscope", "screenshot", *arguments],
        env={**environment, "CONVSCOPE_HOME": str(home), "QT_SCALE_FACTOR": "2"},
        code=None,
    )


def pixels(path: Path) -> np.ndarray:
    """H×W×3 uint8."""
    with PillowImage.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_panel_in_the_dark_theme_at_an_exact_size_with_the_users_image(home: Path, tmp_path: Path) -> None:
    image = tmp_path / "red.png"
    assert cv2.imwrite(str(image), np.full((90, 120, 3), (0, 0, 255), np.uint8))
    out = tmp_path / "out.png"
    done = shoot(
        "--panel", "kernels", "-o", str(out), "--size", "1024x700", "--theme", "dark", "--image", str(image),
        home=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = pixels(out)
    assert shown.shape == (700, 1024, 3)
    assert np.median(shown) < 60
    # The panel shows the image itself: far more of it than a thumbnail would be.
    red = (shown.astype(int) == (255, 0, 0)).all(axis=2)
    assert red.sum() > 20_000
    # Nothing of this run is remembered, and nothing else is left behind.
    assert not (home / "config" / "settings.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "red.png"]


def test_the_default_is_a_photograph_in_the_light_theme(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = shoot("-o", str(out), home=home)
    assert done.returncode == 0, done.stderr
    shown = pixels(out)
    assert shown.shape == (900, 1440, 3)
    assert np.median(shown) > 150
    # A photograph has many colours, an empty frame some dozens.
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 5000


def test_the_data_panel_shows_the_data_set_that_was_named(home: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(8):
            red = np.full((30, 60, 3), (255, 0, number), np.uint8)
            red[10:20, 10:20] = rng.integers(0, 256, 3)
            PillowImage.fromarray(red).save(tmp_path / "own" / name / f"{number}.png")
    out = tmp_path / "out.png"
    done = shoot("--panel", "data", "--data", str(tmp_path / "own"), "-o", str(out), home=home)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = pixels(out).astype(int)
    red = (shown[..., 0] > 200) & (shown[..., 1] < 40) & (shown[..., 2] < 40)
    # A grid in the middle, and twelve augmentations at the right.
    assert red[:, 350:1090].sum() > 12 * 40 * 80 / 2
    assert red[:, 1100:].sum() > 10_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-o", "out.png", "--panel", "nothing"], "There is no panel called 'nothing'"),
        (
            ["-o", "out.png", "--panel", "data", "--page", "nowhere"],
            "The panel data has no page called nowhere",
        ),
        (["-o", "out.png", "--size", "big"], "A size is written as 1440x900, not 'big'"),
        (["-o", "out.png", "--size", "10x10"], "A size goes from"),
        (["-o", "out.png", "--size", "99999x900"], "A size goes from"),
        (["-o", "out.png", "--size", "-5x900"], "A size is written as"),
        (["-o", "out.jpg"], "out.jpg has another ending than .png: name it out.png."),
        (["-o", "nowhere/out.png"], "there is no folder nowhere; make it first."),
        (["-o", "out.png", "--image", "missing.png"], "There is no file missing.png"),
        (["-o", "out.png", "--image", "."], "is a folder"),
        (["-o", "out.png", "--state", "."], "holds no state of the window"),
        (["-o", "out.png", "--state", "nowhere"], "holds no state of the window"),
        (["-o", "out.png", "--state", ".", "--image", "x.png"], "A state has its own image, model and data"),
        (["-o", "out.png", "--data", "nowhere"], "There is no data set and no folder called nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    qapp: object,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    # A size looks like an option to argparse when it starts with a dash.
    words = [f"--size={arguments[3]}" if word == "--size" else word for word in arguments]
    if "--size" in arguments:
        words.remove(arguments[3])
    assert cli.main(["screenshot", *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told and len(told.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_keeps_what_was_there(
    qapp: object,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(resource_path("images", "camera.png").read_bytes())
    before = out.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert cli.main(["screenshot", "-o", str(out), "--size", "800x560"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]


def test_the_work_that_does_not_end_is_named(
    qapp: object, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.cli import screenshot

    monkeypatch.setattr(screenshot, "PATIENCE", 0.0)
    with pytest.raises(UserError, match=r"still at work after 0 seconds"):
        screenshot.render("kernels", (800, 560), "light", None)
