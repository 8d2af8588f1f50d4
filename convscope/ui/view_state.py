"""Where a person has zoomed and scrolled to in a panel, as parts of the document without steps of undo.

Whatever has an object name and can be zoomed or scrolled has a part "NAME.view"; None: it lies as it lies
without a person. What a snapshot brings waits until there is a picture that it fits, is shown again as long
as the window is still becoming what it was, and ends with what somebody does next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QGraphicsView,
    QLineEdit,
    QScrollBar,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from convscope.ui.ending import Ending
from convscope.ui.panel_context import PanelContext
from convscope.workspace.document import Document, Part


class ViewOfAPart(Protocol):
    """What can show a part of its content: `ImageView`, `TileView`, `LayerTree`, `Plot`.

    Attributes:
        state_type: what a part keeps of it: a frozen dataclass of JSON's types.
        state_changed: emitted with True when a person has zoomed, scrolled or folded, with False when that
            follows from something else, such as other content or another size of the window.
    """

    @property
    def state_type(self) -> Any: ...

    @property
    def state_changed(self) -> Any: ...

    def view_state(self) -> Any:
        """What a person chose to see; None: it lies as it does by itself."""

    def show_state(self, state: Any) -> bool:
        """Show that; False: there is no content yet that it fits."""


@dataclass(frozen=True)
class Scrolled:
    """How far it is scrolled, of what can be: 0 at the top and the left, 1 at the bottom and the right."""

    down: float = 0.0
    across: float = 0.0


@dataclass(frozen=True)
class Divided:
    """The sizes that the parts of a splitter were given, in screen points; across: they lie side by side."""

    across: bool
    sizes: tuple[int, ...]


def share(bar: QScrollBar) -> float:
    """How far a bar stands from its beginning: 0 to 1."""
    return bar.value() / bar.maximum() if bar.maximum() > 0 else 0.0


def scroll(bar: QScrollBar, by: float) -> None:
    """The inverse of `share`."""
    bar.setValue(round(by * bar.maximum()))


class _ScrollArea(QObject):
    """A column, list, tree, table or text that scrolls."""

    state_type = Scrolled
    state_changed = Signal(bool)

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(area)
        self._bars = (area.verticalScrollBar(), area.horizontalScrollBar())
        for bar in self._bars:
            bar.actionTriggered.connect(self._by_hand)
            bar.valueChanged.connect(self._moved)
            bar.rangeChanged.connect(self._moved)
        own = getattr(area, "bar", None)
        if isinstance(own, QScrollBar):
            own.actionTriggered.connect(self._by_hand)

    def view_state(self) -> Scrolled | None:
        state = Scrolled(*map(share, self._bars))
        return state if state != Scrolled() else None

    def show_state(self, state: Scrolled | None) -> bool:
        wanted = state or Scrolled()
        fits = True
        for bar, by in zip(self._bars, (wanted.down, wanted.across), strict=True):
            scroll(bar, by)
            fits &= bar.maximum() > 0 or not by
        return fits

    def _moved(self, *_: int) -> None:
        self.state_changed.emit(False)

    def _by_hand(self, _action: int) -> None:
        # Its value follows its position only after this.
        bar = self.sender()
        if isinstance(bar, QScrollBar):
            self.state_changed.emit(True)
            bar.setValue(bar.sliderPosition())
            self.state_changed.emit(True)


class _Splitter(QObject):
    """What can be given to its neighbour's side."""

    state_type = Divided
    state_changed = Signal(bool)

    def __init__(self, splitter: QSplitter) -> None:
        super().__init__(splitter)
        self._splitter = splitter
        splitter.splitterMoved.connect(lambda *_: self.state_changed.emit(True))
        splitter.installEventFilter(self)

    def view_state(self) -> Divided | None:
        return Divided(self._across, tuple(self._splitter.sizes()))

    def show_state(self, state: Divided | None) -> bool:
        sizes = self._splitter.sizes()
        if state is None:
            # As it was laid out, nobody knows any more.
            return True
        if not self._splitter.isVisible() or (state.across, len(state.sizes)) != (self._across, len(sizes)):
            return False
        if tuple(sizes) != state.sizes:
            self._splitter.setSizes(list(state.sizes))
        return True

    @property
    def _across(self) -> bool:
        return self._splitter.orientation() == Qt.Orientation.Horizontal

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show) and self._splitter.isVisible():
            self.state_changed.emit(False)
        return False


class _Kept:
    """Keeps one view and its part the same."""

    def __init__(self, view: ViewOfAPart, part: Part[Any], document: Document, ending: Ending) -> None:
        self._view, self._part, self._document = view, part, document
        # What a snapshot has brought is to be shown whatever else moves the view.
        self._pending = self._applied = False
        self._busy = False
        self._ending = ending
        view.state_changed.connect(self._moved)
        ending.listen(part.changed, self._brought)
        ending.call(self._settle)
        if part.value is not None:
            self._brought(part.value)

    def _moved(self, by_hand: bool) -> None:
        if self._busy:
            return
        if by_hand:
            self._settle()
        if self._pending:
            self._show()
        elif by_hand or self._part.value is not None:
            self._busy = True
            self._part.set(self._view.view_state())
            self._busy = False

    def _brought(self, state: Any) -> None:
        if self._busy:
            return
        if state is not None and not self._pending:
            self._pending = True
            self._document.acted.connect(self._acted)
        elif state is None:
            self._settle()
        self._show()

    def _show(self) -> None:
        self._busy = True
        self._applied = self._view.show_state(self._part.value)
        self._busy = False

    def _acted(self, part: Part[Any]) -> None:
        # To look at another panel changes nothing of this one.
        if self._applied and part.name != "panel":
            self._settle()

    def _settle(self) -> None:
        if self._pending:
            self._pending = False
            self._document.acted.disconnect(self._acted)


class ViewKeeper:
    """Keeps what is seen of all that is zoomed, scrolled or divided in a panel, also in pages made later."""

    def __init__(self, root: QWidget, context: PanelContext) -> None:
        self._context = context
        self._known: set[str] = set()
        self._stacks: set[QStackedWidget] = set()
        self.keep(root)

    def keep(self, root: QWidget) -> None:
        """Everything inside that is not kept yet."""
        for stack in root.findChildren(QStackedWidget):
            if stack not in self._stacks:
                self._stacks.add(stack)
                stack.currentChanged.connect(lambda _index, of=stack: self._shown(of))
        for widget in root.findChildren(QWidget):
            name = widget.objectName()
            if not name or name in self._known:
                continue
            view = _view_of(widget)
            if view is not None and "." in name:
                self._known.add(name)
                document = self._context.workspace.document
                part = document.part(
                    f"{name}.view", None, name.partition(".")[0], kind=view.state_type | None
                )
                _Kept(view, part, document, self._context.ending)

    def _shown(self, stack: QStackedWidget) -> None:
        page = stack.currentWidget()
        if page is not None:
            self.keep(page)


def _view_of(widget: QWidget) -> ViewOfAPart | None:
    if hasattr(widget, "state_type"):
        return cast(ViewOfAPart, widget)
    if isinstance(widget, QSplitter):
        return _Splitter(widget)
    if isinstance(widget, QAbstractScrollArea) and not isinstance(widget, QGraphicsView):
        return _ScrollArea(widget)
    return None


def keep_text(field: QLineEdit, part: Part[str], context: PanelContext) -> None:
    """Keep what is typed into a field in a part."""

    def show(text: str) -> None:
        if text != field.text():
            field.setText(text)

    show(part.value)
    field.textChanged.connect(part.set)
    context.listen(part.changed, show)
