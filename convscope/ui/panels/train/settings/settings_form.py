"""A part of the settings of the next run, made from what they are declared as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from convscope.core.parameter import Parameter
from convscope.ui import theme
from convscope.ui.forms.parameter_form import ParameterForm
from convscope.ui.panels.train.settings.declared import NAMES, applies, change_words, declared, read, write
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

LABEL = 104


class SettingsForm(ParameterForm):
    """Some settings under each other; each change is a step of undo.

    Args:
        paths: what they are called in `declared`.
    """

    def __init__(
        self, view_model: TrainViewModel, paths: Iterable[str], parent: QWidget | None = None
    ) -> None:
        super().__init__("train", map(declared, paths), names=NAMES, label=LABEL, slides=False, parent=parent)
        self._view_model = view_model
        self.column.setSpacing(theme.GRID + 2)
        self.edited.connect(self._edit)

    def show_settings(self, settings: TrainingSettings) -> None:
        """Bring all controls in line; those that do nothing are not there."""
        shown = [path for path in self.editors if applies(path, settings)]
        self.show_values({path: read(path, settings) for path in shown})
        for path, line in self.lines.items():
            line.setVisible(path in shown)

    def _edit(self, own: Parameter, value: Any) -> None:
        path = own.name
        label = change_words(path, read(path, self._view_model.settings), value)
        self._view_model.edit(
            lambda settings: write(path, settings, value), label, f"train.{path}" if own.turned else None
        )
