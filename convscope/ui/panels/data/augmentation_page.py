"""Random changes to the training images: a slider each, and what they do to one image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QWidget,
)

from convscope.core.parameter import Parameter, parameters_of
from convscope.ui import naming, theme
from convscope.ui.forms.form import as_panel, caption, choose, combo, row, tool, vertical
from convscope.ui.forms.parameter_form import ParameterForm
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.preview import Previewed, Previewer, PreviewGrid
from convscope.ui.qimage import to_image

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.pipeline import PipelineSettings

PRESET_WORDS = (("none", "None"), ("mild", "Mild"), ("lecture", "Strong"))
_ORIGINAL, _LABEL, _NAME = 44, 80, 36


class AugmentationPage(QWidget):
    """Sliders for every random change, kept in the workspace; the preview follows while they move.

    Signals:
        problem: why there is no preview, in a sentence, or "".
    """

    problem = Signal(str)

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._dataset: Dataset | None = None
        self._settings: PipelineSettings | None = None
        self._index = 0
        # Which twelve of all possible changes the preview shows.
        self._seed = context.workspace.part("data.preview.seed", 0, "data")
        context.listen(self._seed.changed, lambda _seed: self.request())
        self._stale = False
        self.previewer = Previewer(context.jobs, self)
        self.previewer.ready.connect(self._show_preview)
        self.previewer.failed.connect(self._failed)
        self.grid = PreviewGrid()
        self.original = naming.give(QLabel(), "data.original", "The image before augmentation")
        self.original.setFixedSize(theme.scaled(_ORIGINAL), theme.scaled(_ORIGINAL))
        self.original.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = caption("data.preview.words")
        self.preset = combo("data.preset", "Preset", (*PRESET_WORDS, ("own", "Your own")))
        self.preset.setToolTip(
            "Mild: small turns and shifts. Strong: ±40°, 20 % of shift, shear and zoom, flipped"
        )
        self.preset.currentIndexChanged.connect(self._preset_chosen)
        self.reset = tool("data.reset", "No augmentation", "undo-2", self.clear, "Reset")
        self.reseed = tool("data.reseed", "Draw twelve others", "dices", self.draw_others, "Reseed")
        column = vertical(self, spacing=theme.GRID)
        top = row(self.original, self.words)
        top.setStretch(1, 1)
        column.addLayout(top)
        column.addWidget(self.grid)
        label = QLabel("Preset")
        label.setBuddy(self.preset)
        buttons = row(label, self.preset, self.reset, self.reseed)
        buttons.setStretch(1, 1)
        column.addLayout(buttons)
        self.carried = caption("data.augment.carried")
        self.carried.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.carry = tool(
            "data.augment.carry", "Augment these images as those", "copy", self._carry, "Use it"
        )
        column.addLayout(row(self.carried, self.carry))
        column.addWidget(self._scrolled(), 1)
        # Where the augmentation was taken over from, as long as it is what it was.
        self._taken: tuple[Augmentation, str] | None = None
        context.listen(context.workspace.augmentation_changed, self._show_augmentation)
        self._show_augmentation(context.workspace.augmentation)

    @property
    def augmentation(self) -> Augmentation:
        """What is set; one that changes nothing where nothing is."""
        from convscope.engine.data.augmentation import Augmentation

        return self._context.workspace.augmentation or Augmentation()

    def show_dataset(self, dataset: Dataset, index: int, settings: PipelineSettings) -> None:
        """Preview this image of this data set, brought to size by these settings."""
        other = self._dataset is None or self._dataset.reference != dataset.reference
        self._dataset, self._index, self._settings = dataset, index, settings
        if other:
            self._taken = None
            self._show_carried()
        self.request()

    def clear(self) -> None:
        self._context.workspace.edit_data_settings("Take the augmentation off", augmentation=None)

    def draw_others(self) -> None:
        """The same settings with another seed."""
        self._seed.set(self._seed.value + 1)

    def request(self) -> None:
        """Have the preview drawn again; later, if nobody sees it now."""
        if self._dataset is None or self._settings is None:
            return
        self._stale = not self.isVisible()
        if not self._stale:
            self.previewer.request(
                self._dataset, self._index, self._settings, self.augmentation, self._seed.value
            )

    def showEvent(self, event: object) -> None:
        if self._stale:
            self.request()

    def _scrolled(self) -> ScrollColumn:
        from convscope.engine.data.augmentation import Augmentation

        holder = QWidget()
        as_panel(holder)
        column = vertical(holder, spacing=1, margins=(0, 0, theme.GRID, 0))
        # All twelve lines have room beside the images of a laptop's screen.
        self.form = ParameterForm(
            "data.augment",
            parameters_of(Augmentation).values(),
            together={("flip_horizontal", "flip_vertical"): "Flip", ("fill", "fill_value"): "Outside"},
            label=_LABEL,
            dense=True,
        )
        self.form.edited.connect(self._set)
        column.addWidget(self.form)
        column.addWidget(caption("", "Acts on training images only, drawn anew for each epoch."))
        column.addStretch(1)
        area = ScrollColumn("data.augment")
        area.setWidget(holder)
        return area

    def _set(self, own: Parameter, value: Any) -> None:
        """Change one setting, which is a step of undo."""
        from convscope.engine.data.augmentation import Augmentation

        changed = replace(self.augmentation, **{own.name: value})
        self._context.workspace.edit_data_settings(
            f"Change the {own.said.removesuffix(' mode')}",
            f"augmentation.{own.name}" if own.turned else None,
            augmentation=None if changed == Augmentation() else changed,
        )

    def _carry(self) -> None:
        """Use the augmentation of the data set that was open before."""
        before = self._context.workspace.data_before
        if before is not None and before[1].augmentation is not None:
            title, theirs = before[0], before[1].augmentation
            self._taken = theirs, title
            label = f"Use the augmentation of {title}"
            self._context.workspace.edit_data_settings(label, augmentation=theirs)

    def _show_carried(self) -> None:
        """Each data set has its own: say so where that of another one is not in force, or was taken over."""
        workspace = self._context.workspace
        now, before = workspace.augmentation, workspace.data_before
        offered = now is None and before is not None and before[1].augmentation is not None
        if offered and before is not None:
            self.carried.setText(f"{before[0]} has an augmentation of its own.")
        elif self._taken is not None and self._taken[0] == now:
            self.carried.setText(f"As for {self._taken[1]}.")
        else:
            self.carried.setText("")
        self.carried.setVisible(bool(self.carried.text()))
        self.carry.setVisible(offered)

    def _preset_chosen(self) -> None:
        from convscope.engine.data.augmentation import PRESETS

        name = self.preset.currentData()
        if name == "own":
            self._show_augmentation(self._context.workspace.augmentation)
        else:
            chosen = PRESETS[name] if name != "none" else None
            self._context.workspace.edit_data_settings("Choose a preset", augmentation=chosen)

    def _show_augmentation(self, augmentation: Augmentation | None) -> None:
        from convscope.engine.data.augmentation import PRESETS

        shown = self.augmentation
        self.form.show_values(vars(shown))
        self.form.editors["fill_value"].control.setVisible(shown.fill == "constant")
        choose(self.preset, next((name for name, preset in PRESETS.items() if preset == shown), "own"))
        self.reset.setEnabled(augmentation is not None)
        self._show_carried()
        self.request()

    def _show_preview(self, previewed: Previewed) -> None:
        if self._dataset is None or previewed.images is not self._dataset.images:
            return
        self.problem.emit("")
        self.grid.show_pictures(previewed.pictures)
        side = theme.scaled(_ORIGINAL)
        height, width = previewed.original.shape[:2]
        mode = Qt.TransformationMode
        smooth = mode.SmoothTransformation if max(height, width) > side else mode.FastTransformation
        picture = QPixmap.fromImage(to_image(previewed.original))
        self.original.setPixmap(picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        label = self._dataset.classes[self._dataset.labels[previewed.index]]
        name = self._dataset.images.name(previewed.index)
        name = name if len(name) <= _NAME else f"…{name[-_NAME:]}"
        self.words.setText(
            f"{name}\n{label}  ·  at {height} × {width}\nGo to a thumbnail to see another image augmented."
        )

    def _failed(self, error: BaseException) -> None:
        self.problem.emit(str(error))
        # What was shown is another image.
        self.grid.set_maps([])
        self.original.clear()
        self.words.setText("")
