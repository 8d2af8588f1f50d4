"""The right column: the large picture as it grows, its score in words, the curve, start and stop."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from convscope.core.words import breakable
from convscope.engine.interpret.feature_visualization.results import verdict
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import (
    as_panel,
    caption,
    combo,
    heading,
    named,
    row,
    segmented,
    vertical,
)
from convscope.ui.panels.patterns.curve import Curve
from convscope.ui.panels.patterns.grown import PatternDetail
from convscope.ui.panels.patterns.options import AIMS, SIDES
from convscope.ui.panels.patterns.view_model import PatternsViewModel

WIDTH = 392
BLANK = 127


class DetailView(QWidget):
    """One picture large, or two side by side."""

    def __init__(self, view_model: PatternsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self._model = view_model
        self._build()
        view_model.detail_changed.connect(self._show)
        view_model.settings_changed.connect(self._show_settings)
        self._show(view_model.detail)
        self._show_settings()

    def _show_settings(self) -> None:
        """What is excited, and what can be: of a layer or of classes, and of one with maps or without."""
        options, layer = self._model.options, self._model.source == "layers"
        neuron = [value for value, _words, _says in AIMS].index("neuron")
        self.aim.model().item(neuron).setEnabled(self._model.offered.maps)  # type: ignore[attr-defined]
        self.aim.setCurrentIndex(self.aim.findData(options.aim))
        self.aim.setEnabled(layer)
        self.side.set_value(options.side)
        # A mean square has no other side.
        self.side.setEnabled(options.aim != "layer" or not layer)

    def _show(self, detail: PatternDetail) -> None:
        self.title.setText(breakable(detail.title))
        self.title.setToolTip(detail.title)
        pictures = detail.pictures
        self.views[1].setVisible(len(pictures) > 1)
        for view, picture in zip(self.views, pictures, strict=False):
            if picture is not view.pixels:
                view.set_pixels(picture)
        if pictures:
            self.views[0].set_caption("positive" if len(pictures) > 1 else "")
        else:
            for view in self.views:
                if view.pixels is not None:
                    view.set_pixels(np.full_like(view.pixels, BLANK))
        self.curve.set_curves(detail.curves, max(1, detail.whole))
        self.steps.setText(detail.step_words)
        self.score.setText(_score(detail))
        self.start.setText("Stop" if detail.growing else "Start")
        self.start.setAccessibleName("Stop growing" if detail.growing else "Grow from the start")
        self.start.setIcon(theme.icon("square" if detail.growing else "play", theme.tokens().on_accent))
        self.go_on.setEnabled(detail.continues and not detail.growing)

    def _press(self) -> None:
        if self._model.detail.growing:
            self._model.growth.stop_large()
        else:
            self._model.start_large()

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = vertical(self, margins=(theme.GROUP_GAP, theme.GAP))
        self.title = naming.give(theme.label("", "title"), "patterns.large.title")
        self.title.setMinimumWidth(1)
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        pictures = row(spacing=theme.GRID)
        self.views = (ImageView(photographs=True), ImageView(photographs=True))
        for view, name, says in zip(
            self.views, ("large", "large.hates"), ("Pattern", "What makes it negative"), strict=True
        ):
            naming.give(view, f"patterns.{name}", says)
            pictures.addWidget(view)
        self.views[1].set_caption("negative")
        self.views[1].hide()
        column.addLayout(pictures, 1)
        self.score = caption("patterns.score")
        self.score.setTextFormat(Qt.TextFormat.RichText)
        self.score.setMinimumHeight(theme.scaled(32))
        column.addWidget(self.score)
        column.addWidget(heading("Objective by step"))
        self.curve = Curve()
        column.addWidget(self.curve)
        self.start = naming.give(QPushButton("Start"), "patterns.start")
        self.start.setProperty("role", "primary")
        self.start.clicked.connect(self._press)
        self.go_on = QPushButton("Continue")
        self.go_on.setObjectName("patterns.continue")
        self.go_on.setAccessibleName("Grow on from here")
        self.go_on.setToolTip("Grow on from here, as many steps again once it has come to its end")
        self.go_on.setIcon(theme.icon("step-forward"))
        self.go_on.clicked.connect(self._model.continue_large)
        self.steps = naming.give(theme.with_figures(theme.label("", "caption")), "patterns.step")
        buttons = row(self.start, self.go_on, None, self.steps)
        column.addLayout(buttons)
        self.aim = combo("patterns.aim", "What is excited", [(value, words) for value, words, _ in AIMS])
        for number, (_value, _words, says) in enumerate(AIMS):
            self.aim.setItemData(number, says, Qt.ItemDataRole.ToolTipRole)
        self.aim.activated.connect(lambda _index: self._model.set_aim(self.aim.currentData()))
        column.addLayout(named("excite", self.aim, 48))
        self.side = segmented("patterns.side", "Show", SIDES, wide=True)
        self.side.changed.connect(lambda side: self._model.edit(side=side))
        column.addWidget(self.side)


def _score(detail: PatternDetail) -> str:
    """The scores in words, as rich text."""
    if not detail.patterns:
        if not detail.begun:
            return detail.hint
        if detail.stopped and detail.curves:
            return f"Stopped after {len(detail.curves[0])} steps: continue, or start again."
        last = ", ".join(f"{curve[-1]:.3g}" for curve in detail.curves if len(curve))
        return f"Score {last}, growing…" if last else "Before the first step"
    lines = []
    both = len(detail.patterns) > 1
    for pattern in detail.patterns:
        if pattern.dead:
            return verdict(pattern)
        negative = pattern.objective.negative
        whose = ("Negative: s" if negative else "Positive: s") if both else "S"
        score, moved = (theme.strong(f"{value:.3g}") for value in (pattern.score, pattern.moved))
        lines.append(f"{whose}core {score}, moved {moved}. {'' if negative and both else verdict(pattern)}")
    return "<br>".join(lines)
