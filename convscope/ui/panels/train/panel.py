"""The training panel: settings; beside them live charts, runs, results and pretrained networks."""

from __future__ import annotations

import importlib
from functools import partial

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel
from convscope.ui.forms.segmented import Segmented
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.live.view import LiveView
from convscope.ui.panels.train.settings.controls import WIDTH, Controls
from convscope.ui.widgets.drawer import Drawer

LOOKS = 330  # about the width of the looks into the network at 100 %

_HERE = "convscope.ui.panels.train"

# (name, title, what it is, module, class); a view's module is imported when it is first shown.
VIEWS = (
    ("live", "Live", "The training as it goes", f"{_HERE}.live.view", "LiveView"),
    ("runs", "Runs", "All runs: overlaid, compared, resumed, exported", f"{_HERE}.runs.view", "RunsView"),
    ("result", "Result", "Accuracy, confusion and mistakes", f"{_HERE}.results.view", "ResultView"),
    (
        "transfer",
        "Pretrained",
        "Three ways to use a pretrained network",
        f"{_HERE}.transfer.view",
        "TransferView",
    ),
)


class TrainPanel(Panel):
    """Everything about training."""

    name = "train"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.desk = Desk(context, self)
        self._views: dict[str, QWidget] = {}
        self._compact, self._wants_looks = False, True
        self._build()
        self.desk.view_requested.connect(self.show_view)
        self.desk.result_requested.connect(self._show_result)
        self.desk.trainer.began.connect(lambda _plan: self._make_room(True))
        self.desk.trainer.state_changed.connect(self._state_changed)
        self.show_view("live")
        self.desk.check()

    def show_view(self, name: str) -> None:
        """Show one of `VIEWS`, making it first if need be."""
        if name not in self._views:
            _n, _t, _s, module, class_name = next(view for view in VIEWS if view[0] == name)
            view: QWidget = getattr(importlib.import_module(module), class_name)(self.desk)
            self._views[name] = view
            self.stack.addWidget(view)
        self.switch.set_value(name)
        self.stack.setCurrentWidget(self._views[name])
        self._fold()
        if self.isVisible():
            self.context.workspace.scope = self.scope

    @property
    def scope(self) -> str:
        """What undo acts on: the left column, and the view on show."""
        return f"train.{self.switch.value}"

    def set_compact(self, compact: bool) -> None:
        """Fold the looks into the network away where there is no room for them."""
        if compact != self._compact:
            self._compact = compact
            self._wants_looks = not compact or self.desk.trainer.active
            self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns fit what there is."""
        super().resizeEvent(event)
        self._fold()

    def toggle_looks(self) -> None:
        """Show the looks into the network beside the charts, or give the charts the room."""
        self._wants_looks = not self._wants_looks
        self._fold()

    def _make_room(self, for_looks: bool) -> None:
        if self._compact:
            self._wants_looks = for_looks
            self._fold()

    def _state_changed(self, state: str) -> None:
        if state == "idle":
            # Now the settings can be changed again.
            self._make_room(False)

    def _fold(self) -> None:
        live = self._views["live"]
        assert isinstance(live, LiveView)
        on_show = self.stack.currentWidget() is live
        live.set_looks_shown(self._wants_looks)
        # Where there is no room for three columns, the looks take the place of the settings.
        looks = self._wants_looks and on_show
        self.drawer.fit(self.width(), LOOKS if on_show else 0, docked=looks and not self._compact)
        self.controls.setVisible(self.drawer.shown and not (self._compact and looks))
        # There the trainings have buttons of their own, and a network of other classes is no fault.
        self.controls.set_start_shown(self.stack.currentWidget() is not self._views.get("transfer"))
        self.fold.setVisible(on_show)
        self.fold.setChecked(self._wants_looks)

    def view(self, name: str) -> QWidget | None:
        """A view, if it was shown already."""
        return self._views.get(name)

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        trainer = self.desk.trainer
        views = [
            Command(f"train.view.{name}", f"Training: {title}", partial(self.show_view, name), "", "Training")
            for name, title, *_ in VIEWS
        ]
        own = getattr(self.stack.currentWidget(), "commands", None)
        return [
            Command("train.start", "Start training", self.controls.press_start, "Ctrl+Return", "Training"),
            Command(
                "train.pause", "Pause or resume training", trainer.toggle, "", "Training", trainer.active
            ),
            Command("train.step", "Make one training step", trainer.step, "", "Training", trainer.active),
            Command("train.stop", "Stop training", trainer.stop, "", "Training", trainer.active),
            Command(
                "train.looks", "Show or hide the looks into the network", self.toggle_looks, "", "Training"
            ),
            *views,
            *(own() if own is not None else ()),
        ]

    def show_example(self) -> None:
        """Train a small convnet on the shipped garments."""
        self.desk.train_example("fashion", epochs=3)

    def shutdown(self) -> None:
        """Stop timers and take no more events."""
        for view in self._views.values():
            shutdown = getattr(view, "shutdown", None)
            if shutdown is not None:
                shutdown()
        self.desk.shutdown()
        super().shutdown()

    def _show_result(self, source: object) -> None:
        view = self._views.get("result")
        if view is not None:
            view.show_result(source)  # type: ignore[attr-defined]

    def _build(self) -> None:
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        self.controls = Controls(self.desk)
        across.addWidget(self.controls)
        centre = QWidget()
        as_panel(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.switch = Segmented([(name, title) for name, title, *_ in VIEWS], "train.view")
        self.switch.setAccessibleName("View")
        for name, title, says, *_ in VIEWS:
            self.switch.button(name).setToolTip(says)
            self.switch.button(name).setAccessibleName(f"View: {title}")
        self.switch.changed.connect(self.show_view)
        self.fold = QToolButton()
        self.fold.setObjectName("train.fold")
        self.fold.setAccessibleName("Show or hide the looks into the network")
        self.fold.setToolTip("Show or hide the looks into the network")
        self.fold.setIcon(theme.icon("panel-right"))
        self.fold.setCheckable(True)
        self.fold.setChecked(True)
        self.fold.clicked.connect(self.toggle_looks)
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.GRID)
        self.drawer = Drawer(
            WIDTH, "train.drawer", "Show or hide the settings of the training", "Settings", self._fold
        )
        self.head.addWidget(self.drawer.button)
        self.head.addWidget(self.switch)
        self.head.addStretch(1)
        self.head.addWidget(self.fold)
        column.addLayout(self.head)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        across.addWidget(centre, 1)
