"""Networks of Teachable Machine: told by their layers, because their files do not say how pixels come in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convscope.engine.data.preprocessing import MODES

NOTE = (
    "Teachable Machine made it: pixels as −1–1 and the middle of the image, as its own script has it, though "
    "the file does not say so."
)
# As its script does it: the largest middle square, value / 127.5 − 1.
PREPROCESSING = replace(MODES["tf"], resize="crop")

_SIZE = (224, 224, 3)
# MobileNetV2 at alpha 0.35: the first convolution's and the last one's channels.
_FIRST, _LAST = 16, 1280
_UNITS = 100


def is_teachable(model: Any) -> bool:
    """Whether a Keras model is made as Teachable Machine makes them.

    That is a Sequential of two: MobileNetV2 (alpha 0.35) with an average over all places; and a dense layer
    of 100 with ReLU before one with a softmax and without a bias.
    """
    import keras

    def is_row(one: Any, count: int) -> bool:
        return isinstance(one, keras.Sequential) and len(one.layers) == count

    if not is_row(model, 2) or tuple(model.input_shape[1:]) != _SIZE:
        return False
    features, head = model.layers
    if not is_row(features, 2) or not is_row(head, 2):
        return False
    base, pool = features.layers
    if not isinstance(pool, keras.layers.GlobalAveragePooling2D) or not getattr(base, "layers", None):
        return False
    first = next((one for one in base.layers if isinstance(one, keras.layers.Conv2D)), None)
    hidden, last = head.layers
    return (
        first is not None
        and first.filters == _FIRST
        and base.output_shape[-1] == _LAST
        and all(isinstance(one, keras.layers.Dense) for one in (hidden, last))
        and (hidden.units, hidden.activation.__name__) == (_UNITS, "relu")
        and (last.use_bias, last.activation.__name__) == (False, "softmax")
    )
