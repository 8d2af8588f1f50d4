"""What random clicks led to comes back in another window; tests and pictures begin with the same state."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver import Driver, window_on
from monkey import answer_dialogs, close_popups, errors, handle, targets
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_helpers import small_images

from convscope.cli.screenshot import render_state, state_in
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.reuse.built import build_model
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.main_window import MainWindow
from convscope.workspace.recovery import load_work, save_work
from convscope.workspace.snapshot import WorkspaceSnapshot, take

LEFT_OUT = (
    "open", "open_file", "open_folder", "folder", "file", "load_weights", "more", "camera", "draw", "help",
    "imagenet", "textures", "fashion", "download", "measure", "throughput", "octaves", "method.rise",
    "truth.randomised", "paper", "train.start", "transfer", "evaluate", "again",
)  # fmt: skip
STEPS = 40


def written(window: MainWindow, folder: Path) -> tuple[WorkspaceSnapshot, dict[str, Any]]:
    """What the window's state is on the disk, read again, and as its JSON."""
    save_work(folder, take(window.workspace))
    recovered = load_work(folder)
    assert recovered is not None and recovered.errors == ()
    return recovered.snapshot, json.loads((folder / "work.json").read_text())


def drawn() -> list[Image]:
    """Images without files."""
    values = np.random.default_rng(1).integers(0, 256, (40, 60), np.uint8)
    return [Image(values, "drawing"), *small_images(2)]


@pytest.mark.parametrize("seed", range(3))
def test_what_random_clicks_led_to_comes_back_in_another_window(
    seed: int, qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_dialogs(monkeypatch, tmp_path)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    chance = random.Random(seed)
    with window_on(qtbot, "kernels", drawn()) as first:
        workspace = first.workspace
        for model in (open_model("garments"), open_model("digits")):
            workspace.add_model(model)
        built = build_model(TEMPLATES["mnist-small"].architecture, seed=seed)
        workspace.add_model(built, current=False)
        first.sources.engine.open_dataset("digits")
        driver = Driver(qtbot, first)
        driver.settle()
        for step in range(STEPS):
            if step % 8 == 0:
                first.show_panel(chance.choice([info.name for info in first.panel_infos]))
            handle(qtbot, chance, chance.choice(targets(first, LEFT_OUT)), LEFT_OUT)
            QApplication.processEvents()
            close_popups()
        for job in first.jobs.running():
            first.jobs.cancel(job)
        driver.settle()
        first.show_panel(chance.choice([info.name for info in first.panel_infos]))
        driver.settle()
        snapshot, before = written(first, tmp_path / "state")
    theme.apply("light")
    with window_on(qtbot, "kernels", small_images(1)) as second:
        second.restore(snapshot)
        shown = second.panel().name
        assert shown == before["parts"]["panel"]
        # Every panel has asked for its parts before the networks and the data have come.
        for name in [info.name for info in second.panel_infos] + [shown]:
            second.show_panel(name)
        Driver(qtbot, second).settle()
        after = written(second, tmp_path / "again")[1]
        # A model without a file is written once in each folder, under a name of its own.
        for document in (before, after):
            for entry in document["models"]:
                entry.pop("file", None)
        was, now = before.pop("parts"), after.pop("parts")
        assert {
            name: (was.get(name), now.get(name)) for name in {*was, *now} if was.get(name) != now.get(name)
        } == {}
        assert after == before
        assert errors(caplog) == []
    theme.apply("light")


def test_a_state_is_what_a_test_begins_with_and_what_a_screenshot_shows(qtbot: QtBot, tmp_path: Path) -> None:
    """The chosen layer waits for its network, which comes after all else."""
    with window_on(qtbot, "kernels", drawn()) as first:
        workspace = first.workspace
        workspace.add_model(open_model("digits"))
        workspace.add_model(open_model("garments"), current=False)
        layer = list(workspace.model.program.slots)[2]
        workspace.choose_layer(layer)
        workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
        Driver(qtbot, first).settle()
        names = [model.name for model in workspace.models]
        written(first, tmp_path / "state")
    with window_on(qtbot, "kernels", small_images(1)) as second:
        second.restore(state_in(tmp_path / "state"))
        workspace = second.workspace
        assert workspace.layer is None and workspace.awaited_models
        assert take(workspace).parts["layer"] == layer, "a crash meanwhile loses nothing"
        Driver(qtbot, second).settle()
        assert workspace.layer == layer and not workspace.awaited_models
        assert [model.name for model in workspace.models] == names
        assert workspace.model is workspace.models[0]
        assert second.panel().frame.lab.stage.stride == 3
        assert workspace.image.name == "drawing"
    picture = render_state(state_in(tmp_path / "state" / "work.json"), (1000, 700), "light")
    assert (picture.width(), picture.height()) == (1000, 700)


def test_what_a_person_chose_meanwhile_stays(qtbot: QtBot, tmp_path: Path) -> None:
    with window_on(qtbot, "kernels", drawn()) as first:
        workspace = first.workspace
        workspace.add_model(open_model("digits"))
        layers = list(workspace.model.program.slots)
        workspace.choose_layer(layers[2])
        part = workspace.part("test.question", 0, "kernels")
        part.set(5)
        snapshot, _json = written(first, tmp_path / "state")
    with window_on(qtbot, "kernels", small_images(1)) as second:
        workspace = second.workspace
        part = workspace.part("test.question", 0, "kernels")
        # Whoever shows it cannot show this of no network.
        workspace.models_changed.connect(lambda _models: part.set(1))
        second.restore(snapshot)
        assert part.value == 5
        # Nor does what comes of a job meanwhile.
        second.jobs.submit("imaging", lambda _task: 2, title="Counting", on_done=part.set)
        workspace.part("panel", "").set("data")
        Driver(qtbot, second).settle()
        assert part.value == 5, "it changed only because a network came"
        assert second.panel().name == "data", "a person went there"
        part.set(6)
        workspace.add_model(open_model("garments"))
        assert part.value == 1, "all that was awaited is there"
