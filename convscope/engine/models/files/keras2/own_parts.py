"""What Keras 2 computed and Keras 3 does not have, as functions and layers that Keras 3 can build and save.

They are registered under the names here: a file of a network that has them opens again in this app.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any

from convscope.engine.keras_compat import register_part

_PACKAGE = "convscope"
_HARD_SIGMOID = "keras2_hard_sigmoid"
FUNCTIONS = frozenset({f"{_PACKAGE}>{_HARD_SIGMOID}"})
"""Names of functions in a configuration; what they stand for is below and nowhere else."""
LAYERS = {f"{_PACKAGE}>Keras2Resizing": "Resizing", f"{_PACKAGE}>Keras2UpSampling2D": "UpSampling2D"}
"""Names of layers in a configuration, with their kinds."""

# tf.image.resize has them, and Keras 2 let them be chosen.
_KINDS_OF_RESIZING = ("gaussian", "mitchellcubic")


@cache
def register() -> None:
    """Let Keras know the parts by their names; once in a process."""
    hard_sigmoid()
    _resizing_layers()


@cache
def hard_sigmoid() -> Any:
    """Keras 2's activation function of this name: 0.2 x + 0.5 between 0 and 1.

    Keras 3's function of the same name is x / 6 + 0.5 between 0 and 1.
    """
    import keras

    def keras2_hard_sigmoid(x: Any) -> Any:
        return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)

    return register_part(_PACKAGE, _HARD_SIGMOID, keras2_hard_sigmoid)


def hard_sigmoid_config() -> dict[str, Any]:
    """It, as it stands in a layer's configuration."""
    import keras

    config: dict[str, Any] = keras.saving.serialize_keras_object(hard_sigmoid())
    return config


def has_own_parts(model: Any) -> bool:
    """Whether a Keras model has any of these parts, so that Keras alone cannot open its file."""
    words = json.dumps(model.get_config(), default=str)
    return any(name in words for name in (*FUNCTIONS, *LAYERS))


def resizing_layer(kind: str, config: Mapping[str, Any]) -> Any:
    """The class of a Resizing or UpSampling2D that knows its configuration's kind of interpolation."""
    import keras

    own = str(config.get("interpolation", "")).lower() in _KINDS_OF_RESIZING
    return _resizing_layers()[kind] if own else getattr(keras.layers, kind)


@cache
def _resizing_layers() -> Mapping[str, Any]:
    import keras
    import tensorflow as tf

    class Resizing(keras.layers.Resizing):
        """By a kind of interpolation that Keras 3 no longer offers."""

        def call(self, inputs: Any) -> Any:
            size = (self.height, self.width)
            images = tf.cast(inputs, tf.float32)
            if self.crop_to_aspect_ratio:
                images = _widest_middle(images, size)
            return tf.cast(tf.image.resize(images, size, self.interpolation), self.compute_dtype)

    class UpSampling2D(keras.layers.UpSampling2D):
        """By a kind of interpolation that Keras 3 no longer offers."""

        def call(self, inputs: Any) -> Any:
            size = tf.shape(inputs)[1:3] * tf.constant(self.size)
            resized = tf.image.resize(tf.cast(inputs, tf.float32), size, self.interpolation)
            return tf.cast(tf.ensure_shape(resized, self.compute_output_shape(inputs.shape)), inputs.dtype)

    made = {"Resizing": Resizing, "UpSampling2D": UpSampling2D}
    for name, kind in LAYERS.items():
        register_part(_PACKAGE, name.split(">")[1], made[kind])
    return made


def own_parts_code(model: Any) -> str:
    """Lines for a script that opens a file of this network without this app; "" where Keras alone does.

    They need `keras`, and make Keras know the parts by their names.
    """
    words = json.dumps(model.get_config(), default=str)
    lines = _SCRIPT_HARD_SIGMOID if any(name in words for name in FUNCTIONS) else ""
    used = [name for name in LAYERS if name in words]
    if not used:
        return lines
    lines += f"from typing import Any\n\nimport tensorflow as tf\n\n\n{inspect.getsource(_widest_middle)}"
    for name in used:
        package, _, own = name.partition(">")
        source = textwrap.dedent(inspect.getsource(_resizing_layers()[LAYERS[name]]))
        lines += f"\n\n@keras.saving.register_keras_serializable({package!r}, {own!r})\n{source}"
    return lines


_SCRIPT_HARD_SIGMOID = f'''@keras.saving.register_keras_serializable({_PACKAGE!r}, {_HARD_SIGMOID!r})
def {_HARD_SIGMOID}(x):
    """Keras 2's hard sigmoid, which Keras 3 does not have."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


'''


def _widest_middle(images: Any, size: tuple[int, int]) -> Any:
    """The largest middle part of images that has the proportions of `size`."""
    import tensorflow as tf

    height, width = tf.shape(images)[1], tf.shape(images)[2]
    crop_height = tf.minimum(height, tf.cast(tf.cast(width * size[0], tf.float32) / size[1], tf.int32))
    crop_width = tf.minimum(width, tf.cast(tf.cast(height * size[1], tf.float32) / size[0], tf.int32))
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return images[:, top : top + crop_height, left : left + crop_width]
