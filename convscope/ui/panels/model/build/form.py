"""The chosen layer's settings, opened in its place in the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolButton, QWidget

from convscope.core.parameter import Parameter
from convscope.engine.models.builder.architecture import NAME, Architecture, LayerSpec
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary import ModelSummary
from convscope.ui import theme
from convscope.ui.forms.editors import ChoiceEditor, Editor, TypedEditor, editor_of, is_nested
from convscope.ui.forms.form import tool
from convscope.ui.forms.parameter_form import Captioned
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.model.words import shape_words

_NAMES = "a name that no other layer has, of letters, digits, _, . and -"
ABOVE = ""
"""Fed by the layer above it in the list."""


class FeedEditor(ChoiceEditor):
    """Which layer feeds this one; the list is that of the layers above."""

    width = 200

    def __init__(self, name: str, words: str) -> None:
        super().__init__(name, Parameter(name, words, "choice"))
        self._offered: tuple[tuple[str, str], ...] = ()

    def offer(self, choices: tuple[tuple[str, str], ...]) -> None:
        """What can be chosen: (name, words)."""
        if choices == self._offered:
            return
        self._offered = choices
        with QSignalBlocker(self.box):
            self.box.clear()
            for value, words in choices:
                self.box.addItem(words, value)

    def show_value(self, value: Any) -> None:
        """Show a layer's name; one that is not above is shown as it is named."""
        if self.box.findData(value) < 0 and value:
            with QSignalBlocker(self.box):
                self.box.addItem(f"{value} (not above)", value)
            self._offered = ()
        super().show_value(value)


