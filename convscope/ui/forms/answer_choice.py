"""Which of a network's outputs is shown, and what its numbers are: a choice where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.core.words import counted
from convscope.ui.forms.form import choose, combo, named
from convscope.ui.panel_context import PanelContext

if TYPE_CHECKING:
    from convscope.engine.models.answers.answer import Answer
    from convscope.engine.models.opened import OpenedModel


class AnswerChoice(QWidget):
    """The outputs of the current model; hidden while there is nothing to choose.

    Args:
        name: of the choice: "explain.output".
        context: of the panel: its workspace's model is asked another way, which is a step of undo.
        width: of the words before it.
    """

    def __init__(
        self, name: str, context: PanelContext, width: int = 56, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = context.workspace
        self.box = combo(name, "Output of the network", ())
        self.box.setToolTip("Which output is shown and explained, and what its numbers are")
        self.box.activated.connect(lambda _index: self._choose())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(named("Output", self.box, width))
        context.listen(self._workspace.model_changed, self._show)
        self._show(self._workspace.model)

    def _show(self, model: OpenedModel | None) -> None:
        entries = [] if model is None else _entries(model)
        self.box.clear()
        for key, words in entries:
            self.box.addItem(words, key)
        if model is not None:
            choose(self.box, _key(model.answer))
        self.setVisible(len(entries) > 1)

    def _choose(self) -> None:
        model, key = self._workspace.model, self.box.currentData()
        if model is None or key is None or key == _key(model.answer):
            return
        reading, _, name = str(key).partition(" ")
        output = name if name != model.answer.name else None
        same = model.output(name).tells_classes == (reading == "classes")
        asked = model.with_(output=output, reading=None if same else reading)  # type: ignore[arg-type]
        what = f"Show the output {name}" if output is not None else f"Read the output as {reading}"
        self._workspace.replace_model(asked, what)


def _entries(model: OpenedModel) -> list[tuple[str, str]]:
    """(key, words) of all that can be chosen: each output, and what else its numbers may be."""
    made = []
    several = len(model.answers) > 1
    for answer in model.answers:
        if answer.head is None:
            continue
        name = f"{answer.name}: " if several else ""
        if not _is_open(answer):
            made.append((_key(answer), f"{name}{answer.words}"))
            continue
        # In this order whichever it is now: the choice does not move under the keys.
        units = answer.head.units
        made.append((f"values {answer.name}", f"{name}{counted(units, 'number')}"))
        told = units if units > 1 else 2
        made.append((f"classes {answer.name}", f"{name}scores of {told} classes"))
    return made


def _key(answer: Answer) -> str:
    return f"{'classes' if answer.tells_classes else 'values'} {answer.name}"


def _is_open(answer: Answer) -> bool:
    """Whether its last layer leaves open what its numbers are."""
    plain = answer.plain
    if plain is None or plain.kind in ("softmax", "log_softmax"):
        return False
    return plain.kind != "sigmoid" or plain.units > 1 or answer.why not in ("activation", "names")
