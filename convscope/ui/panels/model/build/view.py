"""The architecture builder: a palette, the list of layers with its arithmetic, the sums, and Build."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.architecture import Architecture, named
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import hairline, row, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.build.edits import inserted
from convscope.ui.panels.model.build.fields import TypedField
from convscope.ui.panels.model.build.files import ArchitectureFiles
from convscope.ui.panels.model.build.gallery import Gallery, Sketch
from convscope.ui.panels.model.build.list import LayerList
from convscope.ui.panels.model.build.palette import Palette
from convscope.ui.panels.model.build.start import Start
from convscope.ui.panels.model.build.totals import SumsBar

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

PALETTE, NARROW = 184, 1000


class BuildView(QWidget):
    """Edits `workspace.architecture` by undoable steps, and makes models of it."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.build")
        self.context = context
        self._choose = ""
        self._compact = False
        self._built: OpenedModel | None = None
        self._built_from: Architecture | None = None
        self.layers = LayerList(context.workspace.architecture)
        self.palette_ = Palette()
        self.sketch = Sketch(height=44)
        self.totals = SumsBar()
        self.gallery: Gallery | None = None
        self.stack = QStackedWidget()
        self.start = Start(context, self._show_offer)
        self.files = ArchitectureFiles(context, self, self._start_from)
        self._lay_out()
        self._connect()
        self._show_architecture()
        self._show_model()

    @property
    def architecture(self) -> Architecture:
        """The document."""
        return self.context.workspace.architecture

    def commands(self) -> list[Command]:
        """What the command palette lists while the builder is shown."""
        name = self.layers.name
        return [
            Command(f"model.build.{key}", title, run, keys, "Builder", enabled)
            for key, title, run, keys, enabled in (
                ("templates", "Start from a template", self.show_gallery, "", True),
                (
                    "model",
                    "Start from the current model",
                    self.start_from_model,
                    "",
                    self.from_model.isEnabled() and not self.from_model.isHidden(),
                ),
                ("build", "Build the model", self.build, "Ctrl+Return", self.totals.build.isEnabled()),
                ("copy", "Copy as Keras code", self.copy_code, "Ctrl+Shift+C", True),
                ("save", "Save the architecture…", self.files.save, "Ctrl+S", True),
                ("open", "Open an architecture…", self.files.open, "", True),
                ("duplicate", f"Duplicate {name}", lambda: self._duplicate(self.layers.name), "", True),
                ("remove", f"Remove {name}", lambda: self._remove(self.layers.name), "", True),
            )
        ]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the room to the list where there is little."""
        super().resizeEvent(event)
        compact = self.width() < theme.scaled(NARROW)
        if compact != self._compact:
            self._fold(compact)

    def _fold(self, compact: bool) -> None:
        self._compact = compact
        self.sketch.setHidden(compact)
        self.totals.set_compact(compact)
        for button in (self.open_button, self.copy_button, self.save_button):
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly
                if compact
                else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
        self._show_model()

    def shutdown(self) -> None:
        """Take no more events."""
        workspace = self.context.workspace
        workspace.architecture_changed.disconnect(self._show_architecture)
        workspace.model_changed.disconnect(self._show_model)
        self.context.jobs.cancel_key("model.build")
        self.start.shutdown()

    # -- commands --------------------------------------------------------------------------------------------

    def show_gallery(self) -> None:
        """The templates, as cards."""
        if self.gallery is None:
            self.gallery = Gallery()
            self.gallery.chosen.connect(self._start_from)
            self.gallery.closed.connect(self._show_list)
            self.stack.addWidget(self.gallery)
        self.stack.setCurrentWidget(self.gallery)

    def add(self, kind: str, at: int | None = None) -> None:
        """A new layer under the chosen one, or at a place."""
        place = self.layers.row + 1 if at is None else at
        architecture, name = inserted(self.architecture, place, kind)
        self._edit(architecture, f"Add {kind}", choose=name)

    def build(self, seed: int | None = None) -> None:
        """A model, which becomes the current one; what it keeps of the model it was started from is said."""
        architecture = self.architecture
        origin = self.start.hold(architecture)
        number = self.totals.seed.value() if seed is None else seed

        def work(task: Task) -> OpenedModel:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.builder.built import build_model

            return build_model(architecture, number, task, origin)

        def done(model: OpenedModel) -> None:
            self._built, self._built_from = model, architecture
            self.context.workspace.add_model(model)
            count = model.sheet.totals.parameters
            random = f"{count:,} random weights (seed {number}), not trained yet."
            told = random if model.source.weights == "random" else model.notes[0]
            self.context.notify(f"Built {model.name}: {told}")
            self.totals.offer_training(self.architecture is architecture)

        self.context.jobs.submit(
            "engine",
            work,
            title=f"Building {architecture.shown_name}",
            key="model.build",
            on_done=done,
            on_failed=self.context.report,
        )

    def start_from_model(self) -> None:
        """The current model's layers as the document; those that stay as they are keep their weights."""
        model, architecture = self.context.workspace.model, self.start.take()
        if model is not None and architecture is not None:
            self._start_from(architecture, model.name)

    def copy_code(self) -> None:
        """The Keras script that builds the same model, on the clipboard."""
        from convscope.engine.models.builder.build import to_code

        try:
            text = to_code(self.architecture)
        except UserError as error:
            self.context.report(error)
            return
        QGuiApplication.clipboard().setText(text)
        self.context.notify("Copied as Keras code: a script that builds the same model.")

    # -- inside ----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.name = TypedField(
            "model.build.network", "", _model_name, str, "some letters or digits", 208, "Network's name"
        )
        self.templates = tool(
            "model.build.templates", "Start from a template", "shapes", self.show_gallery, "Templates"
        )
        self.from_model = tool(
            "model.build.from_model",
            "Start from the current model's layers",
            "box",
            self.start_from_model,
            "From",
        )
        self.open_button = tool(
            "model.build.open", "Open an architecture", "folder-open", self.files.open, "Open"
        )
        self.copy_button = tool(
            "model.build.copy", "Copy as Keras code", "code", self.copy_code, "Keras code"
        )
        self.save_button = tool("model.build.save", "Save the architecture", "save", self.files.save, "Save")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(
            row(
                self.name,
                self.templates,
                self.from_model,
                None,
                self.open_button,
                self.copy_button,
                self.save_button,
            )
        )
        column.addWidget(self.sketch)
        column.addWidget(hairline())
        self.palette_.setFixedWidth(theme.scaled(PALETTE))
        across = row(self.palette_, self.layers, spacing=theme.GROUP_GAP)
        across.setStretch(1, 1)
        column.addLayout(across, 1)
        column.addWidget(hairline())
        column.addWidget(self.totals)
        self._page = page
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        self.setFocusProxy(self.layers)

    def _connect(self) -> None:
        self.name.edited.connect(self._rename_network)
        self.palette_.chosen.connect(self.add)
        self.layers.kind_dropped.connect(lambda kind, at: self.add(kind, at))
        self.layers.moved.connect(self._move)
        self.layers.duplicated.connect(self._duplicate)
        self.layers.removed.connect(self._remove)
        form = self.layers.form
        form.setting_edited.connect(self._set)
        form.renamed.connect(self._rename)
        form.inputs_edited.connect(self._connect_inputs)
        self.totals.build_wanted.connect(self.build)
        self.totals.problem_chosen.connect(self._go_to)
        self.totals.train_wanted.connect(self._train)
        # The window gives a panel its shortcuts when it makes it; this page comes later.
        for keys, run in (
            ("Ctrl+Return", self._build_if_ready),
            ("Ctrl+Shift+C", self.copy_code),
            ("Ctrl+S", self.files.save),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)
        workspace = self.context.workspace
        workspace.architecture_changed.connect(self._show_architecture)
        workspace.model_changed.connect(self._show_model)

    def _edit(
        self, architecture: Architecture, label: str, merge: str | None = None, choose: str = ""
    ) -> None:
        self._choose = choose
        self.context.workspace.edit_architecture(architecture, label, merge)
        self._choose = ""

    def _show_architecture(self, *_: Any) -> None:
        architecture = self.architecture
        self.layers.set_architecture(architecture, self._choose)
        sheet = self.layers.rows.sheet
        self.name.show_value(architecture.shown_name)
        self.sketch.set_sheet(sheet)
        self.totals.show_document(architecture, sheet)
        origin = self.start.hold(architecture)
        self.totals.show_kept(origin.name if origin else "", *self.start.kept(architecture, sheet))
        self.totals.offer_training(
            self._built_from == architecture
            and self._built is self.context.workspace.model
            and self._built is not None
        )

    def _show_model(self, *_: Any) -> None:
        model = self.context.workspace.model
        self.start.consider(model if self.isVisible() else None)
        self._show_offer()
        if model is not self._built:
            self.totals.offer_training(False)

    def _show_offer(self) -> None:
        model = self.context.workspace.model
        self.from_model.setVisible(model is not None)
        self.from_model.setEnabled(self.start.architecture is not None)
        if model is not None:
            short = model.name if len(model.name) <= 18 else f"{model.name[:17]}…"
            self.from_model.setText("" if self._compact else f"From {short}")
            self.from_model.setToolTip(
                self.start.reason
                or f"Start from the layers of {model.name}; those that you do not change keep its weights"
            )

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the model that became the current one meanwhile."""
        super().showEvent(event)
        self._show_model()

    def _build_if_ready(self) -> None:
        if self.totals.build.isEnabled():
            self.build()

    def _show_list(self) -> None:
        self.stack.setCurrentWidget(self._page)

    def _start_from(self, architecture: Architecture, what: str) -> None:
        self._edit(architecture, f"Start from {what}")
        self._show_list()
        self.layers.set_row(0)
        self.layers.scrollToTop()
        self.layers.setFocus()

    def _set(self, name: str, key: str, value: object) -> None:
        self._edit(self.architecture.set(name, **{key: value}), f"Change {key} of {name}", f"{name}.{key}")

    def _rename(self, name: str, new: str) -> None:
        self._edit(self.architecture.rename(name, new), f"Rename {name}", choose=new)

    def _rename_network(self, name: str) -> None:
        own, title = named(name)
        self._edit(replace(self.architecture, name=own, title=title), "Rename the network", "rename")

    def _connect_inputs(self, name: str, inputs: tuple[str, ...]) -> None:
        self._edit(self.architecture.connect(name, *inputs), f"Connect {name}")

    def _move(self, name: str, to: int) -> None:
        self._edit(self.architecture.move(name, to), f"Move {name}", f"move.{name}", name)

    def _duplicate(self, name: str) -> None:
        after = self.architecture.duplicate(name)
        self._edit(after, f"Duplicate {name}", choose=after.layers[after.index(name) + 1].name)

    def _remove(self, name: str) -> None:
        if len(self.architecture.layers) > 1:
            self._edit(self.architecture.remove(name), f"Remove {name}")

    def _go_to(self, name: str) -> None:
        self.layers.set_row(self.architecture.index(name))
        self.layers.scrollTo(self.layers.currentIndex())
        self.layers.setFocus()

    def _train(self) -> None:
        self.context.show_panel("train")


def _model_name(text: str) -> str:
    named(text)
    return " ".join(text.split())
