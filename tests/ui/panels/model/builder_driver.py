"""Short ways to drive the builder by the names of its controls."""

from __future__ import annotations

from driver import Driver, Found
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.model.build.view import BuildView


class Builder(Driver):
    """The window with its builder, and what a person does there."""

    def __init__(self, qtbot: QtBot, window: MainWindow, view: BuildView) -> None:
        super().__init__(qtbot, window)
        self.view = view
        self.layers = view.layers

    @property
    def document(self) -> Architecture:
        """The architecture as it is."""
        return self.workspace.architecture

    @property
    def names(self) -> list[str]:
        """The layers' names in order."""
        return [layer.name for layer in self.document.layers]

    def config(self, name: str) -> dict[str, object]:
        """A layer's settings that differ from the defaults."""
        return self.document.layers[self.document.index(name)].settings

    def problem(self, name: str) -> str:
        """What the list says is wrong with a layer, "" when nothing is."""
        index = self.layers.rows.index(self.document.index(name), 0)
        told = str(index.data(Qt.ItemDataRole.DisplayRole))
        return told.partition("Problem: ")[2]

    def settle(self) -> None:
        """Wait until nothing is computed."""
        super().settle()
        gallery = self.view.gallery
        if gallery is not None:
            self.until(lambda: gallery.complete)

    def find(self, kind: type[Found], name: str) -> Found:
        """A control on show by its name; the last, where an old one is about to go."""
        found = [each for each in self.window.findChildren(kind, name) if not each.isHidden()]
        assert found, name
        return found[-1]

    def start(self, template: str) -> None:
        """A template as the document, and as what undo goes back to."""
        self.workspace.edit_architecture(TEMPLATES[template].architecture, "Test")
        QApplication.processEvents()

    def choose(self, name: str) -> None:
        """Click a layer's row."""
        self.layers.scrollTo(self.layers.rows.index(self.document.index(name), 0))
        QApplication.processEvents()
        rect = self.layers.visualRect(self.layers.rows.index(self.document.index(name), 0))
        place = QPoint(rect.left() + rect.width() // 2, rect.top() + 12)
        self.qtbot.mouseClick(self.layers.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QApplication.processEvents()
        assert self.layers.name == name

    def type(self, name: str, text: str) -> None:
        """Type into a field, over what stands there."""
        field = self.find(QWidget, f"model.build.{name}")
        field.setFocus()
        if isinstance(field, (QLineEdit, QSpinBox)):
            field.selectAll()
        else:
            field.selectAll()  # type: ignore[attr-defined]
        self.qtbot.keyClicks(field, text)
        QApplication.processEvents()

    def pick(self, name: str, data: object) -> None:
        """Choose in a combo box."""
        box = self.find(QComboBox, f"model.build.{name}")
        index = box.findData(data)
        assert index >= 0, (name, data)
        box.setCurrentIndex(index)
        QApplication.processEvents()

    def add(self, kind: str) -> None:
        """Find a kind in the palette and add it by Return."""
        search = self.find(QLineEdit, "model.build.search")
        search.clear()
        self.qtbot.keyClicks(search, kind)
        self.qtbot.keyClick(search, Qt.Key.Key_Return)
        QApplication.processEvents()

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key on the list."""
        self.layers.setFocus()
        self.qtbot.keyClick(self.layers, key, modifier)
        QApplication.processEvents()

    def menu(self, name: str) -> None:
        """Choose in a layer's menu."""
        menu = self.layers.layer_menu()
        action = menu.findChild(QAction, f"model.build.menu.{name}")
        assert action is not None and action.isEnabled()
        action.trigger()
        menu.deleteLater()
        QApplication.processEvents()

    def drop(self, data: QMimeData, under: str, below: bool = True) -> None:
        """Drop something on the list, just above or below a layer."""
        self.layers.scrollTo(self.layers.rows.index(self.document.index(under), 0))
        QApplication.processEvents()
        rect = self.layers.visualRect(self.layers.rows.index(self.document.index(under), 0))
        place = QPointF(rect.center().x(), rect.bottom() - 1 if below else rect.top() + 1)
        viewport = self.layers.viewport()
        actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(place.toPoint(), actions, data, left, none)
        QApplication.sendEvent(viewport, enter)
        assert enter.isAccepted()
        move = QDragMoveEvent(place.toPoint(), actions, data, left, none)
        QApplication.sendEvent(viewport, move)
        assert move.isAccepted()
        drop = QDropEvent(place, actions, data, left, none, QEvent.Type.Drop)
        QApplication.sendEvent(viewport, drop)
        assert drop.isAccepted()
        QApplication.processEvents()

    def drag_layer(self, name: str, under: str, below: bool = True) -> None:
        """Drag a layer to another place."""
        row = self.layers.rows.index(self.document.index(name), 0)
        self.drop(self.layers.rows.mimeData([row]), under, below)

    def drag_kind(self, kind: str, under: str, below: bool = True) -> None:
        """Drag a kind out of the palette."""
        palette = self.view.palette_.list
        item = next(
            palette.item(row)
            for row in range(palette.count())
            if palette.item(row).data(Qt.ItemDataRole.UserRole) == kind
        )
        self.drop(palette.mimeData([item]), under, below)

    def undo(self) -> None:
        """By the window's command."""
        self.window.run_command("edit.undo")
        QApplication.processEvents()

    def redo(self) -> None:
        """By the window's command."""
        self.window.run_command("edit.redo")
        QApplication.processEvents()

    def total(self, name: str) -> str:
        """A sum at the foot."""
        return self.find(QLabel, f"model.build.total.{name}").text()

    def messages(self) -> list[str]:
        """The toasts on show."""
        return [toast.message for toast in self.window.toasts.toasts()]
