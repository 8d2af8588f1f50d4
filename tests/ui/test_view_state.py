"""Where a person zoomed, scrolled and divided comes back in another window, as seen and as kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from driver import Driver, window_on
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QSplitter, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import small_images

from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.tile_view import TileView
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.main_window import MainWindow
from convscope.ui.view_state import Divided, Scrolled, ViewKeeper
from convscope.workspace.recovery import load_work, save_work
from convscope.workspace.snapshot import WorkspaceSnapshot, take
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, bare_context


def picture() -> Image:
    return Image(np.random.default_rng(3).integers(0, 256, (90, 140), np.uint8), "noise")


def wheel(widget: QWidget, turns: float, at: QPointF | None = None) -> None:
    """Turn the wheel over a widget, by default over its middle."""
    place = at or QPointF(widget.rect().center())
    event = QWheelEvent(
        place,
        widget.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * turns)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    # What is read under the pointer goes with it.
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))


def through_the_disk(window: MainWindow, folder: Path) -> WorkspaceSnapshot:
    """The window's state, written and read again."""
    save_work(folder, take(window.workspace))
    recovered = load_work(folder)
    assert recovered is not None and recovered.errors == ()
    return recovered.snapshot


def seen(panel: QWidget) -> QImage:
    return panel.grab().toImage()


def found(window: MainWindow, name: str) -> QWidget:
    widget = window.panel().findChild(QWidget, name)
    assert widget is not None, name
    return widget


def zoom_the_lab(window: MainWindow) -> None:
    # Not with the wheel: the sum of the place that the pointer read last would stay.
    result = window.panel().findChild(ImageView, "kernels.result")
    result.zoom_to(8.0, 30, 40)


def zoom_the_maps(window: MainWindow) -> None:
    mosaic = window.panel().findChild(MosaicView, "layers.mosaic")
    wheel(mosaic.viewport(), 5, QPointF(20, 20))
    bar = mosaic.verticalScrollBar()
    assert bar.maximum() > 0
    bar.triggerAction(bar.SliderAction.SliderPageStepAdd)
    wheel(found(window, "layers.map"), 4)


def fold_the_inspector(window: MainWindow) -> None:
    window.panel().toggle_inspector()
    assert not window.panel().fold.unfolded


def scroll_the_thumbnails(window: MainWindow) -> None:
    grid = window.panel().findChild(TileView, "data.grid")
    grid.zoom(3)
    bar = grid.verticalScrollBar()
    for _ in range(4):
        bar.triggerAction(bar.SliderAction.SliderPageStepAdd)
    columns = window.panel().findChild(QSplitter, "data.columns")
    columns.moveSplitter(columns.sizes()[0] + 40, 1)


@pytest.mark.parametrize(
    ("panel", "act", "parts"),
    [
        ("kernels", zoom_the_lab, {"kernels.result.view"}),
        ("layers", zoom_the_maps, {"layers.mosaic.view", "layers.map.view"}),
        ("layers", fold_the_inspector, {"layers.inspector"}),
        ("data", scroll_the_thumbnails, {"data.grid.view", "data.columns.view"}),
    ],
)
def test_what_a_person_zoomed_and_scrolled_to_is_seen_again(
    panel: str, act: Callable[[MainWindow], None], parts: set[str], qtbot: QtBot, tmp_path: Path
) -> None:
    with window_on(qtbot, panel, [picture()]) as first:
        first.workspace.add_model(open_model("digits"))
        if panel == "data":
            first.sources.engine.open_dataset("digits")
        driver = Driver(qtbot, first)
        driver.settle()
        plain = seen(first.panel())
        act(first)
        driver.settle()
        before = seen(first.panel())
        assert before != plain
        snapshot = through_the_disk(first, tmp_path / "state")
        assert parts <= set(snapshot.parts)
        label = first.workspace.undo_label
        assert label is None, "to look elsewhere is no step"
    with window_on(qtbot, "kernels", small_images(1)) as second:
        second.restore(snapshot)
        driver = Driver(qtbot, second)
        driver.settle()
        assert second.panel().name == panel
        after = seen(second.panel())
        if after != before:
            before.save(str(tmp_path / "before.png"))
            after.save(str(tmp_path / "after.png"))
        assert after == before, f"compare the pictures in {tmp_path}"
        again = through_the_disk(second, tmp_path / "again")
        assert {name: again.parts.get(name) for name in parts} == {
            name: snapshot.parts[name] for name in parts
        }


def kept(root: QWidget, workspace: Workspace) -> None:
    """Its views are kept as those of a panel are."""
    ViewKeeper(root, bare_context(workspace, InlineJobs()))


def column(qtbot: QtBot) -> tuple[QWidget, ScrollColumn, QSplitter]:
    """Something that scrolls beside something else, with a handle between them."""
    root = QWidget()
    qtbot.addWidget(root)
    root.resize(400, 200)
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setObjectName("test.splitter")
    area = ScrollColumn("test.area")
    inside = QWidget()
    inside.setFixedHeight(1000)
    area.setWidget(inside)
    splitter.addWidget(area)
    splitter.addWidget(QWidget())
    layout = QVBoxLayout(root)
    layout.addWidget(splitter)
    return root, area, splitter


def test_only_what_a_hand_did_is_kept_and_comes_back_whatever_moves_meanwhile(qtbot: QtBot) -> None:
    workspace = Workspace(small_images(1))
    root, area, splitter = column(qtbot)
    root.show()
    kept(root, workspace)
    scrolled, divided = workspace.part("test.area.view", None), workspace.part("test.splitter.view", None)
    bar = area.verticalScrollBar()
    bar.setValue(100)
    splitter.setSizes([100, 300])
    assert (scrolled.value, divided.value) == (None, None)
    bar.triggerAction(bar.SliderAction.SliderPageStepAdd)
    place = bar.value()
    assert place > 100 and scrolled.value == Scrolled(place / bar.maximum())
    # Once it is kept, it is what is seen, whoever moved it.
    bar.setValue(300)
    assert scrolled.value == Scrolled(300 / bar.maximum())
    splitter.moveSplitter(150, 1)
    sizes = splitter.sizes()
    assert divided.value == Divided(True, tuple(sizes))
    assert workspace.undo_label is None

    later = Workspace(small_images(1))
    later.document.restore(workspace.document.snapshot())
    root, area, splitter = column(qtbot)
    kept(root, later)
    bar = area.verticalScrollBar()
    root.show()
    # What its content does while it comes is not what a person did.
    area.widget().setFixedHeight(500)
    bar.setValue(0)
    area.widget().setFixedHeight(1000)
    assert (bar.value(), splitter.sizes()) == (300, sizes)
    # Nor is what others do; a hand is.
    later.part("test.other", 0, "test").set(1)
    bar.setValue(7)
    assert later.part("test.area.view", None).value == Scrolled(7 / bar.maximum())
