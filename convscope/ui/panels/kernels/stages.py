"""The chain as a strip: each stage with its picture; add, switch off, move, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QMenu, QScrollArea, QToolButton, QWidget

from convscope.imaging.operation import Operation
from convscope.session.lab import Lab
from convscope.ui import theme
from convscope.ui.panels.context import PanelContext
from convscope.ui.panels.kernels.pixmaps import pixmap
from convscope.ui.panels.kernels.section import Section, heading, row, tool

THUMBNAIL = 32


def stage_words(stage: Operation) -> str:
    """A stage in a few words: "sobel-x → ReLU → max 2×2"."""
    kernel = "RGB filter" if stage.channels == "filter" else stage.kernel.name
    parts = [] if _does_nothing(stage) and (stage.activation, stage.pool) != ("none", "none") else [kernel]
    if stage.activation != "none":
        parts.append("ReLU" if stage.activation == "relu" else stage.activation)
    if stage.pool != "none":
        parts.append(f"{stage.pool} {stage.pool_size}×{stage.pool_size}")
    return " → ".join(parts)


def _does_nothing(stage: Operation) -> bool:
    return stage.channels == "each" and stage.kernel.shape == (1, 1) and stage.kernel.weights[0, 0] == 1


NEW_STAGES = (
    ("kernel", "A kernel", {}),
    ("relu", "ReLU", {"activation": "relu"}),
    ("max", "Max pooling 2×2", {"pool": "max"}),
    ("avg", "Average pooling 2×2", {"pool": "avg"}),
)


class StageStrip(Section):
    """One button a stage, and what is done to the selected one."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("kernels.stages")
        self._chips: list[QToolButton] = []
        self._holder = QWidget()
        self._chip_row = QHBoxLayout(self._holder)
        self._chip_row.setContentsMargins(0, 0, 0, 0)
        self._chip_row.setSpacing(theme.GRID)
        self._chip_row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(self._holder)
        scroll.setWidgetResizable(True)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedHeight(theme.scaled(THUMBNAIL + 22))
        scroll.viewport().setAutoFillBackground(False)
        self._holder.setAutoFillBackground(False)

        self.add = tool("kernels.stages.add", "Add a stage after this one", "plus", self._show_menu)
        self.menu = QMenu(self.add)
        for name, words, changes in NEW_STAGES:
            action = self.menu.addAction(words, lambda changes=changes: self.insert(**changes))
            action.setObjectName(f"kernels.stages.add.{name}")
        self.off = tool("kernels.stages.enabled", "Switch this stage off or on", "eye", self._switch)
        self.left = tool(
            "kernels.stages.left", "Move this stage forward", "arrow-left", lambda: self._move(-1)
        )
        self.right = tool(
            "kernels.stages.right", "Move this stage back", "arrow-right", lambda: self._move(1)
        )
        self.remove = tool("kernels.stages.remove", "Remove this stage", "trash-2", self._remove)
        line = row(heading("Stages"), scroll, self.add, self.off, self.left, self.right, self.remove)
        line.setSpacing(theme.GRID)
        line.setStretch(1, 1)
        self.column.addLayout(line)

    def insert(self, **changes: object) -> None:
        """A new stage after the selected one; by itself it leaves the picture as it is."""
        stage = Operation(**changes)  # type: ignore[arg-type]
        self.edit("Add stage", lambda lab: lab.inserted(stage))

    def show_lab(self, lab: Lab) -> None:
        """As many buttons as stages, the selected one down."""
        while len(self._chips) > len(lab.stages):
            chip = self._chips.pop()
            self._chip_row.removeWidget(chip)
            chip.deleteLater()
        while len(self._chips) < len(lab.stages):
            self._chips.append(self._chip(len(self._chips)))
        for index, (chip, stage) in enumerate(zip(self._chips, lab.stages, strict=True)):
            words = stage_words(stage)
            chip.setText(f"{index + 1}  {words}" if stage.enabled else f"{index + 1}  {words}  (off)")
            chip.setAccessibleName(f"Stage {index + 1}: {words}")
            chip.setChecked(index == lab.selected)
        several = len(lab.stages) > 1
        self.remove.setEnabled(several)
        self.left.setEnabled(lab.selected > 0)
        self.right.setEnabled(lab.selected < len(lab.stages) - 1)
        self.off.setIcon(theme.icon("eye" if lab.stage.enabled else "eye-off"))

    def show_pictures(self, pictures: Sequence[NDArray[np.uint8]], sizes: Sequence[str]) -> None:
        """The small picture of each stage, and its size on hover."""
        for chip, pixels, size in zip(self._chips, pictures, sizes, strict=False):
            chip.setIcon(QIcon(pixmap(pixels)))
            chip.setToolTip(f"{chip.accessibleName()}\n{size}")

    def _chip(self, index: int) -> QToolButton:
        chip = QToolButton()
        chip.setObjectName(f"kernels.stage.{index}")
        chip.setCheckable(True)
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setIconSize(QSize(theme.scaled(THUMBNAIL), theme.scaled(THUMBNAIL)))
        chip.clicked.connect(lambda: self._select(index))
        self._chip_row.insertWidget(index, chip)
        return chip

    def _select(self, index: int) -> None:
        self.edit("Select stage", lambda lab: replace(lab, selected=index), "select")
        self._chips[index].setChecked(True)

    def _show_menu(self) -> None:
        self.menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _switch(self) -> None:
        self.edit("Switch stage", lambda lab: lab.with_stage(enabled=not lab.stage.enabled))

    def _move(self, by: int) -> None:
        self.edit("Move stage", lambda lab: lab.moved(lab.selected, lab.selected + by))

    def _remove(self) -> None:
        self.edit("Remove stage", lambda lab: lab.removed(lab.selected))
