"""Receptive fields against gradients: the pixels that a value depends on, found by differentiating."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.engine.models.architecture import Architecture
from convscope.engine.models.build import to_keras
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.templates import TEMPLATES, Draft

pytestmark = pytest.mark.usefixtures("runtime")


def odd(dilation: int) -> Architecture:
    """Every kind of window in a row: unequal strides, padding, cropping, branches."""
    draft = Draft("odd", (41, 37, 1))
    draft.add("ZeroPadding2D", padding=((1, 2), (0, 3)))
    source = draft.conv(2, (3, 5), strides=(2, 1), padding="same")
    near = draft.conv(2, 1, source)
    far = draft.conv(2, 3, source, dilation_rate=dilation, padding="same")
    draft.add("Concatenate", near, far)
    draft.add("MaxPooling2D", pool_size=3, strides=2, padding="same")
    draft.add("Cropping2D", cropping=((1, 0), (0, 1)))
    draft.add("SeparableConv2D", filters=2, kernel_size=3)
    draft.add("AveragePooling2D")
    return draft.done


def growing() -> Architecture:
    """Maps that grow again."""
    draft = Draft("growing", (16, 16, 1))
    draft.conv(2, 3, padding="same")
    draft.add("MaxPooling2D")
    draft.add("UpSampling2D")
    draft.add("Conv2DTranspose", filters=2, kernel_size=4, strides=2, padding="same")
    draft.add("UpSampling2D", interpolation="bilinear")
    return draft.done


def touched(model: OpenedModel, slot: int, row: int, column: int) -> tuple[int, int, int, int]:
    """The box of pixels with a gradient to a value, over several images, so that no pooling hides one."""
    import tensorflow as tf

    program = model.program

    # Averages pass what maxima block: every window then shows all its pixels.
    def smooth(step: Any, call: Any) -> Any:
        if step.activation:
            return lambda x: x
        if step.kind == "MaxPooling2D":
            layer = step.layer
            return lambda x: tf.nn.avg_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())
        return call

    shape = [n or 1 for n in program.shapes[program.inputs[0]][1:]]
    image = tf.ones([1, *shape])
    with tf.GradientTape() as tape:
        tape.watch(image)
        (maps,) = program.run({program.inputs[0]: image}, (slot,), smooth)
        value = tf.reduce_sum(maps[0, row, column])
    gradient = np.abs(tape.gradient(value, image).numpy()[0]).sum(axis=-1)
    rows, columns = np.flatnonzero(gradient.sum(axis=1)), np.flatnonzero(gradient.sum(axis=0))
    if not len(rows):
        # The value lies in the padding altogether.
        return 0, 0, 0, 0
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1


def positive(model: Any) -> None:
    for variable in model.weights:
        variable.assign(np.ones(variable.shape, np.float32))


@pytest.mark.parametrize("name", ["odd", "dilated", "lenet-5", "inception-small", "xception-small"])
def test_every_box_is_just_what_the_gradient_touches(name: str) -> None:
    made = {"odd": lambda: odd(1), "dilated": lambda: odd(2)}
    architecture = made[name]() if name in made else TEMPLATES[name].architecture
    net = to_keras(architecture)
    positive(net)
    model = OpenedModel(net)
    height, width, _ = model.input_shape
    assert height and width
    checked = 0
    for row in model.layers:
        if row.field is None or row.field.whole or row.shape is None or row.kind == "InputLayer":
            continue
        if row.kind in ("Activation", "BatchNormalization", "ReLU", "ZeroPadding2D"):
            continue
        rows, columns = row.shape[0] or 0, row.shape[1] or 0
        # At the border a dilated window may end in one of its own gaps.
        corners = {(0, 0), (rows - 1, columns - 1)} if name != "dilated" else set()
        for y, x in {(rows // 2, columns // 2), *corners}:
            box = row.field.box(y, x, height, width)
            seen = box if box[0] < box[2] and box[1] < box[3] else (0, 0, 0, 0)
            assert seen == touched(model, model.slot(row.path), y, x), row.path
            checked += 1
    assert checked >= 8


def test_growing_maps_are_covered() -> None:
    net = to_keras(growing())
    positive(net)
    model = OpenedModel(net)
    for row in model.layers[1:]:
        assert row.field is not None
        assert row.shape is not None
        size = row.shape[0] or 0
        for place in (0, 1, size // 2, size // 2 + 1, size - 1):
            top, left, bottom, right = row.field.box(place, place, 16, 16)
            true = touched(model, model.slot(row.path), place, place)
            assert top <= true[0] and left <= true[1] and bottom >= true[2] and right >= true[3], row.path
            assert bottom - top <= true[2] - true[0] + 4, "and not much wider than it is"
