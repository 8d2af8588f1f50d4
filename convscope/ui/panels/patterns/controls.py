"""Above the grid: what is shown, the recipe, steps and seed; more options in a fold."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from convscope.core.parameter import parameters_of
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.settings import (
    SMALLEST_SIZE,
    PatternSettings,
)
from convscope.ui import theme
from convscope.ui.forms.form import caption, combo, named, row, segmented, spin, tool
from convscope.ui.forms.slider_row import SliderRow
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
            self.steps.setSpecialValueText(f"{steps.shown} (auto)")
        self.steps.setToolTip(
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
        with (
            QSignalBlocker(self.show_what),
            QSignalBlocker(self.steps),
            QSignalBlocker(self.pixels),
            QSignalBlocker(self.seed),
            QSignalBlocker(self.octaves),
            QSignalBlocker(self.other),
            QSignalBlocker(self.from_image),
        ):
            self._show_offered()
            self.show_what.setCurrentIndex(self.show_what.findData(options.show))
            self.recipe.set_value(settings.recipe)
            self.steps.setValue(settings.steps or 0)
            self.pixels.setValue(settings.size or SMALLEST_SIZE - 1)
            self.seed.setValue(settings.seed)
            self.octaves.setValue(settings.octaves)
            self.other.setValue(options.other)
            self.from_image.setChecked(options.from_image)
        self.about.setText(recipe.about)
        self.other_row.setVisible(options.show == "between")
        self.diversity.setVisible(options.show == "several")
        for slider, value in (
            (self.variation, settings.variation),
            (self.l2, settings.l2),
            (self.blur, settings.blur),
            (self.diversity, settings.diversity or APART),
        ):
            slider.set_value(value)
        plain = PatternSettings(settings.recipe, settings.steps, seed=settings.seed)
        changed = settings != plain or options.from_image
        self.more.setText("More •" if changed else "More")
        unfolded = self._model.folds.value.more
        self.more.setChecked(unfolded)
        self.fold.setVisible(unfolded)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.show_what = combo("patterns.show", "What the grid shows", [(v, w) for v, w, _ in SHOWS], "Show")
        self.show_what.setMinimumContentsLength(18)
        self.show_what.activated.connect(lambda _index: self._model.edit(show=self.show_what.currentData()))
        self.recipe = segmented(
            "patterns.recipe", "Recipe", [(name, one.title, one.about) for name, one in RECIPES.items()]
        )
        self.recipe.setMinimumWidth(self.recipe.sizeHint().width())
        self.recipe.changed.connect(lambda name: self._model.edit_settings(recipe=name))
        self.steps = spin("patterns.steps", "Steps", 0, round(_SETTINGS["steps"].maximum))
        self.steps.setMinimumWidth(theme.scaled(100))
        self.steps.setSingleStep(16)
        self.steps.setSpecialValueText("auto")
        self.steps.valueChanged.connect(lambda value: self._model.edit_settings(steps=value or None))
        self.seed = spin("patterns.seed", "Seed", 0, 2**31 - 1)
        self.seed.valueChanged.connect(lambda value: self._model.edit_settings(seed=value))
        self.dice = tool("patterns.dice", "Another seed", "dices", self._roll)
        self.more = tool("patterns.more", "More options", "sliders-horizontal", self._unfold, "More")
        self.more.setCheckable(True)
        steps = QWidget()
        steps.setLayout(row(theme.label("steps", "caption"), self.steps))
        first = FlowLayout(across=theme.GAP, down=theme.GAP)
        for widget in (self.show_what, self.recipe, steps, self.more):
            first.addWidget(widget)
        column.addLayout(first)
        self.other = spin("patterns.other", "The other filter", 0, 1)
        self.other.valueChanged.connect(lambda value: self._model.edit(other=value))
        self.other_row = QWidget()
        self.way = theme.label("", "caption")
        self.other_row.setLayout(row(self.way, self.other, None))
        column.addWidget(self.other_row)
        self.diversity = SliderRow("patterns.diversity", "diversity", 0.1, 2, 0.1, APART)
        self.diversity.changed.connect(lambda value: self._model.edit_settings(diversity=value))
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
        self.variation = SliderRow("patterns.variation", "variation", 0, 2, 0.1, 0)
        self.variation.setToolTip("Takes the total variation off: smoother pictures")
        self.variation.changed.connect(lambda value: self._model.edit_settings(variation=value))
        self.l2 = SliderRow("patterns.l2", "L2", 0, 2, 0.1, 0)
        self.l2.setToolTip("Takes the distance from gray off: paler pictures")
        self.l2.changed.connect(lambda value: self._model.edit_settings(l2=value))
        self.blur = SliderRow("patterns.blur", "blur", 0, 2, 0.1, 0)
        self.blur.setToolTip("Takes the distance from a blurred copy off: fewer fine details")
        self.blur.changed.connect(lambda value: self._model.edit_settings(blur=value))
        self.octaves = spin("patterns.octaves", "Octaves", 1, round(_SETTINGS["octaves"].maximum))
        self.octaves.setToolTip("Sizes one after the other, from small to full: large forms first")
        self.octaves.valueChanged.connect(lambda value: self._model.edit_settings(octaves=value))
        largest = round(_SETTINGS["size"].maximum)
        self.pixels = spin("patterns.size", "Size of the large picture", SMALLEST_SIZE - 1, largest)
        self.pixels.setSpecialValueText("auto")
        self.pixels.setSingleStep(32)
        self.pixels.valueChanged.connect(
            lambda value: self._model.edit_settings(size=None if value < SMALLEST_SIZE else value)
        )
        self.from_image = QCheckBox("start from the current image")
        self.from_image.setObjectName("patterns.from_image")
        self.from_image.toggled.connect(lambda on: self._model.edit(from_image=on))
        self.about = caption("patterns.about")
        for number, slider in enumerate((self.variation, self.l2, self.blur)):
            grid.addWidget(slider, number, 0)
        grid.addLayout(named("octaves", self.octaves), 0, 1)
        grid.addLayout(named("size, px", self.pixels), 1, 1)
        seed = named("seed", self.seed)
        seed.addWidget(self.dice)
        grid.addLayout(seed, 2, 1)
        grid.addWidget(self.from_image, 3, 1)
        grid.addWidget(self.about, 3, 0)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        return grid

    def _unfold(self) -> None:
        self._model.unfold_options(self.more.isChecked())

    def _roll(self) -> None:
        self._model.edit_settings(seed=int(np.random.default_rng().integers(0, 10_000)))
