"""Above the grid: what is shown, the recipe, steps and seed; more options in a fold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from convscope.core.parameter import parameters_of
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.ui import theme
from convscope.ui.forms.form import caption, check, combo, row, segmented, spin, tool, vertical
from convscope.ui.forms.parameter_form import ParameterForm
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.patterns.options import APART, CLASS_SHOWS, SHOWS
from convscope.ui.panels.patterns.view_model import PatternsViewModel

_SETTINGS = parameters_of(PatternSettings)


class PatternControls(QWidget):
    """All settings but what is looked at."""

    def __init__(self, view_model: PatternsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = view_model
        self._build()
        self._show()
        view_model.settings_changed.connect(self._show)

    def _show_offered(self) -> None:
        """Which grids there are, of layers or of classes, and how many steps pictures take by themselves."""
        offered, steps, classes = self._model.offered, self._model.steps, self._model.source == "classes"
        for number, (value, _words, _says) in enumerate(SHOWS):
            item = self.show_what.model().item(number)  # type: ignore[attr-defined]
            item.setEnabled(not classes or value in CLASS_SHOWS)
        several = "Classes" if offered.noun == "class" else "Values"
        self.show_what.setItemText(0, several if classes else SHOWS[0][1])
        self.show_what.setItemText(2, f"Several of one {offered.noun}" if classes else SHOWS[2][1])
        self.way.setText(f"from filter {offered.chosen} to filter")
        self.other.setRange(0, max(0, offered.filters - 1) if offered.filters < 1 << 30 else 1)
        if self._model.options.settings.steps is None and steps.shown:
            self._steps.setSpecialValueText(f"{steps.shown} (auto)")
        self._steps.setToolTip(
            "How often the pictures are changed"
            + (
                f"; by itself {steps.grid} in the grid, {steps.large} in the large one"
                if steps.grid != steps.large
                else ""
            )
        )

    def _show(self) -> None:
        options = self._model.options
        settings = options.settings
        recipe = RECIPES[settings.recipe]
        with QSignalBlocker(self.show_what), QSignalBlocker(self.other), QSignalBlocker(self.from_image):
            self._show_offered()
            self.show_what.setCurrentIndex(self.show_what.findData(options.show))
            self.other.setValue(options.other)
            self.from_image.setChecked(options.from_image)
        self.recipe.set_value(settings.recipe)
        for form in (self.steps, self.penalties, self.numbers):
            form.show_values(vars(settings))
        self.diversity.show_values({"diversity": settings.diversity or APART})
        self.about.setText(recipe.about)
        self.other_row.setVisible(options.show == "between")
        self.diversity.setVisible(options.show == "several")
        plain = PatternSettings(settings.recipe, settings.steps, seed=settings.seed)
        changed = settings != plain or options.from_image
        self.more.setText("More •" if changed else "More")
        unfolded = self._model.folds.value.more
        self.more.setChecked(unfolded)
        self.fold.setVisible(unfolded)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = vertical(self)
        self.show_what = combo("patterns.show", "What the grid shows", [(v, w) for v, w, _ in SHOWS], "Show")
        self.show_what.setMinimumContentsLength(18)
        self.show_what.activated.connect(lambda _index: self._model.edit(show=self.show_what.currentData()))
        self.recipe = segmented(
            "patterns.recipe", "Recipe", [(name, one.title, one.about) for name, one in RECIPES.items()]
        )
        self.recipe.setMinimumWidth(self.recipe.sizeHint().width())
        self.recipe.changed.connect(lambda name: self._model.edit_settings(recipe=name))
        self.steps = self._form("steps", together={("steps",): "steps"}, label=0)
        box = self.steps.editors["steps"].control
        assert isinstance(box, QSpinBox)
        self._steps = box
        box.setMinimumWidth(theme.scaled(100))
        self.dice = tool("patterns.dice", "Another seed", "dices", self._roll)
        self.more = tool("patterns.more", "More options", "sliders-horizontal", self._unfold, "More")
        self.more.setCheckable(True)
        first = FlowLayout(across=theme.GAP, down=theme.GAP)
        for widget in (self.show_what, self.recipe, self.steps, self.more):
            first.addWidget(widget)
        column.addLayout(first)
        self.other = spin("patterns.other", "The other filter", 0, 1)
        self.other.valueChanged.connect(lambda value: self._model.edit(other=value))
        self.other_row = QWidget()
        self.way = theme.label("", "caption")
        self.other_row.setLayout(row(self.way, self.other, None))
        column.addWidget(self.other_row)
        # No weight at all stands for the one by itself.
        self.diversity = self._form("diversity", minimum=0.1)
        column.addWidget(self.diversity)
        self.fold = QWidget()
        self.fold.setLayout(self._options())
        self.fold.hide()
        column.addWidget(self.fold)

    def _options(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GROUP_GAP * 2)
        grid.setVerticalSpacing(theme.GRID)
        self.penalties = self._form("variation", "l2", "blur")
        self.numbers = self._form(
            "octaves",
            "size",
            "seed",
            together={("octaves",): "octaves", ("size",): "size, px", ("seed",): "seed"},
        )
        seed = self.numbers.lines["seed"].layout()
        assert seed is not None
        seed.addWidget(self.dice)
        self.from_image = check("patterns.from_image", "start from the current image")
        self.from_image.toggled.connect(lambda on: self._model.edit(from_image=on))
        self.about = caption("patterns.about")
        grid.addWidget(self.penalties, 0, 0)
        grid.addWidget(self.numbers, 0, 1)
        grid.addWidget(self.about, 1, 0)
        grid.addWidget(self.from_image, 1, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        return grid

    def _form(self, *names: str, minimum: float | None = None, **how: Any) -> ParameterForm:
        """Some of the settings; each change is a step of undo."""
        own = [_SETTINGS[name] for name in names]
        if minimum is not None:
            own = [replace(one, minimum=minimum) for one in own]
        form = ParameterForm("patterns", own, **how)
        form.edited.connect(lambda one, value: self._model.edit_settings(**{one.name: value}))
        return form

    def _unfold(self) -> None:
        self._model.unfold_options(self.more.isChecked())

    def _roll(self) -> None:
        self._model.edit_settings(seed=int(np.random.default_rng().integers(0, 10_000)))
