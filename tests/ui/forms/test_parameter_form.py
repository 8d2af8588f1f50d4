"""The one form maker: every kind of editor by mouse and keyboard, and a form of them over a document."""

from __future__ import annotations

from typing import Any

import pytest
from gestures import drag
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSlider,
    QSpinBox,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from convscope.core.parameter import Parameter, between, parameter, plain
from convscope.ui.forms.editors import (
    ChoiceEditor,
    Editor,
    FlagEditor,
    NumberEditor,
    SeveralEditor,
    SizeEditor,
    SliderEditor,
    TypedEditor,
    WholeEditor,
    editor_of,
)
from convscope.ui.forms.parameter_form import Captioned, ParameterForm
from convscope.workspace.document import Document

SIGMA = between("sigma", "Width", 1.0, 0.5, 5.0, 0.5, unit="px", symbol="σ")
ROUNDS = between("rounds", "Rounds", 5, 1, 100_000)
MIRRORED = parameter("mirrored", False, title="Mirrored")
PADDING = parameter("padding", "valid", choices=plain("valid", "same", "causal"))
RATE = parameter("rate", 0.001, title="Learning rate", minimum=0, maximum=1000, positive=True)


class Told:
    """An editor on show, and what it told."""

    def __init__(self, qtbot: QtBot, editor: Editor) -> None:
        self.editor, self.values, self.wrong = editor, [], []  # type: ignore[var-annotated]
        qtbot.addWidget(editor.control)
        editor.edited.connect(self.values.append)
        editor.wrong.connect(self.wrong.append)
        editor.control.show()
        editor.control.setFocus()


def typed(qtbot: QtBot, box: Any, text: str, *, enter: bool = True) -> None:
    """Over what stands there."""
    box.selectAll()
    qtbot.keyClicks(box, text)
    if enter:
        qtbot.keyClick(box, Qt.Key.Key_Return)


def handle(slider: QSlider) -> QPointF:
    """The middle of what one drags."""
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    return QPointF(slider.style().subControlRect(control, option, part, slider).center())


@pytest.mark.parametrize(
    ("own", "how", "kind"),
    [
        (SIGMA, {"slides": True}, SliderEditor),
        (SIGMA, {}, NumberEditor),
        (RATE, {}, NumberEditor),
        (ROUNDS, {}, WholeEditor),
        (parameter("steps", None, "whole", minimum=1, nothing="all"), {"slides": True}, WholeEditor),
        (PADDING, {"slides": True}, ChoiceEditor),
        (MIRRORED, {}, FlagEditor),
        (parameter("metrics", (), "several", choices=plain("a", "b")), {}, SeveralEditor),
        (parameter("kernel_size", 3, "size", minimum=1, maximum=9), {}, SizeEditor),
        (parameter("padding", 1, "size", minimum=0, maximum=9), {"value": ((1, 1), (0, 2))}, TypedEditor),
        (parameter("shape", (28, 28, 1), "shape"), {}, TypedEditor),
        (parameter("alpha", 1.0, minimum=0), {"slides": True}, TypedEditor),
        (parameter("l2", None, "real", minimum=0, maximum=10, nothing="none"), {}, TypedEditor),
        (parameter("scale", 1 / 255, "floats"), {}, TypedEditor),
        (parameter("value_range", (0.0, 1.0), "range"), {}, TypedEditor),
    ],
)
def test_every_kind_has_an_editor_with_its_names(
    qtbot: QtBot, own: Parameter, how: dict[str, Any], kind: type[Editor]
) -> None:
    editor = editor_of("test.one", own, **how)
    qtbot.addWidget(editor.control)
    assert type(editor) is kind
    assert (editor.control.objectName(), editor.control.accessibleName()) == ("test.one", own.title)
    told: list[object] = []
    editor.edited.connect(told.append)
    editor.show_value(how.get("value", own.default))
    assert told == [], "what is shown is not an edit"


def test_a_slider_is_dragged_typed_and_turned_by_keys(qtbot: QtBot) -> None:
    told = Told(qtbot, editor_of("test.sigma", SIGMA, slides=True))
    told.editor.control.resize(400, 40)
    slider = told.editor.control.findChild(QSlider, "test.sigma.slider")
    box = told.editor.control.findChild(QDoubleSpinBox, "test.sigma.box")
    label = told.editor.control.findChild(QLabel)
    assert slider is not None and box is not None and label is not None
    assert (label.text(), slider.accessibleName(), box.accessibleName()) == ("σ", "Width", "Width")
    assert label.buddy() is box and told.editor.control.toolTip() == "Width: 0.5 to 5"
    QApplication.processEvents()
    drag(slider, handle(slider), handle(slider) + QPointF(60, 0))
    assert len(told.values) > 1 and told.values == sorted(told.values) and told.values[-1] == box.value()
    typed(qtbot, box, "2.3")
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert told.values[-2:] == [2.3, 3.0], "what is typed lies between the notches, an arrow goes to the next"
    told.editor.show_value(99)
    assert box.value() == 5.0


