"""Networks that are hard to take apart, for the scripts."""

from __future__ import annotations

from typing import Any

from attribution_nets import base, head_on_maps


def beside_numbers() -> Any:
    """An image and numbers, by name; two outputs, of which the second tells classes."""
    import keras

    layers = keras.layers
    image, numbers = keras.Input((16, 16, 3), name="image"), keras.Input((4,), name="numbers", dtype="int32")
    maps = layers.Conv2D(8, 3, activation="relu", name="maps")(image)
    joined = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(maps), layers.Dense(3)(keras.ops.cast(numbers, "float32"))]
    )
    scores = layers.Dense(4, activation="softmax", name="scores")(joined)
    return keras.Model(
        {"image": image, "numbers": numbers}, [layers.Conv2D(2, 1, name="other")(maps), scores]
    )


def heads() -> Any:
    """Classes and a box, which Keras sorts first."""
    import keras

    layers = keras.layers
    image = keras.Input((16, 16, 3))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv")(image))
    kind = layers.Dense(3, activation="softmax", name="kind")(values)
    return keras.Model(image, {"kind": kind, "box": layers.Dense(4, name="box")(values)})


def towers() -> Any:
    """One tower for two images, which are not added up alike."""
    import keras

    layers = keras.layers
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    tower = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
        ],
        name="tower",
    )
    joined = layers.Concatenate()([tower(left), layers.Rescaling(0.5)(tower(right))])
    return keras.Model([left, right], layers.Dense(3, name="scores")(joined))


def three_times() -> Any:
    """One convolution called three times."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    conv = layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")
    average = layers.GlobalAveragePooling2D()(conv(conv(conv(inputs))))
    return keras.Model(inputs, layers.Dense(2, activation="softmax", name="scores")(average))


def arithmetic() -> Any:
    """Sum, ReLU and softmax outside of layers."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    first = layers.Conv2D(6, 3, padding="same", name="first")(inputs)
    second = layers.Conv2D(6, 3, padding="same", name="second")(first)
    maps = keras.ops.relu(first + second)
    scores = layers.Dense(3, name="scores")(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(inputs, keras.ops.softmax(scores))


def twice_nested() -> Any:
    """A base in a Sequential in a Sequential."""
    import keras

    layers = keras.layers
    outer = keras.Sequential([keras.Input((16, 16, 3)), layers.Rescaling(2.0), base()], name="outer")
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            outer,
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def any_size() -> Any:
    """Height and width are free; the ReLU leaks and has an upper bound."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.ReLU(6.0, negative_slope=0.1, name="maps"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="scores"),
            layers.Activation("softmax"),
        ]
    )


def one_sigmoid() -> Any:
    """Two classes told by one number."""
    import keras

    return head_on_maps(keras.layers.Dense(1, activation="sigmoid", name="scores"))


def several_sigmoids() -> Any:
    """Every class for itself, dropout behind it."""
    import keras

    layers = keras.layers
    return head_on_maps(layers.Dense(3, activation="sigmoid", name="scores"), layers.Dropout(0.2))


def softmax_twice() -> Any:
    """One layer with softmax called twice, of which the second call tells classes."""
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3, name="maps")(inputs))
    scores = layers.Dense(3, activation="softmax", name="scores")
    return keras.Model(inputs, scores(scores(values)))


def softmax_layer_twice() -> Any:
    """A softmax layer called twice, over places and over classes."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    softmax = layers.Softmax(name="softmax")
    maps = softmax(layers.Conv2D(3, 3, name="maps")(inputs))
    return keras.Model(inputs, softmax(layers.Dense(3)(layers.GlobalAveragePooling2D()(maps))))


def split() -> Any:
    """A step that puts out two tensors, which speak for different classes."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    maps = layers.Conv2D(6, 3, activation="relu", name="maps")(inputs)
    first, second = keras.src.ops.Split(2, axis=-1, name="halves")(maps)
    joined = layers.Concatenate()([layers.Rescaling(2.0)(first), second])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(joined)))


def softmax_on_one_pixel() -> Any:
    """The classes of a fully convolutional network, flattened after their softmax."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, activation="relu", name="maps"),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Conv2D(3, 1, activation="softmax", name="scores"),
            layers.Flatten(),
        ]
    )


def softmax_at_every_pixel() -> Any:
    """Each place tells classes for itself, and the mean of what they tell is the answer."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, activation="relu", name="maps"),
            layers.Conv2D(3, 1, activation="softmax", name="scores"),
            layers.GlobalAveragePooling2D(),
        ]
    )


def log_softmax() -> Any:
    """Logarithms of probabilities put out."""
    import keras

    return head_on_maps(keras.layers.Dense(3, activation="log_softmax", name="scores"))
