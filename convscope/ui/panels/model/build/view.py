"""The architecture builder: a palette, the list of layers with its arithmetic, the sums, and Build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from convscope.core.errors import UserError
from convscope.engine.models.builder.architecture import Architecture, named
from convscope.engine.models.summary import ModelSummary
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.export.file_dialog import choose_file
from convscope.ui.forms.editors import TypedEditor
from convscope.ui.forms.form import hairline, push_button, row, spin, tools, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.build.gallery import Gallery, Sketch
from convscope.ui.panels.model.build.list import LayerList
from convscope.ui.panels.model.build.palette import Palette
from convscope.ui.panels.model.build.view_model import BuildOptions, BuildViewModel
from convscope.ui.panels.model.words import memory, short

_SUMS = (
    ("parameters", "Parameters", "All weights of the network"),
    ("trainable", "Trainable", "Weights that training changes"),
    ("work", "Multiply-adds", "Of convolutions and matrix products, for one image"),
    ("activations", "Activations", "Memory of all layers' outputs for one image"),
    ("weights", "Weights", "Memory of all weights in float32"),
    ("layers", "Layers", "Layers in the list"),
    ("kept", "Weights kept", ""),
)
_LONGEST = 84


class SumsBar(QWidget):
    """Sums at the left, problems and Build at the right.

    Signals:
        build_wanted: make a model of it.
        problem_chosen: the layer that hinders.
        train_wanted: go on with the model that was built.
    """

    build_wanted = Signal()
    problem_chosen = Signal(str)
    train_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._problem = ""
        self._texts = ("", "")
        self._compact = False
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.scaled(20))
        self._values: dict[str, QLabel] = {}
        self._cells: dict[str, QWidget] = {}
        for key, words, says in _SUMS:
            cell = QWidget()
            cell.setToolTip(says)
            column = vertical(cell, spacing=0)
            column.addWidget(theme.label(words, "caption"))
            value = QLabel("0")
            value.setObjectName(f"model.build.total.{key}")
            value.setAccessibleName(words)
            value.setFont(theme.font(15, weight=value.font().Weight.DemiBold))
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(value)
            self._values[key], self._cells[key] = value, cell
            line.addWidget(cell)
        line.addStretch(1)
        self.problem = QPushButton()
        self.problem.setObjectName("model.build.problem")
        self.problem.setFlat(True)
        self.problem.setCursor(Qt.CursorShape.PointingHandCursor)
        self.problem.clicked.connect(lambda: self.problem_chosen.emit(self._problem))
        self._cells["kept"].hide()
        self.train = push_button("model.build.train", "Train it", self.train_wanted.emit)
        self.train.hide()
        self.seed = spin("model.build.seed", "Seed of the random weights", 0, 999_999)
        self.seed.setToolTip("The same seed gives the same random weights")
        self.seed_label = theme.label("seed", "caption")
        self.build = push_button("model.build.build", "Build", self.build_wanted.emit, primary=True)
        line.addWidget(self.problem)
        line.addLayout(row(self.train, self.seed_label, self.seed, self.build))

    def show_document(self, architecture: Architecture, summary: ModelSummary) -> None:
        totals = summary.totals
        hidden = any(layer.shape is None for layer in summary.layers)
        mark = "≥ " if hidden else ""
        work = "depends" if totals.multiply_adds is None else f"{mark}{short(totals.multiply_adds)}"
        kept = "depends" if totals.activation_bytes is None else f"{mark}{memory(totals.activation_bytes)}"
        for key, text in (
            ("parameters", f"{mark}{totals.parameters:,}"),
            ("trainable", f"{mark}{totals.trainable:,}"),
            ("work", work),
            ("activations", kept),
            ("weights", f"{mark}{memory(totals.weight_bytes)}"),
            ("layers", str(totals.layers)),
        ):
            self._values[key].setText(text)
        problems = summary.problems
        self._problem = problems[0].name if problems else ""
        more = f" (+{len(problems) - 1})" if len(problems) > 1 else ""
        text = f"{problems[0].name}{more}" if problems else ""
        self._texts = (text, f"{text}: {problems[0].problem}" if problems else "")
        self.problem.setVisible(bool(problems))
        self._tell_problem()
        self.problem.setIcon(theme.icon("triangle-alert", theme.tokens().bad))
        self.problem.setToolTip(f"{problems[0].problem}. Click to go there." if problems else "")
        self.problem.setAccessibleName(f"Go to the problem at {text}" if problems else "No problem")
        ready = not problems and len(architecture.layers) > 1
        self.build.setEnabled(ready)
        self.build.setToolTip("Make a model of it" if ready else "It can be built when every layer fits")

    def show_kept(self, origin: str, kept: int, total: int) -> None:
        """How many of the layers with weights keep those of the model that the document was started from.

        Args:
            origin: that model's name; "" without one: all weights will be random.
            kept, total: layers.
        """
        cell, value = self._cells["kept"], self._values["kept"]
        cell.setVisible(bool(origin))
        value.setText(f"{kept} of {total}")
        cell.setToolTip(
            f"Layers with the weights of {origin}: those with the same name and the same shapes. "
            "The others start with random weights."
        )

    def offer_training(self, offered: bool) -> None:
        self.train.setVisible(offered)

    def set_compact(self, compact: bool) -> None:
        self._compact = compact
        for key in ("trainable", "weights", "layers"):
            self._cells[key].setHidden(compact)
        self._tell_problem()

    def _tell_problem(self) -> None:
        """The sentence where there is room, else the layer alone."""
        short, long = self._texts
        self.problem.setText(short if self._compact or len(long) > _LONGEST else long)


PALETTE, NARROW = 184, 1000


class BuildView(QWidget):
    """The list of layers with what is around it, or the templates to start from."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__()
        self.setObjectName("model.build")
        self.context = context
        self._compact = False
        self.view_model = BuildViewModel(context)
        self.layers = LayerList(context.workspace.architecture)
        self.palette_ = Palette()
        self.sketch = Sketch(height=44)
        self.totals = SumsBar()
        self.gallery: Gallery | None = None
        self.stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_options(self.view_model.options.value)
        self._show_architecture()
        self._show_model()

    def commands(self) -> list[Command]:
        model, name = self.view_model, self.layers.name
        return [
            Command(f"model.build.{key}", title, run, keys, "Builder", enabled)
            for key, title, run, keys, enabled in (
                ("templates", "Start from a template", self.show_gallery, "", True),
                (
                    "model",
                    "Start from the current model",
                    self.view_model.start_from_model,
                    "",
                    self.from_model.isEnabled() and not self.from_model.isHidden(),
                ),
                (
                    "build",
                    "Build the model",
                    self.view_model.build,
                    "Ctrl+Return",
                    self.totals.build.isEnabled(),
                ),
                ("copy", "Copy as Keras code", self.copy_code, "Ctrl+Shift+C", True),
                ("save", "Save the architecture…", self.choose_target, "Ctrl+S", True),
                ("open", "Open an architecture…", self.choose_file, "", True),
                ("duplicate", f"Duplicate {name}", lambda: model.duplicate(name), "", True),
                ("remove", f"Remove {name}", lambda: model.remove(name), "", True),
            )
        ]

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Leave the room to the list where there is little.
        super().resizeEvent(event)
        compact = self.width() < theme.scaled(NARROW)
        if compact != self._compact:
            self._fold(compact)

    def _fold(self, compact: bool) -> None:
        self._compact = compact
        self.sketch.setHidden(compact)
        self.totals.set_compact(compact)
        for button in (self.tools[name] for name in ("open", "copy", "save")):
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly
                if compact
                else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
        self._show_model()

    def show_gallery(self) -> None:
        self.view_model.change(page="gallery")

    def add(self, kind: str, at: int | None = None) -> None:
        """A new layer under the chosen one, or at a place."""
        self.view_model.add(kind, self.layers.row + 1 if at is None else at)

    def copy_code(self) -> None:
        try:
            text = self.view_model.code()
        except UserError as error:
            self.context.report(error)
            return
        QGuiApplication.clipboard().setText(text)
        self.context.notify("Copied as Keras code: a script that builds the same model.")

    def choose_target(self) -> None:
        choose_file(
            self,
            lambda path: self.view_model.save_to(Path(path)),
            f"{self.view_model.architecture.name}.json",
            {".json": "Architectures"},
            name="model.build.save_dialog",
            title="Save the architecture",
        )

    def choose_file(self) -> None:
        dialog = QFileDialog(self, "Open an architecture")
        dialog.setObjectName("model.build.open_dialog")
        dialog.setNameFilter("Architectures (*.json)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.view_model.open_from(Path(path)))
        dialog.open()

    def _lay_out(self) -> None:
        self.name = TypedEditor(
            "model.build.network", "Network's name", _model_name, str, "some letters or digits"
        )
        self.name.control.setFixedWidth(theme.scaled(208))
        current, model = "Start from the current model's layers", self.view_model
        self.tools = tools(
            "model.build",
            ("templates", "Start from a template", "shapes", self.show_gallery, "Templates"),
            ("from_model", current, "box", model.start_from_model, "From"),
            ("open", "Open an architecture", "folder-open", self.choose_file, "Open"),
            ("copy", "Copy as Keras code", "code", self.copy_code, "Keras code"),
            ("save", "Save the architecture", "save", self.choose_target, "Save"),
        )
        templates, self.from_model, *files = self.tools.values()
        page = QWidget()
        column = vertical(page)
        column.addLayout(row(self.name.control, templates, self.from_model, None, *files))
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
        model = self.view_model
        self.name.edited.connect(model.rename_network)
        self.palette_.chosen.connect(self.add)
        self.palette_.search.textChanged.connect(lambda text: model.change(search=text))
        self.layers.kind_dropped.connect(lambda kind, at: self.add(kind, at))
        self.layers.moved.connect(model.move)
        self.layers.duplicated.connect(model.duplicate)
        self.layers.removed.connect(model.remove)
        self.layers.chosen.connect(lambda name: model.change(layer=name))
        form = self.layers.form
        form.setting_edited.connect(model.set)
        form.renamed.connect(model.rename)
        form.inputs_edited.connect(model.connect)
        self.totals.build_wanted.connect(lambda: model.build())
        self.totals.seed.valueChanged.connect(lambda seed: model.change(seed=seed))
        self.totals.problem_chosen.connect(self._go_to)
        self.totals.train_wanted.connect(lambda: self.context.show_panel("train"))
        # The window gives a panel its shortcuts when it makes it; this page comes later.
        for keys, run in (
            ("Ctrl+Return", self._build_if_ready),
            ("Ctrl+Shift+C", self.copy_code),
            ("Ctrl+S", self.choose_target),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)
        workspace = self.context.workspace
        for signal, function in (
            (workspace.architecture_changed, self._show_architecture),
            (workspace.model_changed, self._show_model),
            (model.options.changed, self._show_options),
            (model.start_changed, self._show_offer),
            (model.built_changed, self._offer_training),
            (model.started, self._show_start),
        ):
            self.context.listen(signal, function)

    def _show_options(self, options: BuildOptions) -> None:
        if options.page == "gallery" and self.gallery is None:
            self.gallery = Gallery()
            self.gallery.chosen.connect(self.view_model.start_from)
            self.gallery.closed.connect(lambda: self.view_model.change(page="list"))
            self.gallery.search.setText(options.template_search)
            self.gallery.search.textChanged.connect(lambda text: self.view_model.change(template_search=text))
            self.stack.addWidget(self.gallery)
        gallery = self.gallery if options.page == "gallery" else None
        self.stack.setCurrentWidget(gallery or self._page)
        for line, text in (
            (self.palette_.search, options.search),
            *([(self.gallery.search, options.template_search)] if self.gallery is not None else ()),
        ):
            if line.text() != text:
                line.setText(text)
        self.totals.seed.setValue(options.seed)
        self.layers.choose(options.layer)

    def _show_architecture(self, *_: Any) -> None:
        architecture = self.view_model.architecture
        with self.context.workspace.document.following():
            self.layers.set_architecture(architecture, self.view_model.options.value.layer)
        summary = self.layers.rows.summary
        self.name.show_value(architecture.shown_name)
        self.sketch.set_summary(summary)
        self.totals.show_document(architecture, summary)
        origin = self.view_model.origin()
        self.totals.show_kept(origin.name if origin else "", *self.view_model.kept(summary))
        self._offer_training()

    def _show_model(self, *_: Any) -> None:
        model = self.context.workspace.model
        self.view_model.consider(model if self.isVisible() else None)
        self._show_offer()
        self._offer_training()

    def _offer_training(self) -> None:
        self.totals.offer_training(self.view_model.is_built)

    def _show_offer(self) -> None:
        model = self.context.workspace.model
        self.from_model.setVisible(model is not None)
        self.from_model.setEnabled(self.view_model.start is not None)
        if model is not None:
            short = model.name if len(model.name) <= 18 else f"{model.name[:17]}…"
            self.from_model.setText("" if self._compact else f"From {short}")
            self.from_model.setToolTip(
                self.view_model.start_problem
                or f"Start from the layers of {model.name}; those that you do not change keep its weights"
            )

    def showEvent(self, event: QShowEvent) -> None:
        # Look at the model that became the current one meanwhile.
        super().showEvent(event)
        self._show_model()

    def _build_if_ready(self) -> None:
        if self.totals.build.isEnabled():
            self.view_model.build()

    def _show_start(self) -> None:
        self.layers.set_row(0)
        self.layers.scrollToTop()
        self.layers.setFocus()

    def _go_to(self, name: str) -> None:
        self.layers.choose(name)
        self.layers.scrollTo(self.layers.currentIndex())
        self.layers.setFocus()


def _model_name(text: str) -> str:
    named(text)
    return " ".join(text.split())
