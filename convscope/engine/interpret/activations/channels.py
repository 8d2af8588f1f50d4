"""Some channels of a layer, computed without the others where each channel is made for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convscope.engine.models.program import Program, ProgramStep

# Layers that treat every channel alike, so that the same call does for some of them.
_ALIKE = (
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "Dropout",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
    "Identity",
    "MaxPooling2D",
    "AveragePooling2D",
    "ZeroPadding2D",
    "Cropping2D",
    "UpSampling2D",
)
_JOINS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
_ACROSS = ("softmax", "log_softmax", "prelu")


def sliced(
    program: Program,
    slot: int,
    start: int,
    stop: int,
    kept: Mapping[int, Any],
    whole: Callable[[int], Any],
) -> Any:
    """Channels `start` to `stop` of a slot, as a tensor 1×H×W×(stop − start).

    Args:
        kept: tensors at hand, by slot.
        whole: computes all of a slot, where its channels cannot be told apart.
    """
    step = program.producer(slot)
    if slot in kept or step is None:
        return whole(slot)[..., start:stop]

    def part(of: int) -> Any:
        return sliced(program, of, start, stop, kept, whole)

    if _conv_in_one_group(step):
        return _convolved(step, whole(step.inputs[0]), start, stop)
    if step.kind == "DepthwiseConv2D" and step.part != "activation" and step.layer.depth_multiplier == 1:
        return _depthwise(step, part(step.inputs[0]), start, stop)
    if step.kind == "BatchNormalization" and step.layer.axis in (-1, len(program.shapes[slot]) - 1):
        return _normalised(step, part(step.inputs[0]), start, stop)
    channels = program.shapes[slot][-1]
    if _alike(step) and all(program.shapes[of][-1] == channels for of in step.inputs):
        return program.run({of: part(of) for of in step.inputs}, [slot])[0]
    return whole(slot)[..., start:stop]


def _conv_in_one_group(step: ProgramStep) -> bool:
    return (
        step.kind == "Conv2D"
        and step.part != "activation"
        and step.layer.groups == 1
        and step.layer.data_format == "channels_last"
    )


def _alike(step: ProgramStep) -> bool:
    if step.part == "activation" or step.kind == "Activation":
        return step.activation not in _ACROSS
    if getattr(step.layer, "data_format", "channels_last") != "channels_last":
        return False
    return step.kind in _ALIKE or step.kind in _JOINS


def _convolved(step: ProgramStep, value: Any, start: int, stop: int) -> Any:
    from keras import ops

    layer = step.layer
    result = ops.conv(
        value,
        ops.convert_to_tensor(layer.kernel)[..., start:stop],
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        data_format="channels_last",
    )
    return result + layer.bias[start:stop] if layer.use_bias else result


def _depthwise(step: ProgramStep, value: Any, start: int, stop: int) -> Any:
    from keras import ops

    layer = step.layer
    result = ops.depthwise_conv(
        value,
        ops.convert_to_tensor(layer.kernel)[:, :, start:stop],
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        data_format="channels_last",
    )
    return result + layer.bias[start:stop] if layer.use_bias else result


def _normalised(step: ProgramStep, value: Any, start: int, stop: int) -> Any:
    from keras import ops

    layer = step.layer
    spread = ops.rsqrt(layer.moving_variance[start:stop] + layer.epsilon)
    if layer.scale:
        spread = spread * layer.gamma[start:stop]
    result = (value - layer.moving_mean[start:stop]) * spread
    return result + layer.beta[start:stop] if layer.center else result
