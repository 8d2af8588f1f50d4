"""The panel that answers "why did it say that?": classes and methods, the grid of maps, words and style."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from convscope.ui import naming, theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, caption, horizontal, row, tool, vertical
from convscope.ui.forms.segmented import Segmented
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.checks import ChecksView
from convscope.ui.panels.explain.classes import ClassColumn
from convscope.ui.panels.explain.exports import ExplainExports
from convscope.ui.panels.explain.folder.view import FolderView
from convscope.ui.panels.explain.grid import GridView
from convscope.ui.panels.explain.large import LargeView
from convscope.ui.panels.explain.method_column import MethodColumn
from convscope.ui.panels.explain.view_model import ExplainViewModel, Page

PAGES: tuple[tuple[Page, str, str], ...] = (
    ("wall", "Grid", "All maps side by side"),
    ("large", "Large", "One map, with its numbers"),
    ("truth", "Checks", "Three sanity checks of the map"),
    ("folder", "Folder", "All pictures of a folder, and what the network says of each"),
)
LEFT, RIGHT, LEAST_RIGHT = 268, 296, 280
# In less there is room for the pictures alone.
TIGHT = 700


class ExplainPanel(Panel):
    """Where the network looked, by fifteen methods, and whether one may believe it."""

    name = "explain"

    asks_about = "folders"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.view_model = ExplainViewModel(self.context)
        self.classes = ClassColumn(self.view_model)
        self.grid = GridView(self.view_model)
        self.large = LargeView(self.view_model)
        self.checks = ChecksView(self.view_model)
        self.method_column = MethodColumn(self.view_model)
        self.folder = FolderView(self.context)
        self.pages = {"wall": self.grid, "large": self.large, "truth": self.checks, "folder": self.folder}
        self.exports = ExplainExports(self.view_model, self.checks.view_model, self)
        self._build()
        self.view_model.sentence_changed.connect(self._say)
        self.view_model.maps_started.connect(self._show_live)
        self.view_model.outdated_changed.connect(self._show_live)
        self.context.listen(self.view_model.page.changed, self._show_page)
        self.context.listen(self.view_model.column.changed, self._fold)
        self.folder.view_model.opened.connect(partial(self.show_page, "wall"))
        self.grid.enlarged.connect(partial(self.show_page, "large"))
        self._show_page()

    def show_page(self, page: str) -> None:
        if page not in self.pages:
            raise KeyError(page)
        self.view_model.page.set(page)  # type: ignore[arg-type]

    def set_compact(self, compact: bool) -> None:
        """One column at a time beside the pictures when there is little room."""
        super().set_compact(compact)
        self.grid.set_compact(compact)
        self._fold()

    def set_active(self, active: bool) -> None:
        self.view_model.set_active(active)

    def commands(self) -> list[Command]:
        views = [
            Command(f"explain.view.{name}", f"View: {title}", partial(self.show_page, name), "", "Explain")
            for name, title, _says in PAGES
        ]
        return [
            *views,
            Command("explain.curves", "Check: deletion and insertion", self._check_curves, "", "Explain"),
            Command(
                "explain.weights", "Check: shuffle the weights of a copy", self._check_weights, "", "Explain"
            ),
            Command(
                "explain.folder.open",
                "What the network says about a folder of pictures…",
                self._choose_folder,
                "",
                "Explain",
            ),
            *self.exports.commands(),
        ]

    def show_example(self) -> None:
        """Two classes by four methods."""
        self.view_model.ask(count=2)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Tiles that wait are painted on the theme's ground.
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "grid"):
            self.grid.lay_out()

    # -- inside ----------------------------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self._show_stack()
        self.imagenet.setVisible(self.context.workspace.model is None)

    @property
    def _shows_folder(self) -> bool:
        return self.view_model.page.value == "folder"

    def _show_page(self) -> None:
        page = self.view_model.page.value
        self.switch.set_value(page)
        if not self._shows_folder:
            self.views.setCurrentWidget(self.pages[page])
        self._show_stack()
        self._fold()

    def _show_stack(self) -> None:
        """The folder has something to say of its own, whatever is with the current image."""
        one_image = self.empty if self.words.text() else self.body
        self.stack.setCurrentWidget(self.folder if self._shows_folder else one_image)
        for button in (self.script, self.save):
            button.setHidden(self._shows_folder)

    def _choose_folder(self) -> None:
        self.show_page("folder")
        self.folder.choose_folder()

    def _show_live(self) -> None:
        self.live.setVisible(self.view_model.live)

    def _check_curves(self) -> None:
        self.show_page("truth")
        self.checks.view_model.check_curves()

    def _check_weights(self) -> None:
        self.show_page("truth")
        self.checks.view_model.check_weights()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _toggle(self, column: Literal["left", "right"]) -> None:
        shown = self.classes if column == "left" else self.method_column
        self.view_model.column.set(column if shown.isHidden() else "none")

    def _fold(self) -> None:
        tight = self.compact and self.width() < theme.scaled(TIGHT)
        beside = self.view_model.column.value
        if beside == "as there is room" or (beside == "none" and not tight):
            # The classes are looked at more often.
            beside = "none" if tight else "left"
        # A table needs the width, and methods and colours are of one image.
        alone = self._shows_folder
        self.fold.setVisible(self.compact and not alone)
        self.fold_left.setVisible(tight and not alone)
        self.classes.setHidden(alone or (self.compact and beside != "left"))
        self.method_column.setHidden(alone or (self.compact and beside != "right"))
        style = Qt.ToolButtonStyle
        cramped = tight and beside != "none"
        self.save.setToolButtonStyle(style.ToolButtonIconOnly if cramped else style.ToolButtonTextBesideIcon)

    def _build(self) -> None:
        across = horizontal(self, spacing=0)
        self.splitter = naming.give(QSplitter(Qt.Orientation.Horizontal), "explain.splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        # Its rows need this width; in less the ends of the bars would be cut off.
        self.classes.setMinimumWidth(theme.scaled(LEFT))
        self.method_column.setMinimumWidth(theme.scaled(LEAST_RIGHT))
        self.splitter.addWidget(self.classes)
        self.splitter.addWidget(self._build_centre())
        self.splitter.addWidget(self.method_column)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([theme.scaled(LEFT), theme.scaled(1000), theme.scaled(RIGHT)])
        across.addWidget(self.splitter)

    def _build_centre(self) -> QWidget:
        centre = QWidget()
        as_panel(centre)
        column = vertical(centre, margins=(theme.GROUP_GAP, theme.GAP))
        self.switch = Segmented([(name, title) for name, title, _says in PAGES], "explain.view")
        self.switch.setAccessibleName("View")
        for name, _title, says in PAGES:
            self.switch.button(name).setToolTip(says)
        self.switch.changed.connect(self.show_page)
        self.script = tool(
            "explain.script", "Copy as a Python script", "code", lambda: self.exports.copy("script")
        )
        self.save = self.exports.button
        self.fold = tool(
            "explain.fold", "Method, layer and colours", "panel-right", lambda: self._toggle("right")
        )
        self.fold_left = tool(
            "explain.classes.fold", "Classes and methods", "panel-left", lambda: self._toggle("left")
        )
        for button in (self.fold, self.fold_left):
            button.hide()
        self.live = caption("explain.live", "Live")
        self.live.setWordWrap(False)
        self.live.setToolTip(
            "The maps follow the camera or the drawing: those of the newest picture that could be answered"
        )
        self.live.hide()
        over = (self.fold_left, self.switch, self.live, None, self.script, self.save, self.fold)
        column.addLayout(row(*over, spacing=theme.GRID))
        self.stack = QStackedWidget()
        self.body, self.empty = QWidget(), QWidget()
        self.views = QStackedWidget()
        for view in (self.grid, self.large, self.checks):
            self.views.addWidget(view)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.views)
        self._build_empty()
        for page in (self.body, self.empty, self.folder):
            self.stack.addWidget(page)
        column.addWidget(self.stack, 1)
        return centre

    def _build_empty(self) -> None:
        self.words = caption("explain.said")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.imagenet = tool(
            "explain.open_model",
            "Open the ImageNet network that comes with convscope",
            "box",
            lambda: self.context.open_model("imagenet"),
            "Open the ImageNet network",
        )
        column = QVBoxLayout(self.empty)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addLayout(row(None, self.imagenet, None))
        column.addStretch(1)