def test_a_whole_number_is_told_when_the_typing_ends_or_at_once(qtbot: QtBot) -> None:
    late, live = Told(qtbot, editor_of("test.late", ROUNDS)), None
    box = late.editor.control
    assert isinstance(box, QSpinBox)
    late.editor.show_value(5)
    typed(qtbot, box, "12", enter=False)
    assert late.values == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert late.values == [12, 13]
    late.editor.show_value(12345)
    assert box.text() == "12,345" and late.values == [12, 13]
    live = Told(qtbot, editor_of("test.live", ROUNDS, live=True))
    typed(qtbot, live.editor.control, "12", enter=False)
    assert live.values == [12], "1 is what stood there"
    seed = editor_of("test.seed", between("seed", "Seed", 12345, 0, 2**31 - 1))
    qtbot.addWidget(seed.control)
    seed.show_value(12345)
    assert isinstance(seed.control, QSpinBox) and seed.control.text() == "12345", "a name, no count"


def test_one_below_the_least_stands_for_none(qtbot: QtBot) -> None:
    own = parameter("steps", None, "whole", minimum=1, maximum=99, step=16, nothing="all images once")
    told = Told(qtbot, editor_of("test.steps", own))
    box = told.editor.control
    assert isinstance(box, QSpinBox)
    told.editor.show_value(None)
    assert box.text() == "all images once"
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(box, key)
    assert told.values == [16, 32, 16, None]


def test_a_number_of_any_size_goes_along_1_2_5_or_by_its_step(qtbot: QtBot) -> None:
    told = Told(qtbot, editor_of("test.rate", RATE))
    box = told.editor.control
    assert isinstance(box, QDoubleSpinBox)
    told.editor.show_value(0.001)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(box, key)
    assert told.values == [0.002, 0.005, 0.002]
    for text, value in (("1e-4", 1e-4), ("0,5", 0.5), ("1/8", 0.125)):
        typed(qtbot, box, text)
        assert told.values[-1] == value
    typed(qtbot, box, "0")
    assert box.value() > 0, "zero itself is left out"
    share = Told(qtbot, editor_of("test.share", parameter("share", 0.5, minimum=0, maximum=0.999, step=0.05)))
    share.editor.show_value(0.5)
    for _ in range(11):
        qtbot.keyClick(share.editor.control, Qt.Key.Key_Up)
    assert share.values[0] == 0.55 and share.values[-1] == 0.999


def test_a_choice_and_a_switch(qtbot: QtBot) -> None:
    choice = Told(qtbot, editor_of("test.padding", PADDING))
    choice.editor.show_value("same")
    qtbot.keyClick(choice.editor.control, Qt.Key.Key_Down)
    qtbot.keyClick(choice.editor.control, Qt.Key.Key_Home)
    assert choice.values == ["causal", "valid"]
    flag = Told(qtbot, editor_of("test.mirrored", MIRRORED))
    assert isinstance(flag.editor.control, QCheckBox) and flag.editor.control.text() == "Mirrored"
    qtbot.mouseClick(flag.editor.control, Qt.MouseButton.LeftButton, pos=flag.editor.control.rect().center())
    qtbot.keyClick(flag.editor.control, Qt.Key.Key_Space)
    assert flag.values[-1] is False and flag.values[0] is True


def test_several_are_told_in_their_own_order(qtbot: QtBot) -> None:
    own = parameter("metrics", ("b",), "several", choices=(("a", "First"), ("b", "Second")))
    told = Told(qtbot, editor_of("test.metric", own))
    told.editor.show_value(("b",))
    boxes = [told.editor.control.findChild(QCheckBox, f"test.metric.{key}") for key in "ab"]
    assert [box.isChecked() for box in boxes if box] == [False, True]
    assert boxes[0] is not None and boxes[1] is not None
    boxes[0].click()
    boxes[1].click()
    assert told.values == [("a", "b"), ("a",)]
    assert [box.accessibleName() for box in boxes if box] == ["First", "Second"]


def test_a_size_is_one_number_or_two(qtbot: QtBot) -> None:
    own = parameter("strides", None, "size", minimum=1, maximum=9, nothing="as window")
    told = Told(qtbot, editor_of("test.strides", own))
    box = told.editor.control
    assert isinstance(box, QSpinBox)
    told.editor.show_value(3)
    assert box.text() == "3×3"
    typed(qtbot, box, "3, 5")
    assert told.values[-1] == (3, 5) and box.text() == "3×5"
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert told.values[-1] == (4, 6)
    typed(qtbot, box, "1")
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert told.values[-1] is None and box.text() == "as window"


