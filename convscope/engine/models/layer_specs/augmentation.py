"""Keras's augmentation layers: they act while training only and change no shape."""

from __future__ import annotations

from convscope.engine.models.layer_specs.base import LayerKind, Option

_FILL = Option("fill_mode", "reflect", "choice", choices=("reflect", "nearest", "wrap", "constant"))

KINDS = (
    LayerKind(
        "RandomFlip",
        "Augmentation",
        "Mirrors at random, while training.",
        (
            Option(
                "mode",
                "horizontal",
                "choice",
                choices=("horizontal", "vertical", "horizontal_and_vertical"),
                required=True,
            ),
        ),
    ),
    LayerKind(
        "RandomRotation",
        "Augmentation",
        "Turns by up to ± this share of a full turn.",
        (Option("factor", 0.1, "float", low=0, high=1, required=True), _FILL),
    ),
    LayerKind(
        "RandomZoom",
        "Augmentation",
        "Zooms by up to ± this share.",
        (Option("height_factor", 0.2, "float", low=0, high=1, required=True), _FILL),
    ),
    LayerKind(
        "RandomTranslation",
        "Augmentation",
        "Shifts by up to ± this share of height and width.",
        (
            Option("height_factor", 0.2, "float", low=0, high=1, required=True),
            Option("width_factor", 0.2, "float", low=0, high=1, required=True),
            _FILL,
        ),
    ),
    LayerKind(
        "RandomContrast",
        "Augmentation",
        "Changes the contrast by up to ± this share.",
        (Option("factor", 0.2, "float", low=0, high=1, required=True),),
    ),
    LayerKind(
        "RandomBrightness",
        "Augmentation",
        "Changes the brightness by up to ± this share.",
        (
            Option("factor", 0.2, "float", low=0, high=1, required=True),
            Option("value_range", (0.0, 1.0), "range", required=True),
        ),
    ),
)
