"""The chain as a strip: each stage with its picture; add, switch off, move, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QWidget

from convscope.imaging.lab.operation import Operation
from convscope.ui import naming, theme
from convscope.ui.canvas.stage_strip import StageStrip
from convscope.ui.forms.form import row, tool
from convscope.ui.panels.kernels.controls.section import LabSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.workspace.lab import Lab


def stage_words(stage: Operation) -> str:
    """A stage in a few words: "sobel-x → ReLU → max 2×2"."""
    kernel = "RGB filter" if stage.channels == "filter" else stage.kernel.name
    parts = [] if _only_after(stage) else [kernel]
    if stage.activation != "none":
        parts.append("ReLU" if stage.activation == "relu" else stage.activation)
    if stage.pool != "none":
        parts.append(f"{stage.pool} {stage.pool_size}×{stage.pool_size}")
    return " → ".join(parts)


def _only_after(stage: Operation) -> bool:
    """Whether the kernel leaves all as it is, so that only what follows it counts."""
    identity = stage.channels == "each" and stage.kernel.shape == (1, 1) and stage.kernel.weights[0, 0] == 1
    return identity and (stage.activation, stage.pool) != ("none", "none")


class StageSection(LabSection):
    """The strip under the pictures; it edits the chain by undoable steps."""

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._pictures: list[NDArray[np.uint8]] = []
        self.strip = naming.give(StageStrip(), "kernels.stages")
        self.strip.selected.connect(self._select)
        self.strip.moved.connect(
            lambda index, to: self.model.edit("Move stage", lambda lab: lab.moved(index, to))
        )
        self.strip.toggled.connect(self._switch)
        self.strip.removed.connect(
            lambda index: self.model.edit("Remove stage", lambda lab: lab.removed(index))
        )
        self.strip.add_requested.connect(self.insert)
        self._scroll = scroll = QScrollArea()
        scroll.setObjectName("kernels.stages.scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.strip)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._measure()
        scroll.viewport().setAutoFillBackground(False)
        self.strip.setAutoFillBackground(False)
        self.tools: dict[str, QToolButton] = {}
        for name, says, icon, run in (
            ("left", "Move this stage forward", "arrow-left", lambda: self._move(-1)),
            ("right", "Move this stage back", "arrow-right", lambda: self._move(1)),
            ("remove", "Remove this stage", "trash-2", self._remove),
        ):
            self.tools[name] = tool(f"kernels.stages.{name}", says, icon, run)
        line = row(scroll, *self.tools.values(), spacing=theme.GRID)
        line.setStretch(0, 1)
        self.column.addLayout(line)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_scroll"):
            self._measure()

    def _measure(self) -> None:
        self._scroll.setFixedHeight(self.strip.sizeHint().height() + theme.scaled(10))

    def insert(self, kind: str = "kernel") -> None:
        """A new stage after the selected one; a "kernel" leaves the picture as it is until one is chosen."""
        changes: dict[str, Any] = {}
        if kind in ("relu", "tanh", "sigmoid"):
            changes = {"activation": kind}
        elif kind in ("max", "avg"):
            changes = {"pool": kind}
        self.model.edit("Add stage", lambda lab: lab.inserted(Operation(**changes)))

    def show_lab(self, lab: Lab) -> None:
        """A card a stage, the selected one framed."""
        self._draw(lab)
        several = len(lab.stages) > 1
        for button in self.tools.values():
            button.setVisible(several)
        self.tools["left"].setEnabled(lab.selected > 0)
        self.tools["right"].setEnabled(lab.selected < len(lab.stages) - 1)

    def show_pictures(self, pictures: Sequence[NDArray[np.uint8]], sizes: Sequence[str]) -> None:
        """The small picture of each stage."""
        self._pictures = list(pictures)
        self.strip.setToolTip("\n".join(f"Stage {index}: {size}" for index, size in enumerate(sizes, 1)))
        self._draw(self.model.lab)

    def _draw(self, lab: Lab) -> None:
        pictures = [*self._pictures, *[None] * len(lab.stages)]
        self.strip.set_stages(
            [
                (stage_words(stage), picture, stage.enabled)
                for stage, picture in zip(lab.stages, pictures, strict=False)
            ],
            lab.selected,
        )

    def _select(self, index: int) -> None:
        self.model.edit("Select stage", lambda lab: replace(lab, selected=index), "select")

    def _switch(self, index: int, on: bool) -> None:
        def change(lab: Lab) -> Lab:
            stages = list(lab.stages)
            stages[index] = replace(stages[index], enabled=on)
            return replace(lab, stages=tuple(stages))

        self.model.edit("Switch stage on" if on else "Switch stage off", change)

    def _move(self, by: int) -> None:
        self.model.edit("Move stage", lambda lab: lab.moved(lab.selected, lab.selected + by))

    def _remove(self) -> None:
        self.model.edit("Remove stage", lambda lab: lab.removed(lab.selected))
