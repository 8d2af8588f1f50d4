"""Above the grid: what is shown, the recipe, steps and seed; more options in a fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal
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
from convscope.ui.panels.patterns.wish import APART, CLASS_SHOWS, SHOWS, Wish, change_words
from convscope.ui.widgets.flow import FlowLayout
from convscope.workspace.document import Part

_SETTINGS = parameters_of(PatternSettings)


class Controls(QWidget):
    """All settings but what is looked at.

    Signals:
        changed: the `Wish` as it is now.
    """

    changed = Signal(object)

    def __init__(self, slot: Part[Wish], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slot = slot
        self._classes, self._noun = False, "class"
        # Of the layer or of the network, filters or classes to choose the other from.
        self._filters = 1 << 30
        self._build()
        self._show()
        slot.changed.connect(self._changed)

    def shutdown(self) -> None:
        """Take no more events."""
        self._slot.changed.disconnect(self._changed)

    @property
    def _wish(self) -> Wish:
        return self._slot.value

    @property
    def wish(self) -> Wish:
        """What is wanted, of those things that there are."""
        wish = self._wish
        if wish.other >= max(1, self._filters):
            wish = replace(wish, other=max(0, self._filters - 1))
        if self._classes and wish.show not in CLASS_SHOWS:
            return replace(wish, show=CLASS_SHOWS[0])
        return wish

    def edit(self, **changes: object) -> None:
        """Change the wish, as a person does; it can be taken back."""
        wish = replace(self._wish, **changes)  # type: ignore[arg-type]
        label, merge = change_words(self._wish, wish)
        self._slot.edit(wish, label, merge)

    def _changed(self, _wish: Wish) -> None:
        """By a person here, by undo or redo."""
        self._show()
        self.changed.emit(self.wish)

    def set_source(self, name: str) -> None:
        """Which grids there are: of "layers" or "classes"; a person's choice comes back with the layers."""
        self._classes = name == "classes"
        for number, (value, _words, _says) in enumerate(SHOWS):
            item = self.show_what.model().item(number)  # type: ignore[attr-defined]
            item.setEnabled(not self._classes or value in CLASS_SHOWS)
        self._say_noun()
        self._show()

    def set_noun(self, noun: str) -> None:
        """What the network puts out a row of: "class" or "value"."""
        if noun != self._noun:
            self._noun = noun
            self._say_noun()

    def _say_noun(self) -> None:
        several = "Classes" if self._noun == "class" else "Values"
        self.show_what.setItemText(0, several if self._classes else SHOWS[0][1])
        self.show_what.setItemText(2, f"Several of one {self._noun}" if self._classes else SHOWS[2][1])

    def set_filters(self, count: int, chosen: int) -> None:
        """How many filters there are to choose the other from."""
        self.way.setText(f"from filter {chosen} to filter")
        self._filters = count
        with QSignalBlocker(self.other):
            self.other.setRange(0, max(0, count - 1))
            self.other.setValue(self.wish.other)

    def set_steps(self, grid: int, large: int, shown: int) -> None:
        """How many steps pictures take by themselves.

        Args:
            grid: those of the grid, or of the sheet.
            large: the large one.
            shown: what is shown large now: a tile of the grid takes as many as the grid.
        """
        if self._wish.settings.steps is None:
            self.steps.setSpecialValueText(f"{shown} (auto)")
        self.steps.setToolTip(
            "How often the pictures are changed"
            + (f"; by itself {grid} in the grid, {large} in the large one" if grid != large else "")
        )

    def _settings(self, **changes: object) -> None:
        self.edit(settings=replace(self._wish.settings, **changes))  # type: ignore[arg-type]

    def _show(self) -> None:
        wish, settings = self.wish, self._wish.settings
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
            self.show_what.setCurrentIndex(self.show_what.findData(wish.show))
            self.recipe.set_value(settings.recipe)
            self.steps.setValue(settings.steps or 0)
            self.pixels.setValue(settings.size or SMALLEST_SIZE - 1)
            self.seed.setValue(settings.seed)
            self.octaves.setValue(settings.octaves)
            self.other.setValue(wish.other)
            self.from_image.setChecked(wish.from_image)
        self.about.setText(recipe.about)
        self.other_row.setVisible(wish.show == "between")
        self.diversity.setVisible(wish.show == "several")
        for slider, value in (
            (self.variation, settings.variation),
            (self.l2, settings.l2),
            (self.blur, settings.blur),
            (self.diversity, settings.diversity or APART),
        ):
            slider.set_value(value)
        plain = PatternSettings(settings.recipe, settings.steps, seed=settings.seed)
        changed = settings != plain or wish.from_image
        self.more.setText("More •" if changed else "More")

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.show_what = combo("patterns.show", "What the grid shows", [(v, w) for v, w, _ in SHOWS], "Show")
        self.show_what.setMinimumContentsLength(18)
        self.show_what.activated.connect(lambda _index: self.edit(show=self.show_what.currentData()))
        self.recipe = segmented(
            "patterns.recipe", "Recipe", [(name, one.title, one.about) for name, one in RECIPES.items()]
        )
        self.recipe.setMinimumWidth(self.recipe.sizeHint().width())
        self.recipe.changed.connect(lambda name: self._settings(recipe=name))
        self.steps = spin("patterns.steps", "Steps", 0, round(_SETTINGS["steps"].maximum))
        self.steps.setMinimumWidth(theme.scaled(100))
        self.steps.setSingleStep(16)
        self.steps.setSpecialValueText("auto")
        self.steps.valueChanged.connect(lambda value: self._settings(steps=value or None))
        self.seed = spin("patterns.seed", "Seed", 0, 2**31 - 1)
        self.seed.valueChanged.connect(lambda value: self._settings(seed=value))
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
        self.other.valueChanged.connect(lambda value: self.edit(other=value))
        self.other_row = QWidget()
        self.way = theme.label("", "caption")
        self.other_row.setLayout(row(self.way, self.other, None))
        column.addWidget(self.other_row)
        self.diversity = SliderRow("patterns.diversity", "diversity", 0.1, 2, 0.1, APART)
        self.diversity.changed.connect(lambda value: self._settings(diversity=value))
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
        self.variation.changed.connect(lambda value: self._settings(variation=value))
        self.l2 = SliderRow("patterns.l2", "L2", 0, 2, 0.1, 0)
        self.l2.setToolTip("Takes the distance from gray off: paler pictures")
        self.l2.changed.connect(lambda value: self._settings(l2=value))
        self.blur = SliderRow("patterns.blur", "blur", 0, 2, 0.1, 0)
        self.blur.setToolTip("Takes the distance from a blurred copy off: fewer fine details")
        self.blur.changed.connect(lambda value: self._settings(blur=value))
        self.octaves = spin("patterns.octaves", "Octaves", 1, round(_SETTINGS["octaves"].maximum))
        self.octaves.setToolTip("Sizes climbed one after the other, from small to full: large forms first")
        self.octaves.valueChanged.connect(lambda value: self._settings(octaves=value))
        largest = round(_SETTINGS["size"].maximum)
        self.pixels = spin("patterns.size", "Size of the large picture", SMALLEST_SIZE - 1, largest)
        self.pixels.setSpecialValueText("auto")
        self.pixels.setSingleStep(32)
        self.pixels.valueChanged.connect(
            lambda value: self._settings(size=None if value < SMALLEST_SIZE else value)
        )
        self.from_image = QCheckBox("start from the current image")
        self.from_image.setObjectName("patterns.from_image")
        self.from_image.toggled.connect(lambda on: self.edit(from_image=on))
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
        self.fold.setVisible(self.more.isChecked())

    def _roll(self) -> None:
        self._settings(seed=int(np.random.default_rng().integers(0, 10_000)))
