"""The right column: the large picture as it grows, its score in words, the curve, start and stop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern, verdict
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import as_panel, breakable, caption, combo, heading, named, segmented
from convscope.ui.panels.patterns.curve import Curve
from convscope.ui.panels.patterns.wish import AIMS, SIDES, Wish

WIDTH = 392
BLANK = 127


class Portrait(QWidget):
    """One picture large, or two side by side.

    Signals:
        started, stopped, continued: the buttons.
        aim_changed, side_changed: the choices.
    """

    started = Signal()
    stopped = Signal()
    continued = Signal()
    aim_changed = Signal(str)
    side_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.patterns: tuple[Pattern, ...] = ()
        self._growing = False
        self._build()

    # -- showing ---------------------------------------------------------------------------------------------

    def show_title(self, text: str) -> None:
        """Whose picture it is."""
        self.title.setText(breakable(text))
        self.title.setToolTip(text)

    def show_wish(self, wish: Wish, *, layer: bool, maps: bool) -> None:
        """What is chosen, and what can be: of a layer or of classes, and of one with maps or without."""
        neuron = [value for value, _words, _says in AIMS].index("neuron")
        self.aim.model().item(neuron).setEnabled(maps)  # type: ignore[attr-defined]
        self.aim.setCurrentIndex(self.aim.findData(wish.aim))
        self.aim.setEnabled(layer)
        self.side.set_value(wish.side)
        # A mean square has no other side.
        self.side.setEnabled(wish.aim != "layer" or not layer)

    def show_frame(self, frame: AscentFrame, numbers: Sequence[int] = (0,)) -> None:
        """Show pictures of a frame: by their place in it."""
        pixels = [frame.pixels[number] for number in numbers]
        self.show_pixels(pixels)
        self.patterns = tuple(frame.patterns[number] for number in numbers) if frame.patterns else ()
        if self.patterns:
            curves = [pattern.curve for pattern in self.patterns]
        elif frame.state is not None:
            curves = [frame.state.curve[:, number] for number in numbers]
        else:
            curves = []
        done = max((len(curve) for curve in curves), default=0)
        self.curve.set_curves(curves, max(frame.steps, done))
        # Of a dead filter there are no steps.
        dead = bool(self.patterns) and all(pattern.dead for pattern in self.patterns)
        self.steps.setText("" if dead else f"step {done} of {max(frame.steps, done)}")
        self._tell(curves)

    def show_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> None:
        """Only the pictures."""
        self.views[1].setVisible(len(pixels) > 1)
        for view, picture in zip(self.views, pixels, strict=False):
            view.set_pixels(picture)
        self.views[0].set_caption("loves" if len(pixels) > 1 else "")

    def clear(self, words: str = "") -> None:
        """Nothing is on show yet; in words, what a person can do."""
        self.patterns = ()
        self.views[1].hide()
        for view in self.views:
            if view.pixels is not None:
                view.set_pixels(np.full_like(view.pixels, BLANK))
        self.curve.set_curves([], 1)
        self.score.setText(words)
        self.steps.setText("")

    def show_growing(self, growing: bool, continues: bool) -> None:
        """Which buttons can be pressed."""
        self.start.setText("Stop" if growing else "Start")
        self.start.setAccessibleName("Stop growing" if growing else "Grow from the start")
        self.start.setIcon(theme.icon("square" if growing else "play", theme.tokens().on_accent))
        self.go_on.setEnabled(continues and not growing)
        self._growing = growing
        if not growing and not self.patterns and self.curve.curves:
            self.score.setText(f"Stopped after {len(self.curve.curves[0])} steps: continue, or start again.")

    def _press(self) -> None:
        (self.stopped if self._growing else self.started).emit()

    def _tell(self, curves: Sequence[NDArray[np.float32]]) -> None:
        if not self.patterns:
            last = ", ".join(f"{curve[-1]:.3g}" for curve in curves if len(curve))
            self.score.setText(f"Score {last}, growing…" if last else "Before the first step")
            return
        lines = []
        for pattern in self.patterns:
            if pattern.dead:
                lines = [verdict(pattern)]
                break
            whose = (
                ("Hates: s" if pattern.objective.negative else "Loves: s") if len(self.patterns) > 1 else "S"
            )
            score, moved = (theme.strong(f"{value:.3g}") for value in (pattern.score, pattern.moved))
            scores = f"{whose}core {score}, moved {moved}. "
            lines.append(
                scores + ("" if pattern.objective.negative and len(self.patterns) > 1 else verdict(pattern))
            )
        self.score.setText("<br>".join(lines))

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.title = theme.label("", "title")
        self.title.setObjectName("patterns.large.title")
        self.title.setMinimumWidth(1)
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.GRID)
        self.views = (ImageView(photographs=True), ImageView(photographs=True))
        for view, name, says in zip(
            self.views, ("large", "large.hates"), ("Pattern", "What it hates"), strict=True
        ):
            view.setObjectName(f"patterns.{name}")
            view.setAccessibleName(says)
            pictures.addWidget(view)
        self.views[1].set_caption("hates")
        self.views[1].hide()
        column.addLayout(pictures, 1)
        self.score = caption("patterns.score")
        self.score.setTextFormat(Qt.TextFormat.RichText)
        self.score.setMinimumHeight(theme.scaled(32))
        column.addWidget(self.score)
        column.addWidget(heading("Objective by step"))
        self.curve = Curve()
        column.addWidget(self.curve)
        self.start = QPushButton("Start")
        self.start.setObjectName("patterns.start")
        self.start.setProperty("role", "primary")
        self.start.clicked.connect(self._press)
        self.go_on = QPushButton("Continue")
        self.go_on.setObjectName("patterns.continue")
        self.go_on.setAccessibleName("Grow on from here")
        self.go_on.setToolTip("Grow on from here, as many steps again once it has come to its end")
        self.go_on.setIcon(theme.icon("step-forward"))
        self.go_on.clicked.connect(self.continued.emit)
        self.steps = theme.with_figures(theme.label("", "caption"))
        self.steps.setObjectName("patterns.step")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self.start)
        buttons.addWidget(self.go_on)
        buttons.addStretch(1)
        buttons.addWidget(self.steps)
        column.addLayout(buttons)
        self.aim = combo("patterns.aim", "What is excited", [(value, words) for value, words, _ in AIMS])
        for number, (_value, _words, says) in enumerate(AIMS):
            self.aim.setItemData(number, says, Qt.ItemDataRole.ToolTipRole)
        self.aim.activated.connect(lambda _index: self.aim_changed.emit(self.aim.currentData()))
        column.addLayout(named("excite", self.aim, 48))
        self.side = segmented("patterns.side", "Show", SIDES, wide=True)
        self.side.changed.connect(self.side_changed)
        column.addWidget(self.side)
        self.show_growing(False, False)