class LayerForm(QWidget):
    """Name, settings, inputs, and what can be done with the layer.

    Signals:
        setting_edited: a layer's name, a setting's name and its new value.
        renamed: a layer's name and its new one.
        inputs_edited: a layer's name and the names of those that feed it; empty: the one above.
        duplicate_wanted, remove_wanted, move_wanted: the buttons; the last with the step.
        height_changed: it needs another height.
    """

    setting_edited = Signal(str, str, object)
    renamed = Signal(str, str)
    inputs_edited = Signal(str, object)
    duplicate_wanted = Signal()
    remove_wanted = Signal()
    move_wanted = Signal(int)
    height_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.build.form")
        self._spec: LayerSpec | None = None
        self._shown: tuple[object, ...] = ()
        self._fields: dict[str, Editor] = {}
        self._feeds: list[FeedEditor] = []
        self._flow = FlowLayout(self, theme.GAP, theme.GRID)
        self._flow.setContentsMargins(0, theme.GRID // 2, 0, theme.GRID)
        self._more: QToolButton | None = None
        self._taken: set[str] = set()

    def show_layer(self, architecture: Architecture, summary: ModelSummary, row: int) -> None:
        """Show a layer; controls that fit are kept, so that typing goes on."""
        spec = architecture.layers[row]
        kind = KINDS[spec.kind]
        filled = kind.filled(spec.config)
        count = self._feed_count(spec, row)
        nested = tuple(is_nested(value) for value in filled.values())
        options = tuple(
            option for option in kind.options if not option.rare or filled[option.name] is not None
        )
        shown = (spec.kind, row, count, nested, options)
        if shown != self._shown:
            self._build(options, count, filled)
            self._shown = shown
        self._spec = spec
        self._taken = {layer.name for layer in architecture.layers if layer is not spec}
        self._fields["name"].show_value(spec.name)
        for option in options:
            self._fields[option.name].show_value(filled[option.name])
        self._show_feeds(architecture, summary, row)

    def focus_first(self) -> None:
        """Into the first setting, ready to type over."""
        for name, field in self._fields.items():
            if name != "name" or len(self._fields) == 1:
                field.control.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._back()
        else:
            # Keys that no control wants must not act on the list: Delete would remove the layer.
            event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.height_changed.emit()

    # -- inside ----------------------------------------------------------------------------------------------

    def _back(self) -> None:
        viewport = self.parentWidget()
        view = viewport.parentWidget() if viewport is not None else None
        if view is not None:
            view.setFocus()

    @staticmethod
    def _feed_count(spec: LayerSpec, row: int) -> int:
        if row == 0 or spec.kind == "InputLayer":
            return 0
        return max(2, len(spec.inputs)) if KINDS[spec.kind].merges else 1

    def _build(self, options: Sequence[Parameter], count: int, filled: dict[str, Any]) -> None:
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._fields, self._feeds, self._more = {}, [], None
        # Not letter by letter: on the way to a free name one may pass one that is taken.
        name = TypedEditor("model.build.name", "Layer's name", self._read_name, str, _NAMES, live=False)
        name.edited.connect(self._rename)
        self._fields["name"] = name
        self._put(Captioned(name, "name", 148))
        for option in options:
            editor = editor_of(f"model.build.{option.name}", option, filled[option.name], live=True)
            editor.edited.connect(lambda value, key=option.name: self._edit(key, value))
            self._fields[option.name] = editor
            self._put(Captioned(editor, width=140 if option.name == "application" else 0))
        for number in range(count):
            words = "fed by" if count == 1 else f"input {number + 1}"
            feed = FeedEditor(f"model.build.input{number + 1}", words)
            feed.edited.connect(lambda _value: self._feed())
            self._feeds.append(feed)
            self._put(Captioned(feed))
        self._put(self._buttons(count > 1))
        if had_focus:
            self._back()
        self.height_changed.emit()

    def _put(self, widget: QWidget) -> None:
        self._flow.addWidget(widget)
        # Qt would show it later; until then it has no size, and the row no height.
        widget.show()

    def _buttons(self, merges: bool) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GRID)
        if merges:
            self._more = tool("model.build.more", "One more input", "plus", self._add_feed, "Input")
            line.addWidget(self._more)
        for key, says, icon, run in (
            ("duplicate", "Duplicate (Ctrl+Shift+D)", "copy", self.duplicate_wanted.emit),
            ("up", "Move up (Alt+Up)", "arrow-up", lambda: self.move_wanted.emit(-1)),
            ("down", "Move down (Alt+Down)", "arrow-down", lambda: self.move_wanted.emit(1)),
            ("remove", "Remove (Delete)", "trash-2", self.remove_wanted.emit),
        ):
            line.addWidget(tool(f"model.build.{key}", says, icon, run))
        return holder

    def _show_feeds(self, architecture: Architecture, summary: ModelSummary, row: int) -> None:
        if not self._feeds:
            return
        spec = architecture.layers[row]
        merges = len(self._feeds) > 1
        above = tuple(
            (info.name, f"{info.name}   {shape_words(info.shape)}") for info in reversed(summary.layers[:row])
        )
        first = (ABOVE, "–" if merges else "the layer above")
        feeds = architecture.feeds(row) if merges else spec.inputs
        for number, feed in enumerate(self._feeds):
            feed.offer((first, *above))
            feed.show_value(feeds[number] if number < len(feeds) else ABOVE)

    def _edit(self, key: str, value: Any) -> None:
        if self._spec is not None:
            self.setting_edited.emit(self._spec.name, key, value)

    def _read_name(self, text: str) -> str:
        name = text.strip()
        if not NAME.fullmatch(name) or name in self._taken:
            raise ValueError(text)
        return name

    def _rename(self, name: str) -> None:
        if self._spec is not None:
            self.renamed.emit(self._spec.name, name)

    def _feed(self) -> None:
        if self._spec is not None:
            chosen = tuple(feed.box.currentData() or ABOVE for feed in self._feeds)
            self.inputs_edited.emit(self._spec.name, tuple(name for name in chosen if name))

    def _add_feed(self) -> None:
        """One more input: the nearest layer above that is none yet."""
        if self._spec is None or not self._feeds:
            return
        box = self._feeds[0].box
        chosen = [feed.box.currentData() for feed in self._feeds]
        offered = [box.itemData(index) for index in range(box.count())]
        free = [name for name in offered if name and name not in chosen]
        if free:
            names = (*(name for name in chosen if name), free[0])
            self.inputs_edited.emit(self._spec.name, names)
