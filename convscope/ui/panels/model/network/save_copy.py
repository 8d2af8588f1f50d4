"""Saving a copy of the network: which kind of file, and then the parity card of what was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLayout, QWidget

from convscope.core.task import Task
from convscope.core.words import breakable
from convscope.engine.models.export.formats import (
    ENDINGS,
    FORMATS,
    INSTALL,
    ExportFormat,
    format_named,
    format_of,
)
from convscope.engine.models.opened import OpenedModel
from convscope.ui import theme
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.forms.form import (
    caption,
    combo,
    hairline,
    heading,
    push_button,
    segmented,
    text_line,
    vertical,
)
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.layers.facts import SELECTABLE, FactGrid

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.export.export_model import Exported

_PRECISIONS = (
    ("float32", "32 bits", "The weights as they are"),
    ("float16", "16 bits", "Half the size, nearly the same answers"),
    ("int8", "8 bits", "A quarter of the size, and 8-bit arithmetic; other answers here and there"),
)
_DATA, _SHIPPED = "data", "shipped"
WIDTH = 440


class SaveCopyDialog(QDialog):
    """Which kind of file, with which precision, compared on what.

    Args:
        saver: writes it.
        model: the network.
        dataset: the data set at hand, if there is one.
    """

    def __init__(
        self, saver: ModelSaver, model: OpenedModel, dataset: Dataset | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("model.export")
        self.setWindowTitle("Save a copy")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._saver, self._model, self._dataset = saver, model, dataset
        self.format = segmented(
            "model.export.format",
            "Kind of file",
            [(kind.key, kind.title, kind.about) for kind in FORMATS],
            wraps=True,
        )
        self.format.changed.connect(lambda _key: self._tell())
        self.about = caption("model.export.about")
        self.missing = text_line("model.export.missing", "warning")
        self.missing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = vertical(
            self,
            heading("Kind of file"),
            self.format,
            self.about,
            self.missing,
            margins=(theme.GROUP_GAP,) * 4,
        )
        column.addSpacing(theme.GRID)
        self.of_precision = heading("Numbers")
        column.addWidget(self.of_precision)
        self.precision = segmented("model.export.precision", "Numbers", _PRECISIONS, wraps=True)
        self.precision.changed.connect(lambda _key: self._tell())
        column.addWidget(self.precision)
        self.says = caption("model.export.precision.says")
        column.addWidget(self.says)
        column.addSpacing(theme.GRID)
        column.addWidget(heading("Compared with the network on"))
        choices = [(_SHIPPED, "Shipped images that suit it")]
        if dataset is not None:
            at_hand = (_DATA, f"{dataset.title}, the data set at hand")
            suits = model.has_classes and model.head.classes == len(dataset.classes)
            choices = [at_hand, *choices] if suits else [*choices, at_hand]
        self.images = combo("model.export.images", "Compared with the network on", choices)
        column.addWidget(self.images)
        column.addStretch(1)
        column.addSpacing(theme.GAP)
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Save | standard.Cancel)
        self.ok = self.buttons.button(standard.Save)
        self.ok.setText("Save…")
        self.ok.setObjectName("model.export.save")
        self.ok.setProperty("role", "primary")
        self.buttons.button(standard.Cancel).setObjectName("model.export.cancel")
        self.buttons.accepted.connect(self.choose_file)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._tell()

    @property
    def kind(self) -> ExportFormat:
        return format_named(self.format.value)

    def choose_file(self) -> None:
        kind = self.kind
        name = self._model.name.replace("/", "-")
        choose_file(
            self,
            self._save,
            f"{name}{kind.endings[0]}",
            dict.fromkeys(kind.endings, kind.title),
            name="model.save_dialog",
            title="Save a copy",
        )

    def _save(self, path: str) -> None:
        precision = self.precision.value if len(self.kind.precisions) > 1 else "float32"
        dataset = self._dataset if self.images.currentData() == _DATA else None
        self._saver.save(self._model, path, self.kind.key, precision, dataset)
        self.accept()

    def _tell(self) -> None:
        kind = self.kind
        ending = f"Ends in {kind.endings[0]}." if kind.endings[0] else "A name without an ending."
        self.about.setText(f"{kind.about} {ending}")
        missing = " and ".join(kind.missing)
        self.missing.setText(f"Needs {missing}, not installed yet: {INSTALL}")
        self.missing.setVisible(bool(missing))
        self.ok.setEnabled(not missing)
        several = len(kind.precisions) > 1
        for widget in (self.of_precision, self.precision, self.says):
            widget.setVisible(several)
        says = next(words for key, _title, words in _PRECISIONS if key == self.precision.value)
        measured = (
            " Ranges are measured on other images of the same kind." if self.precision.value == "int8" else ""
        )
        self.says.setText(f"{says}.{measured}")
        fit_height(self, WIDTH)


class ModelSaver:
    """Writes copies in a worker, and shows their cards.

    Args:
        window: what cards belong to.
    """

    def __init__(self, context: PanelContext, window: QWidget) -> None:
        self._context, self._window = context, window

    def ask(self, model: OpenedModel) -> None:
        dialog = SaveCopyDialog(self, model, self._context.workspace.dataset, self._window)
        dialog.open()

    def save(
        self,
        model: OpenedModel,
        path: str,
        kind: str = "keras",
        precision: str = "float32",
        dataset: Dataset | None = None,
    ) -> None:
        """Write a copy; `kind`: of a file whose name does not say it. Without a data set: shipped images."""
        if not path.lower().endswith(ENDINGS):
            ending = format_named(kind).endings[0]
            # A folder may have a point in its name.
            path = f"{path}{ending}" if ending else f"{path}/"
        if precision not in format_of(path).precisions:
            precision = "float32"

        def work(task: Task) -> Exported:
            from convscope.engine.models.export.examples import of_dataset, shipped
            from convscope.engine.models.export.export_model import export_model

            task.progress(None, "Choosing images")
            examples = shipped(model) if dataset is None else of_dataset(dataset)
            return export_model(model, path, examples, precision=precision, task=task)

        self._context.submit("long", work, f"Saving {model.name} as {Path(path).name}", on_done=self._show)

    def _show(self, made: Exported) -> None:
        self._context.notify(f"Saved {made.files[0]}, its class names beside it.")
        ParityDialog(made, self._context.notify, self._window).show()


CARD_WIDTH = 520


def fit_height(dialog: QDialog, width: int) -> None:
    """As high as its words need at a width in unscaled pixels; Qt's own guess is of a narrow column."""
    layout = dialog.layout()
    assert layout is not None
    if layout.sizeConstraint() != QLayout.SizeConstraint.SetNoConstraint:
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    layout.activate()
    wide = max(theme.scaled(width), dialog.width() if dialog.isVisible() else 0)
    high = layout.totalHeightForWidth(wide)
    dialog.setMinimumSize(theme.scaled(width), high)
    dialog.resize(wide, high)


