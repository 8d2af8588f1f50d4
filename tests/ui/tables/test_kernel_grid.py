"""The kernel editor under keys, wheel, drags and the clipboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gestures import click, double_click, drag_to, press, release, wheel
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from convscope.imaging.kernels.kernel import Kernel
from convscope.ui import theme
from convscope.ui.tables.kernel_grid import KernelGrid
from convscope.ui.tables.kernel_layout import step_of

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


class Edits:
    """What a grid told."""

    def __init__(self, grid: KernelGrid) -> None:
        self.kernels: list[Kernel] = []
        self.keys: list[str] = []
        self.rejected: list[str] = []
        grid.edited.connect(self._take)
        grid.rejected.connect(self.rejected.append)

    def _take(self, kernel: Kernel, key: str) -> None:
        self.kernels.append(kernel)
        self.keys.append(key)


@pytest.fixture
def made(qtbot: QtBot) -> Callable[[ArrayLike], tuple[KernelGrid, Edits]]:
    def make(weights: ArrayLike = SOBEL) -> tuple[KernelGrid, Edits]:
        grid = KernelGrid()
        qtbot.addWidget(grid)
        grid.set_kernel(Kernel(np.asarray(weights, np.float64), name="sobel-x", preset="sobel-x"))
        grid.resize(276, grid.sizeHint().height())
        grid.show()
        grid.activateWindow()
        grid.setFocus()
        qtbot.waitUntil(grid.hasFocus)
        return grid, Edits(grid)

    return make


Maker = Callable[..., tuple[KernelGrid, Edits]]


def middle(grid: KernelGrid, row: int, column: int) -> QPointF:
    return QPointF(grid.cell_rect(row, column).center())


def type_into(qtbot: QtBot, grid: KernelGrid, text: str, end: Qt.Key) -> None:
    """The first letter opens the cell, the rest goes into it."""
    qtbot.keyClicks(grid, text[0])
    assert grid._editor.isVisible()
    qtbot.keyClicks(grid._editor, text[1:])
    qtbot.keyClick(grid._editor, end)


def test_typing_edits_the_cell_and_enter_goes_down(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    type_into(qtbot, grid, "-3.5", Qt.Key.Key_Return)
    assert edits.kernels[-1].weights[0, 0] == -3.5
    assert edits.kernels[-1].name == "custom"
    assert edits.kernels[-1].preset is None
    assert grid.cell == (1, 0)
    assert not grid._editor.isVisible()
    assert grid.hasFocus()


def test_tab_goes_right_and_on_to_the_next_row(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    for value in ("1", "2", "3", "4"):
        type_into(qtbot, grid, value, Qt.Key.Key_Tab)
    assert edits.kernels[-1].weights.tolist() == [[1, 2, 3], [4, 0, 2], [-1, 0, 1]]
    assert grid.cell == (1, 1)
    assert len(set(edits.keys)) == len(edits.keys)


@pytest.mark.parametrize(
    ("text", "value"), [("1/9", 1 / 9), ("0,5", 0.5), (".25", 0.25), ("1e-3", 0.001), ("-2/4", -0.5)]
)
def test_fractions_and_decimal_commas(qtbot: QtBot, made: Maker, text: str, value: float) -> None:
    grid, edits = made()
    type_into(qtbot, grid, text, Qt.Key.Key_Return)
    assert edits.kernels[-1].weights[0, 0] == pytest.approx(value, rel=1e-11)


def test_escape_takes_typing_back(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    type_into(qtbot, grid, "77", Qt.Key.Key_Escape)
    assert edits.kernels == []
    assert grid.value() == -1
    assert grid.hasFocus()


@pytest.mark.parametrize("text", ["1/0", "2x", "1 2", "--1", "1e999"])
def test_what_is_no_number_is_refused_in_words_and_stays_open(qtbot: QtBot, made: Maker, text: str) -> None:
    grid, edits = made()
    type_into(qtbot, grid, text, Qt.Key.Key_Return)
    assert edits.kernels == []
    assert len(edits.rejected) == 1
    assert edits.rejected[0].endswith(".")
    assert grid._editor.isVisible()
    qtbot.keyClick(grid._editor, Qt.Key.Key_Escape)
    assert grid.value() == -1


def test_clicking_another_cell_commits(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    qtbot.keyClicks(grid, "9")
    click(grid, middle(grid, 2, 2))
    assert edits.kernels[-1].weights[0, 0] == 9
    assert grid.cell == (2, 2)


def test_opening_a_cell_and_leaving_it_changes_no_digit(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made([[1 / 3, 2]])
    double_click(grid, middle(grid, 0, 0))
    assert grid._editor.text() == "0.333333333"
    qtbot.keyClick(grid._editor, Qt.Key.Key_Return)
    assert edits.kernels == []


def test_arrows_home_end_and_delete(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End):
        qtbot.keyClick(grid, key)
    assert grid.cell == (1, 2)
    assert grid.line() == "row 1, column 2: 2"
    assert grid.accessibleDescription() == grid.line()
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert edits.kernels[-1].weights[1, 2] == 0
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.cell == (1, 2)
    qtbot.keyClick(grid, Qt.Key.Key_Home, CONTROL)
    assert grid.cell == (0, 0)


def test_tab_leaves_the_grid_after_the_last_cell(qtbot: QtBot) -> None:
    window = QWidget()
    layout = QHBoxLayout(window)
    before, grid, after = QPushButton("a"), KernelGrid(), QPushButton("b")
    for widget in (before, grid, after):
        layout.addWidget(widget)
    grid.set_kernel(Kernel(np.ones((2, 2))))
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    cells = []
    qtbot.keyClick(before, Qt.Key.Key_Tab)
    while grid.hasFocus():
        cells.append(grid.cell)
        qtbot.keyClick(grid, Qt.Key.Key_Tab)
    assert cells == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert after.hasFocus()
    qtbot.keyClick(after, Qt.Key.Key_Backtab)
    assert grid.hasFocus()
    assert grid.cell == (1, 1)


def test_the_wheel_adds_steps_to_the_cell_in_focus_as_one_gesture(made: Maker) -> None:
    grid, edits = made()
    grid.set_cell(1, 2)
    assert wheel(grid, middle(grid, 1, 2), 1)
    wheel(grid, middle(grid, 1, 2), 2)
    assert edits.kernels[-1].weights[1, 2] == 5
    assert len(set(edits.keys)) == 1
    grid.set_cell(0, 1)
    wheel(grid, middle(grid, 0, 1), -1)
    assert edits.kernels[-1].weights[0, 1] == -1
    assert len(set(edits.keys)) == 2
    wheel(grid, middle(grid, 0, 1), 1, SHIFT)
    assert edits.kernels[-1].weights[0, 1] == -0.9


def test_small_turns_of_a_touch_pad_add_up(made: Maker) -> None:
    grid, edits = made()
    for _ in range(4):
        wheel(grid, middle(grid, 0, 0), 0.25)
    assert [kernel.weights[0, 0] for kernel in edits.kernels] == [0]


def test_without_the_focus_the_wheel_scrolls_what_is_around(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    grid.clearFocus()
    assert not wheel(grid, middle(grid, *grid.cell), 1)
    assert edits.kernels == []


def test_over_a_cell_that_is_not_in_focus_the_wheel_scrolls(made: Maker) -> None:
    grid, edits = made()
    assert grid.hasFocus() and grid.cell == (0, 0)
    assert not wheel(grid, middle(grid, 1, 2), 1)
    assert edits.kernels == [] and grid.cell == (0, 0)


def test_dragging_up_adds_and_shift_is_finer(made: Maker) -> None:
    grid, edits = made()
    start = middle(grid, 0, 0)
    press(grid, start)
    for dy in range(1, 21):
        drag_to(grid, start - QPointF(0, dy))
    assert edits.kernels[-1].weights[0, 0] == 4
    drag_to(grid, start - QPointF(0, 20), SHIFT)
    drag_to(grid, start - QPointF(0, 28), SHIFT)
    assert edits.kernels[-1].weights[0, 0] == pytest.approx(4.2)
    release(grid, start)
    assert len(set(edits.keys)) == 1
    press(grid, start)
    drag_to(grid, start + QPointF(0, 8))
    release(grid, start)
    assert len(set(edits.keys)) == 2


def test_a_drag_goes_on_when_the_owner_sends_the_kernel_back(made: Maker) -> None:
    grid, edits = made()
    grid.edited.connect(lambda kernel, _key: grid.set_kernel(kernel))
    start = middle(grid, 1, 1)
    press(grid, start)
    drag_to(grid, start - QPointF(0, 8))
    drag_to(grid, start - QPointF(0, 16))
    assert edits.kernels[-1].weights[1, 1] == 4


def test_steps_are_of_the_weights_size() -> None:
    assert step_of(np.array([[0.0]])) == 1
    assert step_of(np.array([[-3.0, 7]])) == 1
    assert step_of(np.full((3, 3), 1 / 9)) == pytest.approx(0.01)
    assert step_of(np.array([[1.5]])) == pytest.approx(0.1)
    assert step_of(np.array([[0.004]])) == pytest.approx(0.0001)


def test_control_and_arrows_step(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    qtbot.keyClick(grid, Qt.Key.Key_Up, CONTROL)
    qtbot.keyClick(grid, Qt.Key.Key_Up, CONTROL)
    qtbot.keyClick(grid, Qt.Key.Key_Down, CONTROL | SHIFT)
    assert edits.kernels[-1].weights[0, 0] == pytest.approx(0.9)


@pytest.mark.parametrize(
    "text", ["1\t2\n3\t4", "[[1, 2], [3, 4]]", "np.array([[1, 2], [3, 4]])", "1 2; 3 4", "1;2\n3;4"]
)
def test_a_pasted_table_is_the_whole_kernel(qtbot: QtBot, made: Maker, text: str) -> None:
    grid, edits = made()
    QGuiApplication.clipboard().setText(text)
    qtbot.keyClick(grid, Qt.Key.Key_V, CONTROL)
    assert edits.kernels[-1].weights.tolist() == [[1, 2], [3, 4]]
    assert grid.kernel.shape == (2, 2)


def test_a_pasted_number_is_one_weight(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    QGuiApplication.clipboard().setText("1/4")
    qtbot.keyClick(grid, Qt.Key.Key_V, CONTROL)
    assert edits.kernels[-1].shape == (3, 3)
    assert edits.kernels[-1].weights[0, 0] == 0.25


@pytest.mark.parametrize("text", ["hello", "", "1 2\n3", "0 " * 40])
def test_a_pasted_text_that_is_no_kernel_is_refused(qtbot: QtBot, made: Maker, text: str) -> None:
    grid, edits = made()
    QGuiApplication.clipboard().setText(text)
    qtbot.keyClick(grid, Qt.Key.Key_V, CONTROL)
    assert edits.kernels == []
    assert len(edits.rejected) == 1
    assert grid.kernel.shape == (3, 3)


def test_copy_is_a_table_that_pastes_back(qtbot: QtBot, made: Maker) -> None:
    grid, edits = made()
    qtbot.keyClick(grid, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "-1\t0\t1\n-2\t0\t2\n-1\t0\t1"
    grid.copy_list()
    grid.set_kernel(Kernel(np.ones((2, 2))))
    grid.paste()
    assert edits.kernels[-1].weights.tolist() == SOBEL


def test_the_menu_does_what_it_says(made: Maker) -> None:
    grid, edits = made()
    grid.set_cell(1, 2)
    menu = grid.menu()
    actions = {action.objectName(): action for action in menu.actions()}
    actions["kernel.fill"].trigger()
    assert (edits.kernels[-1].weights == 2).all()
    actions["kernel.zero"].trigger()
    assert edits.kernels[-1].weights[1, 2] == 0
    actions["kernel.clear"].trigger()
    assert (edits.kernels[-1].weights == 0).all()
    actions["kernel.edit"].trigger()
    editor = grid.findChild(QLineEdit, "kernel.weight")
    assert editor is not None and editor.text() == editor.selectedText() == "0"
    menu.close()


@pytest.mark.parametrize("shape", [(1, 1), (1, 31), (31, 1), (2, 4), (9, 11), (31, 31)])
def test_every_size_fits_and_every_cell_is_hit(made: Maker, shape: tuple[int, int]) -> None:
    grid, _ = made(np.random.default_rng(3).normal(size=shape))
    rows, columns = shape
    for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 2)):
        cell = grid.cell_rect(row, column)
        assert grid.rect().contains(cell)
        for corner in (cell.topLeft(), cell.bottomRight(), cell.center()):
            assert grid.cell_at(corner) == (row, column)
    assert not grid.grab().isNull()
    assert grid.sizeHint().height() <= 276 + 32


def test_colours_are_signed_and_the_focus_has_a_ring(made: Maker) -> None:
    grid, _ = made()
    grid.set_cell(1, 1)
    image = grid.grab().toImage()
    colours = theme.tokens()
    for (row, column), name in (
        ((1, 0), colours.negative),
        ((1, 2), colours.positive),
        ((0, 1), colours.neutral),
    ):
        at = grid.cell_rect(row, column).topLeft()
        assert QColor(image.pixel(at.x() + 5, at.y() + 5)).name().upper() == name
    ring = grid.cell_rect(1, 1)
    assert QColor(image.pixel(ring.left(), ring.center().y())).name().upper() == colours.accent


def test_showing_a_kernel_tells_nobody_and_keeps_the_cell_inside(made: Maker) -> None:
    grid, edits = made(np.ones((5, 5)))
    grid.set_cell(4, 4)
    grid.set_kernel(Kernel(np.ones((3, 2))))
    assert grid.cell == (2, 1)
    assert edits.kernels == []


def test_the_grid_grows_with_the_windows_zoom(made: Maker) -> None:
    grid, _ = made()
    before = grid.sizeHint().height()
    try:
        theme.apply("light", 1.5)
        grid.resize(420, grid.sizeHint().height())
        assert grid.sizeHint().height() == pytest.approx(1.5 * before, abs=4)
        assert grid.cell_rect(0, 0).width() == 84
    finally:
        theme.apply("light", 1.0)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_numbers_stand_out_from_their_cells(made: Maker, choice: theme.ThemeChoice) -> None:
    grid, _ = made([[-4, -2, -1], [0, 0.5, 1], [2, 3, 4]])
    try:
        theme.apply(choice)
        image = grid.grab().toImage()
        for row in range(3):
            for column in range(3):
                cell = grid.cell_rect(row, column).adjusted(6, 6, -6, -6)
                light = [
                    QColor(image.pixel(x, y)).lightness()
                    for x in range(cell.left(), cell.right())
                    for y in range(cell.top(), cell.bottom())
                ]
                assert max(light) - min(light) > 90
    finally:
        theme.apply("light")
