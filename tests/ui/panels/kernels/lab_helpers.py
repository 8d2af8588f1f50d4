"""Short ways to drive the kernel lab by the names of its controls."""

from __future__ import annotations

from typing import Any

import numpy as np
from driver import Driver
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from convscope.imaging.lab.operation import Operation
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.kernels.panel import KernelsPanel
from convscope.ui.panels.kernels.view_models.frame import LabFrame


class Lab(Driver):
    """The window with its kernel lab."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, KernelsPanel)
        self.panel = panel

    @property
    def stage(self) -> Operation:
        """The selected stage."""
        return self.workspace.lab.stage

    @property
    def frame(self) -> LabFrame:
        """What is on show."""
        assert self.panel.frame is not None
        return self.panel.frame

    @property
    def values(self) -> NDArray[np.float32]:
        """The exact result on show."""
        return self.frame.result.values

    def run(self, command: str) -> None:
        """Run a command by its id."""
        assert command in [each.id for each in self.window.commands()], command
        self.window.run_command(command)
        self.settle()

    def point(self, name: str, row: int, column: int) -> QPoint:
        """The place of a picture's pixel in its widget."""
        return self.find(ImageView, name).position_of(row, column).toPoint()

    def example(self, key: str) -> None:
        """Open a matrix of the lectures in the matrix view."""
        self.press("kernels.view.matrix")
        self.pick("kernels.matrix.example", key)

    def only(self, **changes: Any) -> None:
        """Settings that a test starts from."""
        self.workspace.edit_lab(self.workspace.lab.with_stage(**changes), "Test")
        self.settle()
