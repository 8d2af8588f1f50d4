"""The panel that answers "why did it say that?": classes and methods, the wall of maps, words and style."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, caption, row, tool
from convscope.ui.forms.segmented import Segmented
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.classes import ClassColumn
from convscope.ui.panels.explain.desk import Desk
from convscope.ui.panels.explain.folder import FolderView
from convscope.ui.panels.explain.inspector import Inspector
from convscope.ui.panels.explain.large import LargeView
from convscope.ui.panels.explain.output import Output
from convscope.ui.panels.explain.truth import TruthView
from convscope.ui.panels.explain.wall import WallView

FOLDER = "folder"
VIEWS = (
    ("wall", "Wall", "All maps side by side"),
    ("large", "Large", "One map, with its numbers"),
    ("truth", "Is it true?", "Three checks of the map"),
    (FOLDER, "Folder", "All pictures of a folder, and what the network says of each"),
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
        context = self.context
        self._compact = False
        # Which column lies beside the pictures where there is no room for both; None: nobody has chosen.
        self._beside: Literal["left", "right", ""] | None = None
        self.desk = Desk(context, self)
        self._build()
        self.output = Output(self.desk, lambda: (self.truth.curves, self.truth.randomised), self)
        self.desk.said.connect(self._say)
        self.desk.begun.connect(lambda _begun: self._show_live())
        self.desk.outdated_changed.connect(self._show_live)
        self.wall.enlarged.connect(partial(self.show_view, "large"))

    def show_view(self, name: str) -> None:
        """ "wall", "large", "truth" or "folder"."""
        self.switch.set_value(name)
        if name != FOLDER:
            self.views.setCurrentWidget({"wall": self.wall, "large": self.large, "truth": self.truth}[name])
        self._show_stack()
        self._fold()

    def show_page(self, name: str) -> None:
        """The same, for whoever comes from another panel."""
        self.show_view(name)

    def set_compact(self, compact: bool) -> None:
        """One column at a time beside the pictures when there is little room."""
        if compact != self._compact:
            self._beside = None
        self._compact = compact
        self.wall.set_compact(compact)
        self._fold()

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        views = [
            Command(f"explain.view.{name}", f"View: {title}", partial(self.show_view, name), "", "Explain")
            for name, title, _says in VIEWS
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
            *self.output.commands(),
        ]

    def show_example(self) -> None:
        """Two classes by four methods."""
        self.desk.ask(count=2)

    def shutdown(self) -> None:
        """Take no more events."""
        self.truth.shutdown()
        self.large.shutdown()
        self.folder.shutdown()
        self.classes.shutdown()
        self.desk.shutdown()
        super().shutdown()

    def showEvent(self, event: Any) -> None:
        """Work only while somebody looks."""
        super().showEvent(event)
        self.desk.set_active(True)

    def hideEvent(self, event: Any) -> None:
        """Rest."""
        super().hideEvent(event)
        self.desk.set_active(False)

    def changeEvent(self, event: QEvent) -> None:
        """Tiles that wait are painted on the theme's ground."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "wall"):
            self.wall.lay_out()

    # -- inside ----------------------------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self._show_stack()
        self.imagenet.setVisible(self.context.workspace.model is None)

    @property
    def _shows_folder(self) -> bool:
        return self.switch.value == FOLDER

    def _show_stack(self) -> None:
        """The folder has something to say of its own, whatever is with the current image."""
        one_image = self.empty if self.words.text() else self.body
        self.stack.setCurrentWidget(self.folder if self._shows_folder else one_image)
        for button in (self.script, self.save):
            button.setHidden(self._shows_folder)

    def _choose_folder(self) -> None:
        self.show_view(FOLDER)
        self.folder.choose_folder()

    def _show_live(self) -> None:
        self.live.setVisible(self.desk.live)

    def _check_curves(self) -> None:
        self.show_view("truth")
        self.truth.check_curves()

    def _check_weights(self) -> None:
        self.show_view("truth")
        self.truth.check_weights()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room for one column more, or less."""
        super().resizeEvent(event)
        self._fold()

    def _toggle(self, column: Literal["left", "right"]) -> None:
        shown = self.classes if column == "left" else self.inspector
        self._beside = column if shown.isHidden() else ""
        self._fold()

    def _fold(self) -> None:
        tight = self._compact and self.width() < theme.scaled(TIGHT)
        beside = self._beside
        if beside is None or (beside == "" and not tight):
            # The classes are looked at more often.
            beside = "" if tight else "left"
        # A table needs the width, and methods and colours are of one image.
        alone = self._shows_folder
        self.fold.setVisible(self._compact and not alone)
        self.fold_left.setVisible(tight and not alone)
        self.classes.setHidden(alone or (self._compact and beside != "left"))
        self.inspector.setHidden(alone or (self._compact and beside != "right"))
        style = Qt.ToolButtonStyle
        cramped = tight and beside != ""
        self.save.setToolButtonStyle(style.ToolButtonIconOnly if cramped else style.ToolButtonTextBesideIcon)

    def _build(self) -> None:
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("explain.splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.classes = ClassColumn(self.desk)
        # Its rows need this width; in less the ends of the bars would be cut off.
        self.classes.setMinimumWidth(theme.scaled(LEFT))
        self.inspector = Inspector(self.desk)
        self.inspector.setMinimumWidth(theme.scaled(LEAST_RIGHT))
        self.splitter.addWidget(self.classes)
        self.splitter.addWidget(self._build_centre())
        self.splitter.addWidget(self.inspector)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([theme.scaled(LEFT), theme.scaled(1000), theme.scaled(RIGHT)])
        across.addWidget(self.splitter)

    def _build_centre(self) -> QWidget:
        centre = QWidget()
        as_panel(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.switch = Segmented([(name, title) for name, title, _says in VIEWS], "explain.view")
        self.switch.setAccessibleName("View")
        for name, _title, says in VIEWS:
            self.switch.button(name).setToolTip(says)
        self.switch.changed.connect(self.show_view)
        self.script = tool(
            "explain.script", "Copy as a Python script", "code", lambda: self.output.copy_script()
        )
        self.save = QToolButton()
        self.save.setObjectName("explain.save")
        self.save.setText("Save")
        self.save.setAccessibleName("Save or copy")
        self.save.setIcon(theme.icon("save"))
        self.save.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.save)
        menu.aboutToShow.connect(lambda: self.output.fill(menu))
        self.save.setMenu(menu)
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
        self.wall, self.large, self.truth = WallView(self.desk), LargeView(self.desk), TruthView(self.desk)
        for view in (self.wall, self.large, self.truth):
            self.views.addWidget(view)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.views)
        self._build_empty()
        self.folder = FolderView(self.context)
        self.folder.opened.connect(partial(self.show_view, "wall"))
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
