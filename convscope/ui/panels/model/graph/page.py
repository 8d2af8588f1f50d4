"""The "Graph" page: the network drawn, with a search, two levels of detail and a legend."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QShowEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.graph.draw import DrawnGraph, draw
from convscope.engine.models.graph.layout import arrange
from convscope.engine.models.graph.nodes import ModelGraph, model_graph
from convscope.ui import theme
from convscope.ui.canvas.viewport import ONE_STEP
from convscope.ui.forms.form import caption, row, segmented, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.colours import CategoryLegend
from convscope.ui.panels.model.graph.paint import HEIGHT, GraphPicture, box_width, graph_image, save_graph
from convscope.ui.panels.model.graph.view import GraphView
from convscope.ui.panels.model.shown import ShownModel

KEY = "model.graph"
# Room that differs by less than this is not worth another arrangement.
ALIKE = 0.12
WAIT = 150  # milliseconds


class GraphPage(QWidget):
    """Draws the current model in a worker and shows it.

    Signals:
        chosen: the path of the layer that a person chose.
    """

    chosen = Signal(str)

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._shown: ShownModel | None = None
        self._drawn: ShownModel | None = None
        self._room = (0.0, 0.0)
        self._current: str | None = None
        self._build()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(WAIT)
        self._later.timeout.connect(self._fill_room)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.view = GraphView()
        self.search = QLineEdit()
        self.search.setObjectName("model.graph.search")
        self.search.setAccessibleName("Search the graph")
        self.search.setPlaceholderText("Search layers")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._next_found)
        self.detail = segmented(
            "model.graph.detail",
            "Detail",
            [
                (
                    "folded",
                    "Folded",
                    "Normalisation, activation and padding inside the layer that they serve",
                ),
                ("all", "Every layer", "A box for every layer"),
            ],
        )
        self.detail.changed.connect(lambda _value: self._request())
        self.tools = {
            name: tool(f"model.graph.{name}", says, icon, run)
            for name, says, icon, run in (
                ("out", "Further away", "zoom-out", lambda: self.view.zoom(1 / ONE_STEP)),
                ("in", "Closer", "zoom-in", lambda: self.view.zoom(ONE_STEP)),
                ("all", "Fit the whole graph", "maximize", lambda: self.view.fit()),
                ("save", "Save the graph as PNG or SVG", "download", lambda: self.view.choose_file()),
            )
        }
        head = row(self.search, self.detail, *self.tools.values())
        head.setStretch(0, 1)
        column.addLayout(head)
        self.view.setObjectName("model.graph")
        self.view.chosen.connect(self.chosen)
        self.view.resized.connect(self._resized)
        self.view.copy_requested.connect(self._copy)
        self.view.save_requested.connect(self._save)
        column.addWidget(self.view, 1)
        self.legend = CategoryLegend()
        self.legend.setObjectName("model.graph.legend")
        self.problem = caption("model.graph.problem")
        self.problem.hide()
        column.addWidget(self.legend)
        column.addWidget(self.problem)

    def show_model(self, shown: ShownModel | None) -> None:
        """Show another model; it is drawn when the page is looked at."""
        self._shown, self._drawn = shown, None
        if shown is not None and self.isVisible():
            self._request()
        else:
            self.context.jobs.cancel_key(KEY)
            self.view.set_picture(None)

    def set_current(self, path: str | None) -> None:
        """Mark a layer's box."""
        self._current = path
        self.view.set_current(path)

    def showEvent(self, event: QShowEvent) -> None:
        """The page is looked at: draw what is not drawn yet."""
        super().showEvent(event)
        if self._shown is not None and self._shown is not self._drawn:
            self._request()
        else:
            self._resized()

    def shutdown(self) -> None:
        """Stop the timer."""
        self._later.stop()

    def _request(self) -> None:
        shown = self._shown
        if shown is None:
            return
        fold = self.detail.value == "folded"
        self._room = self._room_now()
        room = self._room

        def work(task: Task) -> GraphPicture:
            return picture_of(shown, fold, room, task)

        def done(picture: GraphPicture) -> None:
            self._drawn = shown
            self.problem.hide()
            self.view.set_picture(picture)
            self.legend.set_categories(node.category for node in picture.graph.nodes)
            self._find(self.search.text())
            self.view.set_current(self._current)

        self.context.jobs.submit(
            "view",
            work,
            title=f"Drawing {shown.model.name}",
            key=KEY,
            on_done=done,
            on_failed=self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        self._drawn = self._shown
        self.view.set_picture(None)
        self.problem.setText(
            error.message if isinstance(error, UserError) else f"It cannot be drawn: {error}"
        )
        self.problem.show()

    # Room

    def _room_now(self) -> tuple[float, float]:
        zoom = theme.zoom()
        return max(200.0, self.view.width() / zoom), max(200.0, self.view.height() / zoom)

    def _resized(self) -> None:
        if self._drawn is not None and self.view.view.fitted:
            self._later.start()

    def _fill_room(self) -> None:
        """Arrange the columns anew if the view has another shape by now."""
        now = self._room_now()
        alike = all(abs(a / b - 1) < ALIKE for a, b in zip(now, self._room, strict=True) if b)
        if not alike and self.isVisible() and self.view.view.fitted:
            self._request()

    # Search

    def _matching(self, text: str) -> list[str]:
        wanted = text.strip().lower()
        if not wanted or self._shown is None:
            return []
        kinds = self._shown.kinds
        return [
            path
            for path in self._shown.rows
            if wanted in path.lower() or any(word.startswith(wanted) for word in kinds[path].lower().split())
        ]

    def _find(self, text: str) -> None:
        self.view.set_found(self._matching(text))

    def _next_found(self) -> None:
        """Go to the next layer that the search finds, round and round."""
        paths = self._matching(self.search.text())
        if paths:
            at = (paths.index(self._current) + 1) % len(paths) if self._current in paths else 0
            self.chosen.emit(paths[at])
            self.view.show_layer(paths[at])

    # Out: in a worker, because a thousand boxes with their words take seconds to paint.

    def _copy(self) -> None:
        picture = self.view.picture
        if picture is None:
            return

        def done(image: QImage) -> None:
            QGuiApplication.clipboard().setImage(image)
            self.context.notify("Copied the graph as a picture")

        self.context.jobs.submit(
            "files",
            lambda _task: graph_image(picture),
            title="Copying the graph",
            on_done=done,
            on_failed=self.context.report,
        )

    def _save(self, path: str) -> None:
        picture = self.view.picture
        if picture is None:
            return
        self.context.jobs.submit(
            "files",
            lambda _task: save_graph(picture, path),
            title=f"Saving {Path(path).name}",
            on_done=lambda _none: self.context.notify(f"Saved the graph as {path}"),
            on_failed=self.context.report,
        )


def picture_of(shown: ShownModel, fold: bool, room: tuple[float, float], task: Task) -> GraphPicture:
    """A model's graph, laid out for a view; what does not depend on the view is kept with the model."""
    task.progress(None, "Drawing the graph")

    def make() -> tuple[ModelGraph, DrawnGraph]:
        graph = model_graph(shown.model, fold)
        width = box_width(graph)
        sizes = {node.path: (width, HEIGHT) for node in graph.nodes}
        return graph, draw(sizes, graph.edges, task)

    graph, drawing = shown.model.kept(("graph", fold), make)
    groups = {node.path: node.group for node in graph.nodes}
    picture = GraphPicture(graph, arrange(drawing, groups, room))
    # Made here and not at the first paint.
    _ = picture.nodes, picture.owners, picture.arrows
    return picture
