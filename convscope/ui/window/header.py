"""The line over every panel: the current image and model, undo and redo, all commands, the theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QToolButton, QWidget

from convscope.core.printable import printable
from convscope.core.words import times
from convscope.imaging.image import Image
from convscope.ui import naming, theme
from convscope.ui.forms.form import horizontal
from convscope.ui.layout.elided import ElidedLabel

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

NAME_LIMIT, LEAST_NAME = 32, 8  # letters of a name: at most, and where the window is narrow


def short_name(name: str, limit: int) -> str:
    """A name of at most so many letters; what long names end in tells them apart, too."""
    end = limit // 3
    return name if len(name) <= limit else f"{name[: limit - 1 - end]}…{name[-end:]}"


def short_count(number: int) -> str:
    """A number of parameters in few letters: "93 k", "4.7 M"."""
    if number < 1000:
        return str(number)
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        # 999,950 is 1.0 M, not 1000 k.
        if number >= 0.9995 * size:
            value = number / size
            return f"{value:.1f} {letter}" if value < 9.95 else f"{value:.0f} {letter}"
    return str(number)


def described_model(model: OpenedModel, limit: int = NAME_LIMIT) -> str:
    """A model's name and its number of parameters: "imagenet   4.7 M"."""
    return f"{short_name(model.name, limit)}   {short_count(model.summary.totals.parameters)}"


def described(image: Image, limit: int = NAME_LIMIT) -> str:
    """An image's name and the shape of its array: "cat.jpg   300×451×3"; with a mark for gray."""
    shape = times(image.values.shape)
    return f"{short_name(image.name, limit)}   {shape}{' gray' if image.channels == 1 else ''}"