@pytest.mark.parametrize(
    ("own", "text", "value", "shown", "wrong"),
    [
        (parameter("scale", 1.0, "floats"), "1/255", 1 / 255, "1/255", "a/b"),
        (parameter("scale", 1.0, "floats"), "0.2, 0.3, 0.2", (0.2, 0.3, 0.2), "0.2, 0.3, 0.2", "0.2, x"),
        (parameter("shape", (1,), "shape"), "28x28x1", (28, 28, 1), "28×28×1", "28×0"),
        (parameter("shape", None, "shape", nothing="none"), "none", None, "none", "1×"),
        (parameter("between", (0.0, 1.0), "range"), "0 255", (0, 255), "0, 255", "1"),
        (parameter("l2", 0.5, "real", nothing="none"), "1e-4", 1e-4, "0.0001", "1e-"),
    ],
)
def test_what_is_typed_freely_is_read_or_marked(
    qtbot: QtBot, own: Parameter, text: str, value: object, shown: str, wrong: str
) -> None:
    told = Told(qtbot, editor_of("test.free", own))
    line, captioned = told.editor.control, Captioned(told.editor, "free")
    qtbot.addWidget(captioned)
    captioned.show()
    assert isinstance(line, QLineEdit)
    told.editor.show_value(7.0 if own.kind in ("floats", "real") else (7, 7))
    typed(qtbot, line, text)
    assert told.values[-1] == value and line.text() == shown
    typed(qtbot, line, wrong, enter=False)
    assert told.wrong[-1] and line.toolTip() == told.wrong[-1]
    assert captioned.label.property("role") == "warning"
    before = told.values[-1]
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert told.values[-1] == before and told.wrong[-1] == "", "it goes back to the last that was read"
    assert captioned.label.property("role") == "caption"


class Formed:
    """A form whose edits go into a document, as those of a panel do."""

    def __init__(self, qtbot: QtBot, *own: Parameter, **how: Any) -> None:
        self.document = Document()
        self.part = self.document.part("test.values", {one.name: one.default for one in own}, "test")
        self.form = ParameterForm("test", own, **how)
        qtbot.addWidget(self.form)
        self.form.edited.connect(self._edit)
        self.part.changed.connect(self.form.show_values)
        self.form.show_values(self.part.value)
        self.form.resize(400, 300)
        self.form.show()
        QApplication.processEvents()

    def _edit(self, own: Parameter, value: object) -> None:
        merge = own.name if own.turned else None
        self.part.edit({**self.part.value, own.name: value}, own.title, merge)

    def steps(self) -> list[str]:
        """What can be taken back, the last first."""
        found = []
        while (label := self.document.undo_label("test")) is not None:
            found.append(label)
            self.document.undo("test")
        return found


def test_a_drag_is_one_step_of_undo_and_each_tick_is_one(qtbot: QtBot) -> None:
    formed = Formed(qtbot, SIGMA, MIRRORED)
    slider = formed.form.findChild(QSlider, "test.sigma.slider")
    flag = formed.form.findChild(QCheckBox, "test.mirrored")
    assert slider is not None and flag is not None
    drag(slider, handle(slider), handle(slider) + QPointF(80, 0))
    assert formed.part.value["sigma"] > 1.0
    flag.click()
    flag.click()
    assert formed.steps() == ["Mirrored", "Mirrored", "Width"]
    assert formed.part.value == {"sigma": 1.0, "mirrored": False}
    assert (
        not flag.isChecked() and formed.form.editors["sigma"].control.findChild(QDoubleSpinBox).value() == 1.0
    )  # type: ignore[union-attr]


def test_a_line_can_hold_several(qtbot: QtBot) -> None:
    formed = Formed(
        qtbot,
        SIGMA,
        MIRRORED,
        parameter("turned", False, title="Turned"),
        PADDING,
        ROUNDS,
        together={("mirrored", "turned"): "Flip", ("padding", "rounds"): ""},
        names={"rounds": "other.rounds"},
        dense=True,
    )
    lines = formed.form.lines
    assert lines["mirrored"] is lines["turned"] and lines["padding"] is lines["rounds"]
    assert formed.form.column.count() == 3
    assert [label.text() for label in formed.form.findChildren(QLabel)] == ["σ", "Flip", "padding"]
    flag = formed.form.findChild(QCheckBox, "test.turned")
    assert flag is not None and flag.accessibleName() == "Flip turned"
    assert formed.form.findChild(QSpinBox, "other.rounds") is not None, (
        "beside another one no slider has room"
    )
    tops = [line.y() for line in (lines["sigma"], lines["mirrored"], lines["padding"])]
    assert tops == sorted(tops) and len(set(tops)) == 3


def test_a_form_asks_for_others_and_keeps_those_that_stay(qtbot: QtBot) -> None:
    form = ParameterForm("test")
    outer = QWidget()
    qtbot.addWidget(outer)
    form.setParent(outer)
    outer.show()
    assert form.isHidden()
    form.ask([SIGMA, PADDING])
    form.show_values({"sigma": 2.0})
    slider, box = form.editors["sigma"].control, form.editors["padding"].control
    assert not form.isHidden() and slider.isVisible()
    assert isinstance(box, QComboBox) and box.currentData() == "valid", "what is not told has its default"
    form.ask([SIGMA, PADDING])
    assert form.editors["sigma"].control is slider
    form.ask([SIGMA])
    assert form.editors["sigma"].control is not slider and list(form.lines) == ["sigma"]
    form.ask([])
    assert form.isHidden()