class ParityDialog(QDialog):
    """What was measured, to read and to copy. The window beside it can be used on.

    Args:
        made: the copy.
        notify: says one sentence.
    """

    def __init__(self, made: Exported, notify: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("model.card")
        self.setWindowTitle("The copy and the network")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.card, self._notify = made.card, notify
        card = made.card
        title = text_line("model.card.title", "title", f"{card.model} as {card.format}")
        column = vertical(self, title, margins=(theme.GROUP_GAP,) * 4)
        column.addWidget(caption("model.card.file", breakable(str(made.files[0]))))
        verdict = QLabel(card.verdict)
        verdict.setObjectName("model.card.verdict")
        verdict.setAccessibleName("Whether the copy can stand for the network")
        verdict.setWordWrap(True)
        verdict.setTextInteractionFlags(SELECTABLE)
        if not card.is_same:
            verdict.setProperty("role", "warning")
        column.addWidget(verdict)
        column.addWidget(hairline())
        self.facts = FactGrid("model.card.facts")
        self.facts.set_facts(card.facts())
        column.addWidget(self.facts)
        self.notes = caption("model.card.notes", "\n".join(card.notes))
        self.notes.setVisible(bool(card.notes))
        column.addWidget(self.notes)
        column.addStretch(1)
        column.addSpacing(theme.GRID)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = push_button("model.card.copy", "Copy as text", self.copy, says="Copy the card as text")
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setObjectName("model.card.close")
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)
        fit_height(self, CARD_WIDTH)

    def event(self, event: QEvent) -> bool:
        # It may stand open while the text is made larger.
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            fit_height(self, CARD_WIDTH)
        return done

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.card.text())
        self._notify("Copied the card")