class Header(QFrame):
    """What is open now, at the top.

    Signals:
        image_chosen: the id of an open image, from the menu of the current one.
        model_chosen: the id of an open model, from the menu of the current one.
        model_open_requested: a model file is to be opened.
        models_requested: all models are to be shown.
        open_requested, palette_requested, theme_toggled, undo_requested, redo_requested.
    """

    image_chosen = Signal(str)
    model_chosen = Signal(str)
    model_open_requested = Signal()
    models_requested = Signal()
    open_requested = Signal()
    palette_requested = Signal()
    theme_toggled = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setProperty("role", "panel")
        # A panel that asks for more room must not make the line lower, and all below it jump.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._images: tuple[Image, ...] = ()
        self._image: Image | None = None
        layout = horizontal(self, spacing=8, margins=(12, 6))
        self.image = self._button("header.image", "Current image", "image")
        self.image.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.image.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self.image)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.image.setMenu(self._menu)
        self._models: tuple[OpenedModel, ...] = ()
        self._model: OpenedModel | None = None
        self.model = self._button("header.model", "Current model", "network")
        self.model.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.model.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._model_menu = QMenu(self.model)
        self._model_menu.aboutToShow.connect(self._fill_model_menu)
        self.model.setMenu(self._model_menu)
        self.notes = naming.give(ElidedLabel("caption"), "header.notes", "What was converted on opening")
        self.undo = self._button("header.undo", "Undo", "undo-2", self.undo_requested.emit)
        self.redo = self._button("header.redo", "Redo", "redo-2", self.redo_requested.emit)
        self.search = self._button(
            "header.search",
            "Search commands",
            "search",
            self.palette_requested.emit,
            "Search commands   Ctrl+K",
        )
        self.theme = self._button("header.theme", "Light or dark", "contrast", self.theme_toggled.emit)
        self.theme.setToolTip("Light or dark")
        layout.addWidget(self.image)
        layout.addWidget(self.model)
        layout.addWidget(self.notes, 1)
        for widget in (self.undo, self.redo, self.search, self.theme):
            layout.addWidget(widget)
        self.set_history(None, None)

    def set_images(self, images: tuple[Image, ...], image: Image) -> None:
        """Show the current image's name, size and what was converted."""
        self._images, self._image = images, image
        self._fit()
        origin = printable(image.path) if image.path is not None else "not from a file"
        self.image.setToolTip(
            "\n".join((f"{image.name}: {origin}", *image.notes, "Click for the other open images"))
        )
        self.image.setAccessibleDescription(" ".join((described(image), *image.notes)))
        more = f"  (+{len(image.notes) - 1})" if len(image.notes) > 1 else ""
        self.notes.setText(f"{image.notes[0]}{more}" if image.notes else "")
        self.notes.setToolTip("\n".join(image.notes))

    def set_models(self, models: tuple[OpenedModel, ...], current: OpenedModel | None) -> None:
        """Show the current model's name and size."""
        self._models, self._model = models, current
        self._fit()
        if current is None:
            self.model.setToolTip("No model is open yet; click to open one")
            self.model.setAccessibleDescription("no model")
            return
        total = current.summary.totals
        facts = f"{current.name}: {total.layers} layers, {total.parameters:,} parameters"
        more = "Click for the other open models"
        self.model.setToolTip("\n".join((facts, *current.notes, more)))
        self.model.setAccessibleDescription(described_model(current))

    def set_history(self, undo: str | None, redo: str | None) -> None:
        """Say what undo and redo would do; None: nothing."""
        for button, word, label, keys in (
            (self.undo, "Undo", undo, "Ctrl+Z"),
            (self.redo, "Redo", redo, "Ctrl+Shift+Z"),
        ):
            button.setEnabled(label is not None)
            text = f"{word} {label[0].lower()}{label[1:]}" if label else f"Nothing to {word.lower()}"
            button.setToolTip(f"{text} ({keys})")
            button.setAccessibleName(text)

    def set_compact(self, compact: bool) -> None:
        """Leave the search button its icon alone when there is little room."""
        self.search.setText("Ctrl+K" if compact else "Search commands   Ctrl+K")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Names as long as there is room for.
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        # Before, there is no width.
        super().showEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._image is not None:
            self._fit()

    def _fit(self) -> None:
        """Shorten both names alike until all that stands in the line fits."""
        tools = (self.undo, self.redo, self.search, self.theme)
        beside = sum(tool.sizeHint().width() for tool in tools)
        layout = self.layout()
        assert layout is not None
        margins = layout.contentsMargins()
        room = self.width() - margins.left() - margins.right() - beside - layout.count() * layout.spacing()
        for limit in range(NAME_LIMIT, LEAST_NAME - 1, -1):
            if self._image is not None:
                self.image.setText(described(self._image, limit))
            model = self._model
            self.model.setText(described_model(model, limit) if model is not None else "no model")
            wide = self.image.sizeHint().width() + self.model.sizeHint().width()
            if wide <= room or not self.isVisible():
                break

    def _fill_menu(self) -> None:
        self._menu.clear()
        for image in self._images:
            action = self._menu.addAction(described(image))
            action.setCheckable(True)
            action.setChecked(image is self._image)
            action.triggered.connect(lambda _=False, chosen=image.id: self.image_chosen.emit(chosen))
        self._menu.addSeparator()
        self._menu.addAction(theme.icon("folder-open"), "Open…").triggered.connect(self.open_requested)

    def _fill_model_menu(self) -> None:
        self._model_menu.clear()
        for model in self._models:
            action = self._model_menu.addAction(described_model(model))
            action.setCheckable(True)
            action.setChecked(model is self._model)
            action.triggered.connect(lambda _=False, chosen=model.id: self.model_chosen.emit(chosen))
        self._model_menu.addSeparator()
        menu = self._model_menu
        menu.addAction(theme.icon("boxes"), "All models…").triggered.connect(self.models_requested)
        menu.addAction(theme.icon("folder-open"), "Open a model file…").triggered.connect(
            self.model_open_requested
        )

    def _button(
        self, name: str, title: str, icon: str, clicked: Callable[[], object] | None = None, text: str = ""
    ) -> QToolButton:
        button = naming.give(QToolButton(self), name, title)
        button.setIcon(theme.icon(icon))
        if text:
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        else:
            button.setProperty("flat", True)
        if clicked is not None:
            button.clicked.connect(lambda _=False: clicked())
        return button
