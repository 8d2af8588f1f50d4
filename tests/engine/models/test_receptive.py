"""Receptive fields against gradients: the pixels that a value depends on, found by differentiating."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.engine.interpret.activations.activations import look
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import TEMPLATES, Draft
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image

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


def skipping() -> Architecture:
    """Strides that skip pixels, and windows that do not fit once more."""
    draft = Draft("skipping", (29, 34, 1))
    draft.conv(2, 1, strides=2)
    draft.conv(2, (2, 3), strides=(3, 2))
    draft.add("MaxPooling2D")
    draft.add("Flatten")
    draft.add("Dropout", rate=0.5)
    draft.add("Dense", units=3)
    return draft.done


def cropped() -> Architecture:
    """Pixels that are cut off, then padding in their place; a dilated window with gaps; a gate."""
    draft = Draft("cropped", (20, 17, 1))
    draft.add("Cropping2D", cropping=((2, 1), (0, 3)))
    source = draft.conv(2, 3, padding="same", dilation_rate=2)
    gate = draft.add("GlobalAveragePooling2D", source, keepdims=True)
    draft.add("Multiply", source, gate)
    draft.conv(2, 3, strides=2)
    draft.add("GlobalAveragePooling2D")
    draft.add("Dense", units=2)
    return draft.done


def enlarged() -> Architecture:
    """Every way in which maps grow again, of sizes that do not divide, and what is left of them."""
    draft = Draft("enlarged", (13, 10, 1))
    draft.conv(2, 3, strides=2)
    draft.add("Conv2DTranspose", filters=2, kernel_size=3, strides=2)
    draft.add("UpSampling2D", size=(2, 3))
    draft.add("Conv2DTranspose", filters=2, kernel_size=(5, 2), strides=(2, 3), padding="same")
    draft.add("UpSampling2D", size=(3, 2), interpolation="bilinear")
    draft.add("AveragePooling2D", pool_size=5, strides=7)
    draft.add("Flatten")
    return draft.done


def weighed(net: Any) -> OpenedModel:
    """With weights that let everything through and cancel nothing."""
    for variable in net.weights:
        values = np.zeros(variable.shape) if variable.name == "bias" else np.ones(variable.shape)
        variable.assign(values / max(1, np.prod(variable.shape[:-1])))
    return OpenedModel(net)


def reached(model: OpenedModel, slots: list[int], axis: int, gates: bool = False) -> list[np.ndarray]:
    """Which rows (axis 0) or columns (1) of the image each value changes with: bool, pixels × the shape.

    Args:
        gates: count what acts by a factor, too.
    """
    import tensorflow as tf

    program = model.program

    def plain(step: Any, call: Any) -> Any:
        if step.activation or step.kind in ("BatchNormalization", "LayerNormalization"):
            return lambda x, **_: x
        if step.kind == "MaxPooling2D":
            layer = step.layer
            return lambda x: tf.nn.avg_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())
        if step.kind == "Multiply" and not gates:
            return lambda given: given[0]
        return call

    shape = [n or 1 for n in program.shapes[program.inputs[0]][1:]]
    lines = np.zeros((shape[axis], *shape), np.float32)
    for number in range(shape[axis]):
        np.moveaxis(lines[number], axis, 0)[number] = 1
    found = program.run({program.inputs[0]: tf.constant(lines)}, slots, plain)
    return [np.asarray(value) > 0 for value in found]


def exact(name: str) -> OpenedModel:
    """One of the nets above, or a template, with such weights."""
    own = {"odd": lambda: odd(1), "dilated": lambda: odd(2), "skipping": skipping}
    own |= {"cropped": cropped, "enlarged": enlarged, "growing": growing}
    return weighed(to_keras(own[name]() if name in own else TEMPLATES[name].architecture))


@pytest.mark.parametrize(
    "name",
    [
        *("odd", "dilated", "skipping", "cropped", "enlarged", "growing"),
        *(
            name
            for name, each in TEMPLATES.items()
            if all(x.kind != "Base" for x in each.architecture.layers)
        ),
    ],
)
def test_every_value_sees_just_the_pixels_that_change_it(name: str) -> None:
    model = exact(name)
    height, width, _ = model.input_shape
    assert height and width
    rows = [
        row for row in model.layers if row.field is not None and row.kind not in ("InputLayer", "Multiply")
    ]
    slots = [model.slot(row.path) for row in rows]
    down, across = (reached(model, slots, axis) for axis in (0, 1))
    for row, tall, wide in zip(rows, down, across, strict=True):
        assert row.field is not None and row.shape is not None
        shape = [n or 1 for n in row.shape]
        places = [(0, 0)] if len(shape) == 1 else [(y, x) for y in range(shape[0]) for x in range(shape[1])]
        for y, x in places[:: max(1, len(places) // 300)]:
            for channel in range(0, shape[-1] if len(shape) == 1 else 1, 7):
                at = (slice(None), channel) if len(shape) == 1 else (slice(None), y, x)
                seen = row.field.at(y, x, height, width, channel)
                # All channels of a map see the same.
                true = [bits(one[at].reshape(len(one), -1).any(axis=1)) for one in (tall, wide)]
                told = [seen.rows, seen.columns] if seen.rows and seen.columns else [0, 0]
                assert told == true, (row.path, y, x, channel)
        together = row.field.together(height, width)
        everywhere = [bits(one.reshape(len(one), -1).any(axis=1)) for one in (tall, wide)]
        if not row.field.gated:
            assert [together.rows, together.columns] == everywhere, row.path


def bits(flags: np.ndarray) -> int:
    return sum(1 << int(n) for n in np.flatnonzero(flags))


def test_what_acts_through_a_gate_is_counted_when_all_is_put_together() -> None:
    model = exact("cropped")
    last = next(row for row in model.layers if row.kind == "Dense")
    field = model.layer("conv2d_1").field
    assert field is not None and field.gated and field.gate is not None and last.field is not None
    slots = [model.slot(last.path)]
    true = [bits(reached(model, slots, axis, gates=True)[0].any(axis=1)) for axis in (0, 1)]
    seen = last.field.together(20, 17)
    assert [seen.rows, seen.columns] == true
    # Two rows at the top, one at the bottom and three columns were cut off.
    assert (seen.box, seen.whole, seen.skips) == ((2, 0, 19, 14), False, False)


def test_a_dense_layer_does_not_see_what_pooling_dropped() -> None:
    """Pooling of 11×11 to 5×5 drops a row and a column: 26×26 of 28×28 pixels, not the whole image."""
    model = OpenedModel(to_keras(TEMPLATES["mnist-convnet"].architecture))
    for path in ("flatten", "dense", "dense_1"):
        field = model.layer(path).field
        assert field is not None and field.whole
        assert field.together(28, 28).box == (0, 0, 26, 26)
    flat = model.layer("flatten").field
    assert flat is not None
    # A number of the flattened maps still stands for one place of them: 3×3 of 64, each sees 18×18 pixels.
    assert flat.flat == (3, 3, 64)
    assert flat.box(0, 0, 28, 28, 64 * 5 + 7) == (4, 8, 22, 26)
    # The network itself: whatever stands in the last two rows and columns, it puts out the same.
    noise = np.random.default_rng(0).random((1, 28, 28, 1)).astype(np.float32)
    other = noise.copy()
    other[:, 26:], other[:, :, 26:] = np.nan, np.inf
    before, after = (model.activations(batch, ["dense_1"])["dense_1"] for batch in (noise, other))
    np.testing.assert_array_equal(before, after)
    other[:, 25, 25] += 1
    assert np.isfinite(after).all()
    assert (model.activations(other, ["dense_1"])["dense_1"] != before).any()


def test_skipped_pixels_are_counted() -> None:
    model = exact("skipping")
    first, last = model.layers[1].field, model.layers[-1].field
    assert first is not None and last is not None
    assert first.together(29, 34).counts == (15, 17)
    seen = last.together(29, 34)
    assert seen.skips and seen.counts < seen.size
    assert seen.size[0] < 29 and seen.size[1] < 34


def test_in_a_nested_model_and_where_sizes_are_free() -> None:
    import keras

    inside = keras.Sequential(
        [keras.Input((11, 11, 4)), keras.layers.MaxPooling2D(), keras.layers.Conv2D(3, 3)], name="inside"
    )
    inputs = keras.Input((13, 13, 1))
    x = keras.layers.Conv2D(4, 3)(inputs)
    net = OpenedModel(keras.Model(inputs, keras.layers.Flatten(name="row")(inside(x))))
    field = net.layer("row").field
    assert field is not None and field.together(13, 13).box == (0, 0, 12, 12)
    free = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            keras.layers.Conv2D(4, 3),
            keras.layers.MaxPooling2D(),
            keras.layers.GlobalAveragePooling2D(name="mean"),
        ]
    )
    opened = OpenedModel(free)
    field = opened.layer("mean").field
    # Of which size the image will be is not known.
    assert field is not None and field.whole and field.image is None
    image = Image(np.zeros((13, 16), np.uint8), "black")
    found = look(opened, image)
    own = found.field("mean")
    assert own is not None and own.together(13, 16).box == (0, 0, 12, 16)
    assert found.field_box("mean", 0, 0) == (0, 0, 12, 16)
