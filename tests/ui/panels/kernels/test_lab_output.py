"""Out of the lab and into it: results in files, on the clipboard and as Python; own kernels."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from lab_helpers import Lab
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QToolButton

from convscope.imaging.kernels import PRESETS
from convscope.imaging.kernels.kernel import Kernel
from tests.processes import run_process


def answer(monkeypatch: pytest.MonkeyPatch, path: Path | str, kind: str = "") -> None:
    """What a person chooses in the next file dialog: a path, and the kind of file where the name has none."""

    def choose(dialog: QFileDialog) -> None:
        if kind:
            dialog.selectNameFilter(kind)
            dialog.filterSelected.emit(kind)
        line = dialog.findChild(QLineEdit)
        assert line is not None
        line.setText(str(path))
        # Qt answers for a folder that is not there with a box of its own.
        if Path(path).parent.is_dir():
            dialog.accept()
        else:
            dialog.fileSelected.emit(str(path))

    monkeypatch.setattr(QFileDialog, "open", choose)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(path), kind))


def name_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What a person types as a name."""
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: (name, True))


def test_png_npy_and_tiff_are_saved(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, tmp_path / "out.png")
    lab.press("kernels.save")
    assert np.array_equal(np.asarray(PillowImage.open(tmp_path / "out.png")), lab.frame.shown.pixels)
    answer(monkeypatch, tmp_path / "exact", "NumPy, exact float32 (*.npy)")
    lab.run("kernels.save")
    assert np.array_equal(np.load(tmp_path / "exact.npy"), lab.values)
    answer(monkeypatch, tmp_path / "exact.tiff")
    lab.run("kernels.save")
    floats = cv2.imread(str(tmp_path / "exact.tiff"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(floats[..., ::-1], lab.values)


def test_what_cannot_be_saved_is_said(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, tmp_path / "out.xyz")
    lab.press("kernels.save")
    assert any(".xyz" in toast.message for toast in lab.window.toasts.toasts())
    answer(monkeypatch, tmp_path / "none" / "out.png")
    lab.press("kernels.save")
    assert any("no folder" in toast.message for toast in lab.window.toasts.toasts())


def test_the_picture_is_copied(lab: Lab) -> None:
    lab.press("kernels.copy")
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (32, 24)
    colour = image.pixelColor(5, 7)
    assert [colour.red(), colour.green(), colour.blue()] == lab.frame.shown.pixels[7, 5].tolist()


def test_the_copied_script_makes_what_is_on_show(lab: Lab, tmp_path: Path) -> None:
    lab.example("sharpen")
    lab.pick("kernels.pool", "max")
    lab.run("kernels.stages.add")
    lab.pick("kernels.activation", "relu")
    lab.press("kernels.copy_python")
    script = tmp_path / "script.py"
    script.write_text(
        QGuiApplication.clipboard().text() + '\nnp.save("values.npy", result)\n', encoding="utf-8"
    )
    run_process([sys.executable, script], cwd=tmp_path)
    assert np.array_equal(np.load(tmp_path / "values.npy"), lab.values)
    assert np.array_equal(np.asarray(PillowImage.open(tmp_path / "result.png")), lab.frame.shown.pixels)


def test_own_kernels_are_kept_loaded_renamed_and_deleted(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Kernel(np.array([[1.0, -2], [3, 4]]))
    lab.only(kernels=(mine,))
    name_it(monkeypatch, "my corner")
    lab.run("kernels.library.save")
    assert lab.stage.kernel.name == "my corner"
    lab.trigger("kernels.preset.identity")
    menu = lab.panel.controls.library
    menu.fill()
    lab.trigger("kernels.own.my corner")
    assert np.array_equal(lab.stage.kernel.weights, mine.weights)
    assert lab.find(QToolButton, "kernels.preset").text() == "my corner"
    name_it(monkeypatch, "corner")
    menu.fill()
    lab.trigger("kernels.rename.my corner")
    assert list(menu.library.entries()) == ["corner"]
    menu.fill()
    lab.trigger("kernels.delete.corner")
    assert menu.library.entries() == {}
    name_it(monkeypatch, " ")
    lab.run("kernels.library.save")
    assert any("name" in toast.message for toast in lab.window.toasts.toasts())


@pytest.mark.parametrize("suffix", [".json", ".csv", ".npy"])
def test_kernels_go_out_and_come_in(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    lab.trigger("kernels.preset.gaussian")
    weights = lab.stage.kernel.weights
    answer(monkeypatch, tmp_path / f"blur{suffix}")
    lab.run("kernels.library.export")
    lab.trigger("kernels.preset.identity")
    lab.run("kernels.library.import")
    assert lab.stage.kernel.weights == pytest.approx(weights)
    assert (lab.stage.kernel.preset == "gaussian") is (suffix == ".json")
    assert suffix != ".json" or lab.find(QToolButton, "kernels.preset").text() == PRESETS["gaussian"].title


def test_an_rgb_filter_goes_out_and_comes_in(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.pick("kernels.channels", "filter")
    lab.press("kernels.channel.1")
    lab.trigger("kernels.preset.sobel-y")
    answer(monkeypatch, tmp_path / "rgb.csv")
    lab.run("kernels.library.export")
    lab.pick("kernels.channels", "each")
    lab.run("kernels.library.import")
    assert lab.stage.channels == "filter"
    assert np.array_equal(lab.stage.kernels[1].weights, PRESETS["sobel-y"].make().weights)


def test_a_bad_kernel_file_is_said(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.csv").write_text("1,2\n3\n")
    answer(monkeypatch, tmp_path / "bad.csv")
    before = lab.stage.kernel
    lab.run("kernels.library.import")
    assert lab.stage.kernel == before
    assert any("bad.csv" in toast.message for toast in lab.window.toasts.toasts())


def test_shortcuts_of_the_lab(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, tmp_path / "keys.png")
    lab.window.activateWindow()
    lab.qtbot.waitUntil(lab.window.isActiveWindow)
    lab.panel.switch.setFocus()
    lab.qtbot.keyClick(lab.panel.switch, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    lab.settle()
    assert (tmp_path / "keys.png").exists()


def test_commands_choose_views(lab: Lab) -> None:
    lab.run("kernels.view.gradient")
    assert lab.panel.view.name == "gradient"
    assert lab.find(QToolButton, "kernels.view.gradient").isChecked()
