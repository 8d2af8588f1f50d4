"""Keras's augmentation layers: they act while training only and change no shape."""

from __future__ import annotations

from convscope.core.parameter import parameter, plain
from convscope.engine.models.layer_specs.base import LayerKind

_FILL = parameter("fill_mode", "reflect", choices=plain("reflect", "nearest", "wrap", "constant"))

KINDS = (
    LayerKind(
        "RandomFlip",
        "Augmentation",
        "Mirrors at random, while training.",
        (
            parameter(
                "mode",
                "horizontal",
                choices=plain("horizontal", "vertical", "horizontal_and_vertical"),
                required=True,
            ),
        ),
    ),
    LayerKind(
        "RandomRotation",
        "Augmentation",
        "Turns by up to ± this share of a full turn.",
        (parameter("factor", 0.1, minimum=0, maximum=1, step=0.05, required=True), _FILL),
    ),
    LayerKind(
        "RandomZoom",
        "Augmentation",
        "Zooms by up to ± this share.",
        (parameter("height_factor", 0.2, minimum=0, maximum=1, step=0.05, required=True), _FILL),
    ),
    LayerKind(
        "RandomTranslation",
        "Augmentation",
        "Shifts by up to ± this share of height and width.",
        (
            parameter("height_factor", 0.2, minimum=0, maximum=1, step=0.05, required=True),
            parameter("width_factor", 0.2, minimum=0, maximum=1, step=0.05, required=True),
            _FILL,
        ),
    ),
    LayerKind(
        "RandomContrast",
        "Augmentation",
        "Changes the contrast by up to ± this share.",
        (
            parameter("factor", 0.2, minimum=0, maximum=1, step=0.05, required=True),
        ),  # Keras 2 draws from another range for the same factor.
        in_keras2=False,
    ),
    LayerKind(
        "RandomBrightness",
        "Augmentation",
        "Changes the brightness by up to ± this share.",
        (
            parameter("factor", 0.2, minimum=0, maximum=1, step=0.05, required=True),
            parameter("value_range", (0.0, 1.0), "range", required=True),
        ),
    ),
)
