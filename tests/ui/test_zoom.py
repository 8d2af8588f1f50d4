"""Larger words, and no picture that becomes smaller for them: controls fold away instead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot
from walk import Size, Walk, long_classes, long_image, long_model, long_window

from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.elided_combo import ElidedCombo
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.kernels.panel import KernelsPanel
from convscope.ui.panels.layers.panel import LayersPanel
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace

# The pictures that a page is there for.
PICTURES = {
    "kernels picture": ("kernels.source", "kernels.result"),
    "kernels scan": ("kernels.scan.source", "kernels.scan.result"),
    "kernels bank": ("kernels.bank.maps",),
    "kernels gradient": ("kernels.gradient.gx", "kernels.gradient.magnitude", "kernels.gradient.angle"),
    "kernels spectrum": ("kernels.spectrum.image", "kernels.spectrum.product", "kernels.spectrum.back"),
    "kernels sequence": ("kernels.view_sequence",),
    "kernels matrix": ("kernels.matrix.source", "kernels.matrix.result"),
    "data": ("data.grid",),
    "model graph": ("model.graph",),
    "train live": ("train.loss_chart", "train.metric_chart"),
    "train runs": ("train.runs.chart",),
    "train result": ("train.result.matrix", "train.result.images"),
    "layers maps": ("layers.mosaic",),
    "layers kernels": ("layers.kernels",),
    "layers map": ("layers.map", "layers.image"),
    "patterns": ("patterns.grid",),
    "explain wall": ("explain.wall",),
    "explain large": ("explain.large.view",),
}


@pytest.fixture
def walk(qtbot: QtBot, shorter_ascents: None) -> Iterator[Walk]:
    """A window with a photograph, a network, data and a run."""
    with long_window(qtbot) as window:
        made = Walk(qtbot, window)
        made.train()
        yield made


def measures(window: MainWindow, name: str) -> dict[str, float]:
    """How large a picture is, in pixels of the screen."""
    found = window.panel().findChildren(QWidget, name)  # type: ignore[union-attr]
    shown = [each for each in found if each.isVisible()]
    assert shown, name
    widget = shown[-1]
    if isinstance(widget, MosaicView):
        tile = widget.tile_rect(0)
        return {"tile": min(tile.width(), tile.height())}
    if isinstance(widget, ImageView):
        # A photograph as it lies there, and a square one.
        view = widget.view
        return {"scale": view.scale, "square": min(view.view_width, view.view_height)}
    return {"area": widget.width() * widget.height(), "height": widget.height()}


def sizes(walk: Walk, zoom: float) -> dict[tuple[str, str, str], float]:
    """All pictures at a zoom, in a window of 1280×800."""
    walk.resize(Size(1280, 800, zoom))
    found: dict[tuple[str, str, str], float] = {}
    for page in walk.pages():
        for name in PICTURES.get(page, ()):
            for what, value in measures(walk.window, name).items():
                found[page, name, what] = value
    return found


@pytest.mark.slow
def test_no_picture_becomes_smaller_because_the_words_grew(walk: Walk) -> None:
    """At 150 % a tile of the wall went from 190 to 146 pixels, and the confusion matrix had no numbers."""
    before = sizes(walk, 1.0)
    assert {page for page, _name, _what in before} == set(PICTURES)
    for zoom in (1.25, 1.5):
        now = sizes(walk, zoom)
        smaller = [
            f"{zoom:.0%} {' '.join(key)}: {value:.3g} → {now[key]:.3g}"
            for key, value in before.items()
            if now[key] < 0.995 * value
        ]
        assert not smaller, "\n".join(smaller)
    # Back at 100 % all is as it was.
    assert sizes(walk, 1.0) == pytest.approx(before)


def button(window: MainWindow, name: str) -> QToolButton:
    """A button by its name."""
    found = window.findChild(QToolButton, name)
    assert found is not None, name
    return found


def test_what_folds_away_leaves_a_button_that_says_so(qtbot: QtBot) -> None:
    """Larger words took the room of the pictures, or what gave way went without a trace."""
    window = MainWindow(Workspace([long_image()]), settings=Settings())
    window.remember_settings = False
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    panel = window.panel()
    assert isinstance(panel, KernelsPanel)
    images, kernel = button(window, "status.strip"), button(window, "kernels.drawer")
    try:
        panel.show_view("bank")
        assert window.strip.isVisible() and panel.controls.isVisible()
        assert images.isHidden() and kernel.isHidden()
        window.set_zoom(1.5)
        assert not window.strip.isVisible() and not panel.controls.isVisible()
        for each, column in ((images, window.strip), (kernel, panel.controls)):
            assert each.isVisible() and each.text() and not each.isChecked()
            each.click()
            assert each.isChecked() and column.isVisible()
            each.click()
            assert not column.isVisible()
        # Two pictures have room beside the kernel: nothing folds that need not.
        panel.show_view("picture")
        assert panel.controls.isVisible() and kernel.isHidden()
        window.set_zoom(1.0)
        assert window.strip.isVisible() and images.isHidden()
    finally:
        window.set_zoom(1.0)
        window.close()


@pytest.mark.parametrize(("panel", "page"), [("data", "data.page.input"), ("train", "train.view.transfer")])
def test_a_page_that_is_first_seen_after_a_zoom_has_its_words_in_that_size(
    qtbot: QtBot, panel: str, page: str
) -> None:
    """Choices kept their small letters, or were as wide as small ones and cut their words."""
    window = MainWindow(Workspace([long_image()]), settings=Settings())
    window.remember_settings = False
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    walk = Walk(qtbot, window)
    try:
        window.workspace.add_model(long_model())
        window.workspace.set_dataset(long_classes())
        window.show_panel(panel)
        for zoom in (1.1, 1.5):
            window.set_zoom(zoom)
        walk.settle()
        button(window, page).click()
        walk.settle()
        shown = window.panel()
        assert shown is not None
        boxes = [each for each in shown.findChildren(ElidedCombo) if each.isVisible()]
        assert len(boxes) >= 2
        for again in (1.5, 1.0, 1.5):
            window.set_zoom(again)
            walk.settle()
            for box in boxes:
                assert box.font().pixelSize() == round(13 * again), (box.objectName(), again)
                fixed = box.sizeAdjustPolicy() == box.SizeAdjustPolicy.AdjustToContents
                assert not (fixed and "…" in box.shown_text()), (box.objectName(), again)
    finally:
        window.set_zoom(1.0)
        window.close()


def test_a_panel_that_is_shown_right_after_a_zoom_is_as_wide_as_it_should_be(qtbot: QtBot) -> None:
    """What sleeps is measured a moment later: the left column kept the width of the zoom before."""
    with long_window(qtbot) as window:
        walk = Walk(qtbot, window)
        widths = {}
        for zoom in (1.5, 1.0, 1.25, 1.5, 1.0):
            window.show_panel("layers")
            walk.settle()
            window.show_panel("data")
            walk.settle()
            window.set_zoom(zoom)
            window.show_panel("layers")
            walk.settle()
            panel = window.panel()
            assert isinstance(panel, LayersPanel)
            width = panel.inspector.minimumWidth()
            assert widths.setdefault(zoom, width) == width
        assert widths[1.5] == pytest.approx(1.5 * widths[1.0], abs=1)
