"""The slow steps of a network, and their gradients, computed in quicker ways with the same result.

On a CPU a 3×3 convolution needs half of its multiplications only, and TensorFlow's gradient of a first
convolution takes twice as long as it needs to. An ascent does nothing else, step after step, so `quicker`
replaces them, with the same result to float32's rounding. With a graphics card, whose library does such
things by itself, it replaces nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convscope.engine.interpret.feature_visualization.quick.few_channels import convolution as few_channels
from convscope.engine.interpret.feature_visualization.quick.winograd import convolution as winograd
from convscope.engine.models.program import ProgramStep
from convscope.engine.runtime import start

Call = Callable[..., Any]

# Below, bringing the maps in and out of Winograd's form takes longer than what it saves.
_CHANNELS = 64
_FEW = 4


def is_plain_convolution(step: ProgramStep) -> bool:
    """Whether a step is a weighted sum by the layer's own kernel and bias, and nothing else."""
    layer = step.layer
    return (
        step.kind == "Conv2D"
        and step.part in ("layer", "sum")
        and layer.groups == 1
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid")
        and not getattr(layer, "lora_enabled", False)
        and not getattr(layer, "quantization_mode", None)
    )


def quicker(step: ProgramStep, call: Call) -> Call:
    """What computes the same as a step's `call`, sooner where there is a way; a `Wrap` for `Program.run`."""
    layer = step.layer
    if start().gpus or getattr(layer, "compute_dtype", "") != "float32":
        return call
    if is_plain_convolution(step) and tuple(layer.dilation_rate) == (1, 1):
        *size, inputs, outputs = layer.kernel.shape
        strides = tuple(layer.strides)
        if inputs <= _FEW and strides[0] == strides[1] and size[0] == size[1]:
            same = strides == (1, 1) and layer.padding == "same" and size[0] % 2 == 1
            if same or layer.padding == "valid":
                padding = size[0] // 2 if same else 0
                return lambda x: _with_bias(few_channels(x, layer.kernel, strides[0], padding), layer)
        many = inputs >= _CHANNELS and outputs >= _CHANNELS
        if many and strides == (1, 1) and tuple(size) == (3, 3) and layer.padding == "same":
            return lambda x: winograd(x, layer.kernel, layer.bias if layer.use_bias else None)
    return call


def _with_bias(sums: Any, layer: Any) -> Any:
    return sums + layer.bias if layer.use_bias else sums
