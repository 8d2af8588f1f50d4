"""Configurations and weights of Keras 1, in the words and order of Keras 2, as far as that is mechanical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.engine.models.files.h5 import LayerWeights

THEANO = (
    "Keras 1 wrote it with channels first, as for Theano, which turns kernels by 180°; the file does not say "
    "whether Theano computed it, and the kernels are taken as they are."
)

_KINDS = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
}
_MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate"
}  # fmt: skip
_RENAMED = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "bias": "use_bias",
    "atrous_rate": "dilation_rate",
    "p": "rate",
    "sigma": "stddev",
    "inner_activation": "recurrent_activation",
    "pool_length": "pool_size",
    "stride": "strides",
}
_UNITS = ("Dense", "LSTM", "GRU", "SimpleRNN")
_ORDERS = {"th": "channels_first", "tf": "channels_last"}
# Of training; Keras 1 wrote them in a form of its own.
_DROPPED = ("init", "inner_init", "forget_bias_init", "beta_init", "gamma_init", "consume_less", "weights")


def in_keras2_words(config: Any, name: str) -> Any:
    """A whole configuration; what is in Keras 2's words already stays.

    Args:
        config: what `json.loads` made of it, not yet checked.
        name: the file's, for sentences.

    Raises:
        UserError: a setting that Keras 2 did not take over.
    """
    if isinstance(config, list):
        return [in_keras2_words(item, name) for item in config]
    if not isinstance(config, dict):
        return config
    made = {key: in_keras2_words(value, name) for key, value in config.items()}
    inner = made.get("config")
    if isinstance(made.get("class_name"), str) and isinstance(inner, dict):
        made["class_name"], made["config"] = _layer(made["class_name"], inner, name)
    return made


def _layer(kind: str, config: dict[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    if kind == "Merge":
        merge = _MERGES.get(str(config.get("mode")))
        if merge is None or config.get("layers"):
            raise UserError(f"{name} joins its branches in a way of Keras 1 that Keras 3 does not have.")
        made = {"name": config.get("name")}
        return merge, {**made, "axis": config.get("concat_axis", -1)} if merge == "Concatenate" else made
    if kind == "BatchNormalization" and config.get("mode") == 1:
        raise UserError(f"{name} normalises each image by itself (mode 1), which Keras 3 does not have.")
    if config.get("border_mode") == "full":
        raise UserError(f"{name} pads a convolution fully, which Keras 3 does not have.")
    made = {}
    for key, value in config.items():
        if key in _DROPPED or (key.endswith(("_regularizer", "_constraint")) and isinstance(value, Mapping)):
            continue
        made[_RENAMED.get(key, key)] = value
    if "nb_row" in made:
        made["kernel_size"] = [made.pop("nb_row"), made.pop("nb_col")]
    if "kernel_dim1" in made:
        made["kernel_size"] = [made.pop(f"kernel_dim{axis}") for axis in (1, 2, 3)]
    if kind in _UNITS and "output_dim" in made:
        made["units"] = made.pop("output_dim")
    order = made.pop("dim_ordering", None)
    if order is not None:
        made["data_format"] = _ORDERS.get(order, "channels_last")
    padding = made.get("padding")
    if kind == "ZeroPadding2D" and isinstance(padding, list) and len(padding) == 4:
        made["padding"] = [padding[:2], padding[2:]]
    return _KINDS.get(kind, kind), made


def in_keras2_order(layers: Sequence[Any], saved: Sequence[LayerWeights]) -> tuple[LayerWeights, ...]:
    """The arrays of each layer with weights as Keras 2 has them."""
    if len(layers) != len(saved):
        return tuple(saved)
    return tuple(_arrays(layer, weights) for layer, weights in zip(layers, saved, strict=True))


def _arrays(layer: Any, saved: LayerWeights) -> LayerWeights:
    kind, arrays = type(layer).__name__, list(saved.arrays)
    first = getattr(layer, "data_format", None) == "channels_first"
    if kind in ("Conv2D", "Conv3D") and first:
        # Filters and channels came before the kernel's sides.
        moved = arrays[0].transpose([*range(2, arrays[0].ndim), 1, 0])
        # A file that does not say who wrote it may be of Keras 2.
        arrays[0] = moved if moved.shape == tuple(layer.kernel.shape) else arrays[0]
    if kind == "Conv1D" and arrays[0].ndim == 4:
        if arrays[0].shape[:2] != (layer.kernel_size[0], 1):
            arrays[0] = arrays[0].transpose(2, 3, 1, 0)
        arrays[0] = arrays[0][:, 0]
    if kind == "GRU" and len(arrays) == 9:
        arrays = [np.concatenate(arrays[part::3], -1) for part in range(3)]
    if kind == "LSTM" and len(arrays) == 12:
        # Cell before forget gate there, after it here.
        gates = [arrays[start : start + 3] for start in (0, 6, 3, 9)]
        arrays = [np.concatenate([gate[part] for gate in gates], -1) for part in range(3)]
    return replace(saved, names=tuple("" for _ in arrays), arrays=tuple(arrays))
