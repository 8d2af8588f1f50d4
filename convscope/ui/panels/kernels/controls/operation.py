"""How the kernel is applied: flip, border, stride, dilation, bias, channels, and what follows."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from convscope.imaging.lab.operation import Operation
from convscope.ui.forms.form import (
    caption,
    choose,
    combo,
    decimal,
    heading,
    named,
    segmented,
    spin,
    under_captions,
)
from convscope.ui.panels.kernels.controls.section import LabSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.workspace.lab import Lab

MODE_WORDS = {
    "correlate": "Cross-correlation: the kernel as it is — what a convnet computes.",
    "convolve": "Convolution: the kernel turned by 180° first.",
}
BORDER_WORDS = (
    ("valid", "Valid: no padding"),
    ("same", "Same as Keras: zeros"),
    ("zero", "Zeros on both sides"),
    ("full", "Full: K − 1 zeros"),
    ("replicate", "Replicate the edge"),
    ("reflect", "Reflect at the edge"),
    ("wrap", "Wrap around"),
)
BORDER_TIPS = {
    "valid": "The kernel stays inside the image: padding=“valid” of Keras, mode=“valid” of NumPy and SciPy.",
    "same": (
        "padding=“same” of Keras and TensorFlow: as many zeros as ⌈W/S⌉ outputs need, the smaller half at "
        "the top and left. With stride 2 on an even size that is 0 before and 1 after for a 3×3 kernel."
    ),
    "zero": (
        "K − 1 zeros in all, half on each side, whatever the stride: padding=1 of PyTorch for a 3×3 kernel. "
        "At stride 1 the same as Keras's “same”."
    ),
    "full": (
        "K − 1 zeros on each side, for every place where kernel and image meet: mode=“full” of "
        "numpy.convolve and of scipy.signal."
    ),
    "replicate": "Beyond the edge stands the edge pixel.",
    "reflect": "Beyond the edge stands the mirrored image, the edge itself not repeated.",
    "wrap": "Beyond the edge the opposite side goes on, as for a Fourier transform.",
}
CHANNEL_WORDS = (
    ("each", "Each channel on its own"),
    ("gray", "Gray"),
    ("filter", "RGB filter: 3 kernels"),
)
ACTIVATION_WORDS = (("none", "None"), ("relu", "ReLU"), ("tanh", "tanh"), ("sigmoid", "Sigmoid"))
POOL_WORDS = (("none", "None"), ("max", "Max"), ("avg", "Average"))


def tell_borders(box: QComboBox) -> None:
    """Say at each border what it is, and what others call it."""
    for index in range(box.count()):
        box.setItemData(index, BORDER_TIPS[box.itemData(index)], Qt.ItemDataRole.ToolTipRole)


class OperationSection(LabSection):
    """The settings of the selected stage other than its kernel."""

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self.column.addWidget(heading("Operation"))
        self.mode = segmented(
            "kernels.mode",
            "Mode",
            (
                ("correlate", "Cross-correlation", MODE_WORDS["correlate"]),
                ("convolve", "Convolution", MODE_WORDS["convolve"]),
            ),
            wide=True,
        )
        self.mode.changed.connect(lambda value: self._set("Change mode", mode=value))
        self.column.addWidget(self.mode)
        self.words = caption("kernels.mode_words")
        self.column.addWidget(self.words)

        self.border = self._combo("kernels.border", "Border", BORDER_WORDS, "border")
        tell_borders(self.border)
        self.column.addLayout(named("Border", self.border))
        self.channels = combo("kernels.channels", "Channels", CHANNEL_WORDS)
        self.channels.currentIndexChanged.connect(self._channels_chosen)
        self.column.addLayout(named("Channels", self.channels))

        self.stride = self._spin("kernels.stride", "Stride", 8, "stride")
        self.dilation = self._spin("kernels.dilation", "Dilation", 8, "dilation")
        self.bias = decimal("kernels.bias", "Bias", -1e6, 1e6)
        self.bias.valueChanged.connect(
            lambda value: self._set("Change bias", merge="bias", bias=float(value))
        )
        self.column.addLayout(
            under_captions(("Stride", self.stride), ("Dilation", self.dilation), ("Bias", self.bias))
        )
        self.activation = self._combo("kernels.activation", "Activation", ACTIVATION_WORDS, "activation")
        self.pool = self._combo("kernels.pool", "Pooling", POOL_WORDS, "pool")
        self.column.addLayout(
            under_captions(("Then activation", self.activation), ("Then pooling", self.pool))
        )
        self.pool_size = self._spin("kernels.pool_size", "Pooling tile", 64, "pool_size")
        self.pool_stride = self._spin("kernels.pool_stride", "Pooling stride", 64, "pool_stride")
        self.pool_row = QWidget()
        self.pool_row.setLayout(
            under_captions(("Pooling tile", self.pool_size), ("Pooling stride", self.pool_stride))
        )
        self.column.addWidget(self.pool_row)

    def show_lab(self, lab: Lab) -> None:
        """Bring the controls in line with the selected stage."""
        stage: Operation = lab.stage
        self.mode.set_value(stage.mode)
        self.words.setText(MODE_WORDS[stage.mode])
        for box, value in (
            (self.border, stage.border),
            (self.channels, stage.channels),
            (self.activation, stage.activation),
            (self.pool, stage.pool),
        ):
            choose(box, value)
        for number, amount in (
            (self.stride, stage.stride),
            (self.dilation, stage.dilation),
            (self.pool_size, stage.pool_size),
            (self.pool_stride, stage.pool_stride),
        ):
            with QSignalBlocker(number):
                number.setValue(amount)
        with QSignalBlocker(self.bias):
            self.bias.setValue(stage.bias)
        self.pool_row.setVisible(stage.pool != "none")

    def _combo(self, name: str, says: str, choices: tuple[tuple[str, str], ...], field: str) -> QComboBox:
        box = combo(name, says, choices)
        box.currentIndexChanged.connect(
            lambda _index: self._set(f"Change {says.lower()}", **{field: box.currentData()})
        )
        return box

    def _spin(self, name: str, says: str, high: int, field: str) -> QSpinBox:
        box = spin(name, says, 1, high)
        box.valueChanged.connect(
            lambda value: self._set(f"Change {says.lower()}", merge=field, **{field: int(value)})
        )
        return box

    def _set(self, label: str, merge: str | None = None, **changes: object) -> None:
        if not self.model.edit(label, lambda lab: lab.with_stage(**changes), merge):
            self.show_lab(self.model.lab)

    def _channels_chosen(self) -> None:
        channels = self.channels.currentData()
        kernels = self.model.lab.stage.kernels
        # An RGB filter has a kernel a channel; the others have one, so that what acts is what is shown.
        kernels = kernels * 3 if channels == "filter" and len(kernels) == 1 else kernels
        self._set(
            "Change channels", channels=channels, kernels=kernels if channels == "filter" else kernels[:1]
        )
