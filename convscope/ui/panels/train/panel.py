"""The training panel: settings; beside them live charts, runs, results and pretrained networks."""

from __future__ import annotations

import importlib
from functools import partial

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, fold_button, row, segmented, tool, vertical
from convscope.ui.layout.drawer import Drawer
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.train.live.view import LiveView
from convscope.ui.panels.train.settings.column import WIDTH, SettingsColumn
from convscope.ui.panels.train.view_model import SCOPE, TrainPage, TrainViewModel

LOOKS = 330  # about the width of the looks into the network at 100 %

_HERE = "convscope.ui.panels.train"

# (name, title, what it is, module, class); a page's module is imported when it is first shown.
PAGES: tuple[tuple[TrainPage, str, str, str, str], ...] = (
    ("live", "Live", "The training as it goes", "live.view", "LiveView"),
    ("runs", "Runs", "All runs: overlaid, compared, resumed, exported", "runs.view", "RunsView"),
    ("result", "Result", "Accuracy, confusion and mistakes", "results.view", "ResultView"),
    ("transfer", "Pretrained", "Three ways to use a pretrained network", "transfer.view", "TransferView"),
)


class TrainPanel(Panel):
    name = "train"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.view_model = vm = TrainViewModel(context)
        self._views: dict[str, QWidget] = {}
        self._build()
        context.listen(vm.page.changed, self._show_page)
        context.listen(vm.trainer.began, self._began)
        context.listen(vm.trainer.state_changed, self._state_changed)
        context.listen(vm.looks_shown.changed, lambda _shown: self._fold())
        # The live page hears of a training from its very beginning, whichever page is on show.
        self._show_page("live")
        self._show_page(vm.page.value)
        vm.check()

    def show_page(self, page: str) -> None:
        found = next((name for name, *_ in PAGES if name == page), None)
        if found is None:
            raise KeyError(page)
        self.view_model.show(found)

    def _show_page(self, page: TrainPage) -> None:
        if page not in self._views:
            module, class_name = next(row[3:] for row in PAGES if row[0] == page)
            kind = getattr(importlib.import_module(f"{_HERE}.{module}"), class_name)
            self._views[page] = view = kind(self.view_model)
            self.stack.addWidget(view)
        self.switch.set_value(page)
        self.stack.setCurrentWidget(self._views[page])
        self._fold()
        if self.isVisible():
            self.context.workspace.scope = self.scope

    @property
    def scope(self) -> str:
        return f"{SCOPE}.{self.view_model.page.value}"

    def set_active(self, active: bool) -> None:
        self.view_model.watched = active

    def set_compact(self, compact: bool) -> None:
        """Fold the looks into the network away where there is no room for them."""
        if compact != self.compact:
            self.compact = compact
            self.view_model.looks_shown.set(not compact or self.view_model.trainer.active)
            self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def toggle_looks(self) -> None:
        self.view_model.looks_shown.set(not self.view_model.looks_shown.value)

    def _began(self, _plan: object) -> None:
        if self.compact:
            self.view_model.looks_shown.set(True)

    def _state_changed(self, state: str) -> None:
        if state == "idle" and self.compact:
            # Now the settings can be changed again.
            self.view_model.looks_shown.set(False)

    def _fold(self) -> None:
        live = self._views["live"]
        assert isinstance(live, LiveView)
        on_show, wanted = self.stack.currentWidget() is live, self.view_model.looks_shown.value
        live.set_looks_shown(wanted)
        # Where there is no room for three columns, the looks take the place of the settings.
        looks = wanted and on_show
        self.drawer.fit(self.width(), LOOKS if on_show else 0, docked=looks and not self.compact)
        self.settings.setVisible(self.drawer.shown and not (self.compact and looks))
        # There the trainings have buttons of their own, and a network of other classes is no fault.
        self.settings.set_start_shown(self.stack.currentWidget() is not self._views.get("transfer"))
        self.fold.setVisible(on_show)
        self.fold.setChecked(wanted)

    def view(self, page: str) -> QWidget | None:
        return self._views.get(page)

    def commands(self) -> list[Command]:
        trainer = self.view_model.trainer
        return [
            Command(f"train.{key}", title, run, keys, "Training", enabled)
            for key, title, run, keys, enabled in (
                ("start", "Start training", self.settings.press_start, "Ctrl+Return", True),
                ("pause", "Pause or resume training", trainer.toggle, "", trainer.active),
                ("step", "Make one training step", trainer.step, "", trainer.active),
                ("stop", "Stop training", trainer.stop, "", trainer.active),
                ("looks", "Show or hide the looks into the network", self.toggle_looks, "", True),
            )
        ] + [
            Command(f"train.view.{name}", f"Training: {title}", partial(self.show_page, name), "", "Training")
            for name, title, *_ in PAGES
        ]

    def show_example(self) -> None:
        """Train a small convnet on the shipped garments."""
        self.view_model.train_example("fashion", epochs=3)

    def _build(self) -> None:
        self.settings = SettingsColumn(self.view_model)
        centre = QWidget()
        as_panel(centre)
        self.switch = segmented("train.view", "View", [row[:3] for row in PAGES])
        self.switch.changed.connect(self.show_page)
        self.fold = fold_button("train.fold", "Show or hide the looks into the network", self.toggle_looks)
        self.drawer = Drawer(
            self.context.workspace,
            self.context.ending,
            tool("train.drawer", "Show or hide the settings of the training", "panel-left", text="Settings"),
            WIDTH,
            self._fold,
        )
        self.head = row(self.drawer.button, self.switch, None, self.fold, spacing=theme.GRID)
        self.stack = QStackedWidget()
        vertical(
            centre,
            self.head,
            (self.stack, 1),
            margins=(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP),
        )
        across = row(self.settings, centre, spacing=1)
        across.setStretch(1, 1)
        self.setLayout(across)
