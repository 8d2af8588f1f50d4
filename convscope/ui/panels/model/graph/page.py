"""The "Graph" page: the network drawn, with a search, two levels of detail and a legend."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QImage, QShowEvent
from PySide6.QtWidgets import QWidget

from convscope.core.task import Task
from convscope.engine.models.graph.draw import DrawnGraph, draw
from convscope.engine.models.graph.layout import arrange
from convscope.engine.models.graph.nodes import ModelGraph, model_graph
from convscope.ui import theme
from convscope.ui.canvas.gestures import ONE_STEP
from convscope.ui.export.writing import save_as
from convscope.ui.forms.form import caption, row, search_field, segmented, tool, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.colours import CategoryLegend
from convscope.ui.panels.model.graph.paint import HEIGHT, GraphPicture, box_width, graph_image, save_graph
from convscope.ui.panels.model.graph.view import GRAPH_FORMATS, GraphView
from convscope.ui.panels.model.graph.view_model import GraphOptions, GraphRequest, GraphViewModel
from convscope.ui.panels.model.view_model import ModelViewModel, ShownModel

# Room that differs by less than this is not worth another arrangement.
ALIKE = 0.12
WAIT = 150  # milliseconds


class GraphPage(QWidget):
    """Shows the current model as it is drawn, when it is looked at."""

    def __init__(self, context: PanelContext, view_model: ModelViewModel) -> None:
        super().__init__()
        self.context = context
        self.view_model = GraphViewModel(context, picture_of)
        self._options = self.view_model.options
        self._build()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(WAIT)
        self._later.timeout.connect(self._fill_room)
        context.ending.call(self._later.stop)
        context.listen(self._options.changed, self._show_options)
        context.listen(self.view_model.picture_changed, self._show_picture)
        context.listen(self.view_model.place.changed, lambda _place: self._go_to_part())
        self._show_options(self._options.value)

    def _build(self) -> None:
        self.view = GraphView()
        self.search = search_field(
            "model.graph.search",
            "Search the graph",
            "Search layers",
            lambda text: self._options.set(replace(self._options.value, search=text)),
        )
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
        self.detail.changed.connect(
            lambda detail: self._options.set(replace(self._options.value, detail=detail))
        )
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
        self.view.setObjectName("model.graph")
        self.view.chosen.connect(self.context.workspace.choose_layer)
        self.view.resized.connect(self._resized)
        self.view.moved.connect(self._moved)
        self.view.copy_requested.connect(self._copy)
        self.view.save_requested.connect(self._save)
        self.legend = CategoryLegend()
        self.legend.setObjectName("model.graph.legend")
        self.problem = caption("model.graph.problem")
        self.problem.hide()
        vertical(self, head, (self.view, 1), self.legend, self.problem)

    def show_model(self, shown: ShownModel | None) -> None:
        self.view_model.show_model(shown)
        if shown is not None and self.isVisible():
            self._request()
        else:
            self.view_model.clear()

    def set_current(self, path: str | None) -> None:
        self.view.set_current(path)

    def showEvent(self, event: QShowEvent) -> None:
        # Draw what is not drawn yet.
        super().showEvent(event)
        if self.view_model.shown is not None and not self.view_model.is_drawn:
            self._request()
        else:
            self._resized()

    def _request(self) -> None:
        self.view_model.request(self._room_now())

    def _show_options(self, options: GraphOptions) -> None:
        if self.search.text() != options.search:
            self.search.setText(options.search)
        self.detail.set_value(options.detail)
        self.view.set_found(self.view_model.found())
        if self.isVisible() and not self.view_model.is_drawn:
            self._request()

    def _show_picture(self) -> None:
        picture: GraphPicture | None = self.view_model.picture
        self.view.set_picture(picture)
        self.problem.setText(self.view_model.problem)
        self.problem.setVisible(bool(self.view_model.problem))
        if picture is not None:
            self.legend.set_categories(node.category for node in picture.graph.nodes)
            self.view.set_found(self.view_model.found())
            self.view.set_current(self.context.workspace.layer)
            self._go_to_part()

    def _go_to_part(self) -> None:
        part = self.view_model.part_in_view()
        if part is not None:
            self.view.show_part(part.scale * theme.zoom(), part.x, part.y)

    def _moved(self) -> None:
        seen = self.view.view
        if seen.fitted:
            self.view_model.place.set(None)
        else:
            self.view_model.go_to(seen.scale / theme.zoom(), seen.centre_x, seen.centre_y)

    def _next_found(self) -> None:
        path = self.view_model.next_found()
        if path is not None:
            self.view.show_layer(path)

    def _room_now(self) -> tuple[float, float]:
        zoom = theme.zoom()
        return max(200.0, self.view.width() / zoom), max(200.0, self.view.height() / zoom)

    def _resized(self) -> None:
        if self.view_model.is_drawn and self.view.view.fitted:
            self._later.start()

    def _fill_room(self) -> None:
        """Arrange the columns anew if the view has another shape by now."""
        now = self._room_now()
        alike = all(abs(a / b - 1) < ALIKE for a, b in zip(now, self.view_model.room, strict=True) if b)
        if not alike and self.isVisible() and self.view.view.fitted:
            self._request()

    # Out: in a worker, because a thousand boxes with their words take seconds to paint.

    def _copy(self) -> None:
        picture = self.view.picture
        if picture is None:
            return

        def done(image: QImage) -> None:
            QGuiApplication.clipboard().setImage(image)
            self.context.notify("Copied the graph as a picture")

        self.context.submit("files", lambda _task: graph_image(picture), "Copying the graph", on_done=done)

    def _save(self, path: str) -> None:
        picture = self.view.picture
        if picture is None:
            return
        save_as(
            self.context, path, lambda file, _task: save_graph(picture, file), GRAPH_FORMATS, lane="files"
        )


def picture_of(request: GraphRequest, task: Task) -> GraphPicture:
    """A model's graph, laid out for a view; what does not depend on the view is kept with the model."""
    task.progress(None, "Drawing the graph")
    model, fold = request.shown.model, request.fold

    def make() -> tuple[ModelGraph, DrawnGraph]:
        graph = model_graph(model, fold)
        width = box_width(graph)
        sizes = {node.path: (width, HEIGHT) for node in graph.nodes}
        return graph, draw(sizes, graph.edges, task)

    graph, drawing = model.kept(("graph", fold), make)
    groups = {node.path: node.group for node in graph.nodes}
    picture = GraphPicture(graph, arrange(drawing, groups, request.room))
    # Made here and not at the first paint.
    _ = picture.nodes, picture.owners, picture.arrows
    return picture
