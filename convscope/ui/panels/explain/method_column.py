"""The right column: what the chosen method computes, its settings, the layer, and how maps are shown."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from convscope.core.words import breakable, percent
from convscope.engine.interpret.attribution.explain import Failure
from convscope.engine.interpret.attribution.method import Method
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.picture import Style, ramp, region
from convscope.engine.interpret.attribution.result import Attribution
from convscope.imaging.colormaps import COLORMAPS
from convscope.imaging.numerals import decimal, numeral
from convscope.imaging.overlay import OPACITY, PAPER_THRESHOLD, THRESHOLD, Blend, HeatRegion
from convscope.ui import naming, theme
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.forms.form import (
    caption,
    choose,
    combo,
    hairline,
    heading,
    named,
    row,
    scrolling,
    segmented,
    text_line,
    tool,
    vertical,
)
from convscope.ui.forms.parameter_form import ParameterForm
from convscope.ui.forms.slider_row import SliderRow
from convscope.ui.panels.explain.map_jobs import StartedMaps
from convscope.ui.panels.explain.view_model import ExplainViewModel

OWN = "own"
REGION_KEY = "explain.region"
AUTO = ""
NO_LAYER = "This network has no layer whose maps lie over the image."


class MethodColumn(QWidget):
    """One method in words and numbers, and the style of all pictures."""

    def __init__(self, view_model: ExplainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view_model = view_model
        self._method = ""
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._build()
        view_model.maps_started.connect(self._show_layers)
        view_model.selection_changed.connect(self._show)
        view_model.map_arrived.connect(self._show)
        view_model.stopped_changed.connect(self._show)
        view_model.request_changed.connect(self._show_request)
        view_model.style_changed.connect(self._show_style)
        view_model.outdated_changed.connect(self._show)
        view_model.sentence_changed.connect(self._say)
        self._show_style()

    def _say(self, sentence: str) -> None:
        if sentence:
            self.why.clear()
            self.scale.clear()
        self._show()

    # -- the method ------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._tell()
        self.page.fit(self.about)

    def _tell(self) -> None:
        request = self._view_model.selected
        self.about.setVisible(request is not None and not self._view_model.sentence)
        if request is None:
            return
        method = METHODS[request.method]
        if method.name != self._method:
            self._method = method.name
            self._show_method(method)
        self.warning.setText(method.warning)
        self.warning.setVisible(bool(method.warning))
        answer = self._view_model.answer(request)
        if isinstance(answer, Failure):
            self.facts.setText(answer.message)
            self.warning.hide()
            self.scale.clear()
            return
        if answer is None:
            # The numbers of another image or class answer nothing.
            stopped, waits = self._view_model.stopped(request), self._view_model.waits(request)
            words = "stopped; a click on the map goes on" if stopped else "working…"
            self.facts.setText("waits for a still picture" if waits else words)
            self.scale.clear()
            return
        notes = [note for note in answer.notes if note != method.warning]
        lines = []
        if answer.done < 1:
            stopped = self._view_model.stopped(request)
            lines.append(f"{'stopped at ' if stopped else ''}{percent(answer.done, 0)}")
        if answer.layer is not None:
            lines.append(f"layer {breakable(answer.layer)}")
        height, width = answer.relevance.shape
        lines.append(f"map {height} × {width}, largest {answer.relevance.max():.4g}")
        if answer.done >= 1:
            lines.append(
                f"score {decimal(answer.score, 4) if abs(answer.score) < 1e6 else numeral(answer.score, 4)}"
            )
            lines.append(
                f"{1000 * answer.seconds:,.0f} ms" if answer.seconds < 10 else f"{answer.seconds:.0f} s"
            )
        lines += [f"{name} {value:.4g}" for name, value in answer.facts.items()]
        style = self._view_model.style
        self.facts.setText("\n".join([*lines, *notes]))
        self._show_region(answer, style, [*lines, *notes])
        scale = self._view_model.scale(answer)
        opacities = ramp(answer, style, scale)[:, 3]
        self.scale.set_scale(style.colormap or answer.colormap, scale.low, scale.high, opacities)

    def _show_region(self, one: Attribution, style: Style, lines: list[str]) -> None:
        """The hottest region in numbers, found off the GUI thread."""
        threshold = style.threshold
        if threshold is None:
            return

        def done(found: HeatRegion | None) -> None:
            if (
                found is None
                or self._view_model.attribution() is not one
                or self._view_model.style.threshold != threshold
            ):
                return
            box, (height, width) = found.box, one.pixels.shape[:2]
            words = (
                f"region: rows {box.top}–{box.top + box.height - 1}, "
                f"columns {box.left}–{box.left + box.width - 1} of the {height} × {width} seen, "
                f"{percent(found.share)} of them"
            )
            self.facts.setText("\n".join([*lines, words]))
            self.page.fit(self.about)

        self._view_model.context.jobs.submit(
            "view",
            lambda _task: region(one, threshold, how=style.how),
            title="Finding the region",
            key=REGION_KEY,
            supersede="finish",
            quiet=True,
            on_done=done,
        )

    def _show_method(self, method: Method) -> None:
        self.title.setText(method.title)
        self.formula.setText(method.formula)
        self.computes.setText(method.computes)
        self.limitations.setText(method.limitations)
        paper = method.paper
        self.paper.setText(f"{paper.authors} {paper.year}")
        self.paper.setToolTip(f"{paper.title}\n{paper.link}")
        self.parameters.ask(method.parameters)
        self._show_settings(method)

    def _show_settings(self, method: Method) -> None:
        own = self._view_model.request.settings.get(method.name, {})
        self.parameters.show_values(method.settings(own))

    def _open_paper(self) -> None:
        if self._method:
            QDesktopServices.openUrl(QUrl(METHODS[self._method].paper.link))

    # -- the layer -------------------------------------------------------------------------------------------

    def _show_layers(self, started: StartedMaps) -> None:
        entries = [(AUTO, "chosen by convscope")]
        entries += [(layer.path, f"{layer.path}  {layer.size}") for layer in reversed(started.layers)]
        now = [(self.layer.itemData(n), self.layer.itemText(n)) for n in range(self.layer.count())]
        if entries != now:
            self.layer.blockSignals(True)
            self.layer.clear()
            for path, words in entries:
                self.layer.addItem(words, path)
            self.layer.blockSignals(False)
        self._show_layer()

    def _show_layer(self) -> None:
        layer = self._view_model.request.layer
        choose(self.layer, layer or AUTO)
        chosen = self._view_model.chosen_layer
        self.layer.setEnabled(chosen is not None)
        if layer is None:
            waits = chosen is None and self._view_model.explained is None
            # What lies below stays where it is while the next answer is on its way.
            self.why.setMinimumHeight(self.why.height() if waits else 0)
            none = NO_LAYER if self._view_model.explained is not None else ""
            self.why.setText(f"{breakable(chosen.path)}: {chosen.why}" if chosen is not None else none)
        else:
            self.why.setText("Chosen by you, for all methods that look at a layer.")

    def _show_request(self) -> None:
        """Also what an undo brought back."""
        self._show_layer()
        method = METHODS.get(self._method)
        if method is not None:
            self._show_settings(method)

    # -- the style -------------------------------------------------------------------------------------------

    def _restyle(self, label: str, merge: str | None = None) -> None:
        """As the controls stand now."""
        colormap = self.colormap.currentData()
        style = Style(
            None if colormap == OWN else colormap,
            self.opacity.value / 100,
            "nearest" if self.how.value == "nearest" else "bilinear",
            self.threshold.value / 100 if self.outline.isChecked() else None,
            "even" if self.blend.value == "even" else "heat",
        )
        self._view_model.restyle(style, label, merge)

    def _reblend(self, chosen: str) -> None:
        """An opacity that nobody has changed follows: even colours need less of it."""
        now: Blend = "even" if chosen == "even" else "heat"
        before: Blend = "heat" if now == "even" else "even"
        if self.opacity.value == 100 * OPACITY[before]:
            self.opacity.set_value(100 * OPACITY[now])
        self._restyle("Make the opacity even" if now == "even" else "Let the opacity grow with the heat")

    def _show_style(self) -> None:
        style = self._view_model.style
        with QSignalBlocker(self.outline):
            self.outline.setChecked(style.threshold is not None)
        self.opacity.set_value(100 * style.opacity)
        choose(self.colormap, style.colormap or OWN)
        self.how.set_value(style.how)
        self.blend.set_value(style.blend)
        if style.threshold is not None:
            self.threshold.set_value(100 * style.threshold)
        self.threshold.setEnabled(style.threshold is not None)
        self._show()

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        column = vertical(inside, heading("How maps are shown"), margins=(theme.GROUP_GAP, theme.GAP))
        self.opacity = SliderRow("explain.opacity", "Opacity", 0, 100, 1, 100 * OPACITY["heat"], "%")
        self.blend = segmented(
            "explain.blend",
            "Opacity",
            (
                (
                    "heat",
                    "By heat",
                    "The more heat, the more colour; where there is none the picture is clear",
                ),
                ("even", "Even", "As much colour everywhere"),
            ),
            wide=True,
        )
        self.colormap = combo(
            "explain.colormap",
            "Colours",
            ((OWN, "as suits the method"), *((name, name) for name in COLORMAPS)),
        )
        self.how = segmented(
            "explain.how",
            "Enlarging",
            (
                ("bilinear", "Smooth", "Enlarged smoothly, as papers show it"),
                ("nearest", "True size", "Each value of the map as one square: its true resolution"),
            ),
            wide=True,
        )
        self.outline = naming.give(QCheckBox("Outline the hottest region"), "explain.outline")
        self.threshold = SliderRow("explain.threshold", "From", 1, 100, 1, round(100 * THRESHOLD), "%")
        paper = f"{percent(PAPER_THRESHOLD)} in the Grad-CAM paper"
        self.threshold.setToolTip(f"Share of the largest value; {paper}")
        self.threshold.setEnabled(False)
        self.scale = naming.give(ScaleBar(), "explain.scale")
        self.opacity.changed.connect(lambda _value: self._restyle("Change the opacity", "explain.opacity"))
        self.blend.changed.connect(self._reblend)
        self.threshold.changed.connect(
            lambda _value: self._restyle("Change the threshold", "explain.threshold")
        )
        self.colormap.currentIndexChanged.connect(lambda _index: self._restyle("Change the colours"))
        self.how.changed.connect(
            lambda how: self._restyle(
                "Show the true size of maps" if how == "nearest" else "Enlarge maps smoothly"
            )
        )
        self.outline.toggled.connect(
            lambda on: self._restyle("Outline the hottest region" if on else "Take the outline away")
        )
        column.addWidget(self.opacity)
        column.addWidget(self.blend)
        column.addLayout(named("Colours", self.colormap))
        column.addWidget(self.how)
        column.addWidget(self.outline)
        column.addWidget(self.threshold)
        column.addWidget(self.scale)
        column.addWidget(hairline())
        column.addWidget(heading("Layer"))
        self.layer = combo("explain.layer", "Layer whose maps explain", ((AUTO, "chosen by convscope"),))
        self.layer.currentIndexChanged.connect(
            lambda _index: self._view_model.ask(layer=self.layer.currentData() or None)
        )
        self.why = caption("explain.why")
        column.addWidget(self.layer)
        column.addWidget(self.why)
        column.addWidget(hairline())
        self.about = QWidget()
        self._build_about()
        column.addWidget(self.about)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.page = scrolling(inside, "explain.method.scroll")
        whole.addWidget(self.page)

    def _build_about(self) -> None:
        column = vertical(self.about, spacing=theme.GRID)
        self.title = naming.give(theme.label("", "title"), "explain.title")
        self.warning = text_line("explain.warning", "warning")
        self.formula = text_line("explain.formula")
        self.formula.setFont(theme.font(12, mono=True))
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.computes, self.limitations = caption("explain.computes"), caption("explain.misses")
        self.paper = tool("explain.paper", "The paper", "external-link", self._open_paper, "paper")
        self.paper.setProperty("role", "link")
        self.facts = caption("explain.facts")
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.parameters = ParameterForm("explain.parameter")
        self.parameters.edited.connect(
            lambda own, value: self._view_model.set_setting(self._method, own.name, value)
        )
        column.addWidget(self.title)
        column.addWidget(self.warning)
        column.addWidget(self.parameters)
        column.addWidget(self.formula)
        column.addWidget(self.computes)
        column.addWidget(self.limitations)
        column.addLayout(row(self.paper, None))
        column.addWidget(self.facts)
