"""The graph's page without Qt: what is drawn in which detail, what a search finds, what part is in view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui.panels.model.view_model import ShownModel

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext
    from convscope.workspace.document import Part

KEY = "model.graph"
Detail = Literal["folded", "all"]


@dataclass(frozen=True)
class GraphOptions:
    """How the graph is shown.

    Attributes:
        detail: "folded": normalisation, activation and padding inside the layer that they serve.
        search: the layers with this word are lifted.
    """

    detail: Detail = "folded"
    search: str = ""


@dataclass(frozen=True)
class GraphPart:
    """The part of a graph that a person went to.

    Attributes:
        model: the id of the model that is drawn.
        detail: the graph that it is a part of.
        scale: at a zoom of 1.
        x, y: what is in the middle.
    """

    model: str
    detail: Detail
    scale: float
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class GraphRequest:
    """What is to be drawn: a model, with boxes folded or not, for so much room (width, height)."""

    shown: ShownModel
    fold: bool
    room: tuple[float, float]


class GraphViewModel:
    """Has the current model drawn in a worker.

    Args:
        draw: makes the picture; it knows the fonts.

    Attributes:
        options: detail and search.
        place: the part in view; None: all of it.
        picture: what is drawn; None before, and where nothing can be drawn.
        problem: why; "".

    Signals:
        picture_changed: another picture, or a problem.
    """

    picture_changed = Signal()

    def __init__(self, context: PanelContext, draw: Callable[[GraphRequest, Task], Any]) -> None:
        self._context, self._draw = context, draw
        workspace = context.workspace
        self.options = workspace.part("model.graph", GraphOptions(), "model")
        self.place: Part[GraphPart | None] = workspace.part(
            "model.graph.view", None, "model", kind=GraphPart | None
        )
        self.picture: Any = None
        self.problem = ""
        self.shown: ShownModel | None = None
        self._drawn: GraphRequest | None = None
        context.ending.call(lambda: context.jobs.cancel_key(KEY))

    @property
    def is_drawn(self) -> bool:
        """Whether the picture is that of the model on show, in the detail that is asked for."""
        drawn = self._drawn
        return drawn is not None and drawn.shown is self.shown and drawn.fold == self._folded

    @property
    def room(self) -> tuple[float, float]:
        return self._drawn.room if self._drawn is not None else (0.0, 0.0)

    def show_model(self, shown: ShownModel | None) -> None:
        """Another model: nothing is drawn of it before it is asked for."""
        self.shown, self._drawn = shown, None
        self._context.jobs.cancel_key(KEY)

    def clear(self) -> None:
        self.picture, self.problem = None, ""
        self.picture_changed.emit()

    def request(self, room: tuple[float, float]) -> None:
        if self.shown is None:
            return
        request = GraphRequest(self.shown, self._folded, room)
        self._context.submit(
            "view",
            lambda task: self._draw(request, task),
            f"Drawing {request.shown.model.name}",
            key=KEY,
            on_done=lambda picture: self._show(request, picture, ""),
            on_failed=lambda error: self._show(
                request,
                None,
                error.message if isinstance(error, UserError) else f"It cannot be drawn: {error}",
            ),
        )

    def part_in_view(self) -> GraphPart | None:
        """The part to be shown of the picture; None: all of it."""
        place, drawn = self.place.value, self._drawn
        if place is None or drawn is None or place.model != drawn.shown.model.id:
            return None
        return place if (place.detail == "folded") == drawn.fold else None

    def go_to(self, scale: float, x: float, y: float) -> None:
        if self._drawn is not None:
            detail: Detail = "folded" if self._drawn.fold else "all"
            self.place.set(GraphPart(self._drawn.shown.model.id, detail, scale, x, y))

    def found(self) -> list[str]:
        wanted = self.options.value.search.strip().lower()
        if not wanted or self.shown is None:
            return []
        kinds = self.shown.kinds
        return [
            path
            for path in self.shown.rows
            if wanted in path.lower() or any(word.startswith(wanted) for word in kinds[path].lower().split())
        ]

    def next_found(self) -> str | None:
        """Choose the next layer that the search finds, round and round."""
        paths, current = self.found(), self._context.workspace.layer
        if not paths:
            return None
        path = paths[(paths.index(current) + 1) % len(paths) if current in paths else 0]
        self._context.workspace.choose_layer(path)
        return path

    @property
    def _folded(self) -> bool:
        return self.options.value.detail == "folded"

    def _show(self, request: GraphRequest, picture: Any, problem: str) -> None:
        self._drawn, self.picture, self.problem = request, picture, problem
        self.picture_changed.emit()
