"""What the lab looks like: whole words at every size, windows with gaps, borders that are seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults import faults
from lab_helpers import Lab
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from convscope.imaging.load import load_image
from convscope.paths import resource_path
from convscope.ui import theme
from convscope.ui.panels.kernels.panel import VIEWS
from convscope.ui.widgets.image_view import ImageView
from convscope.ui.widgets.segmented import Segmented

SIZES = ((1440, 900, 1.0), (1280, 800, 1.0), (1024, 700, 1.0), (1280, 800, 1.5))


@pytest.fixture(autouse=True)
def zoom_goes_back() -> Iterator[None]:
    """The zoom is the application's."""
    yield
    theme.apply("light")


def sized(lab: Lab, width: int, height: int, zoom: float) -> None:
    """The window so large, its text so large."""
    lab.window.set_zoom(zoom)
    lab.window.resize(width, height)
    lab.settle()


# -- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "zoom"), SIZES)
def test_no_word_of_any_view_is_cut(lab: Lab, width: int, height: int, zoom: float) -> None:
    lab.session.add_images([load_image(resource_path("images", "cat.jpg"))])
    sized(lab, width, height, zoom)
    switch = lab.find(Segmented, "kernels.view")
    cut = set()
    for name, title, _says, _class in VIEWS:
        lab.press(f"kernels.view.{name}")
        for key in switch.keys:
            button = switch.button(key)
            assert button.text() == next(each[1] for each in VIEWS if each[0] == key)
            assert button.width() >= button.sizeHint().width(), (title, button.text())
            assert button.visibleRegion().boundingRect().size() == button.size(), (title, button.text())
        cut |= {f"{title}: {fault}" for fault in faults(lab.panel)}
    assert "\n".join(sorted(cut)) == ""


def test_the_views_take_one_line_where_there_is_one(lab: Lab) -> None:
    switch = lab.find(Segmented, "kernels.view")
    for width, height, zoom in SIZES[:3]:
        sized(lab, width, height, zoom)
        assert len({switch.button(key).y() for key in switch.keys}) == 1, width
    sized(lab, *SIZES[3])
    assert len({switch.button(key).y() for key in switch.keys}) == 2


def test_the_tools_are_in_one_menu_where_there_is_little_room(lab: Lab) -> None:
    copy, code, save = (lab.find(QToolButton, f"kernels.{name}") for name in ("copy", "copy_python", "save"))
    assert copy.isVisible() and code.isVisible() and save.menu() is None
    sized(lab, 1280, 800, 1.0)
    assert not copy.isVisible() and not code.isVisible() and save.isVisible()
    names = [action.objectName() for action in save.menu().actions()]
    assert names == ["kernels.output.save", "kernels.output.copy", "kernels.output.copy_python"]
    action = lab.window.findChild(QAction, "kernels.output.copy")
    assert action is not None
    action.trigger()
    assert any("Copied the picture" in toast.message for toast in lab.window.toasts.toasts())


# -- the sum where there is no room for it -------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "zoom"), [(1024, 700, 1.0), (1280, 800, 1.5)])
def test_a_sum_that_folds_away_says_so(lab: Lab, width: int, height: int, zoom: float) -> None:
    note = lab.find(QWidget, "kernels.note")
    assert not note.isVisible()
    lab.hover("kernels.result", 5, 6)
    sized(lab, width, height, zoom)
    assert not lab.panel.inspector.isVisible() and note.isVisible()
    assert lab.find(QLabel, "kernels.note.place").text() == "row 5, column 6"
    total = f"= {int(lab.values[5, 6, 0])}".replace("-", "−")
    assert lab.find(QLabel, "kernels.note.total").text() == total
    lab.press("kernels.note.show")
    assert lab.panel.inspector.isVisible() and not note.isVisible()
    assert lab.text("kernels.total") == total
    # Where there is no sum, there is nothing to say.
    lab.press("kernels.fold")
    lab.press("kernels.view.gradient")
    assert not note.isVisible()


# -- windows with gaps ---------------------------------------------------------------------------------------


def test_of_a_dilated_window_the_taps_are_marked(lab: Lab) -> None:
    source, result = (lab.find(ImageView, f"kernels.{name}") for name in ("source", "result"))
    lab.hover("kernels.result", 10, 12)
    assert source.taps is None
    lab.spin("kernels.dilation", 3)
    lab.hover("kernels.result", 10, 12)
    assert source.taps == ((7, 10, 13), (9, 12, 15)) and result.taps is None
    found = lab.panel.inspector.sum_of
    assert found is not None
    # They are the pixels of the sum.
    patch = lab.frame.source[7:14:3, 9:16:3, 0]
    assert found.channels[0].patch.tolist() == patch.tolist()
    lab.spin("kernels.stride", 2)
    lab.hover("kernels.result", 0, 0)
    assert source.taps == ((-3, 0, 3), (-3, 0, 3))
    lab.spin("kernels.dilation", 1)
    assert source.taps is None


@pytest.mark.parametrize("scale", [3.0, 12.0, 40.0])
def test_taps_are_seen_apart(lab: Lab, scale: float) -> None:
    lab.only(dilation=2)
    source = lab.find(ImageView, "kernels.source")
    lab.click("kernels.source", 12, 16)
    source.zoom_to(scale, 12, 16)
    with_gaps = source.grab().toImage()
    source.set_box(11, 15, 5, 5)
    assert source.grab().toImage() != with_gaps
