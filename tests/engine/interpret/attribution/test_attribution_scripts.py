"""Scripts that make the same map: run by themselves, with nothing of the app.

All of them run in one process of their own, since Keras takes seconds to start; each test waits for its own.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import script_nets
from attribution_nets import flat, functional, mixed, nested, randomised

from convscope.core.errors import UserError
from convscope.engine.data.preprocessing import MODES
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.layers import usable_layers
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.picture import Style, picture
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.script.map_script import to_python
from convscope.engine.interpret.attribution.script.saving import save_script
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.io.save import save_png
from convscope.imaging.samples import load_sample

# It tells each folder whose script has run.
RUN = """
import os, runpy, sys, keras
for line in sys.stdin:
    folder = line.strip()
    os.chdir(folder)
    runpy.run_path(os.path.join(folder, "script.py"), run_name="__main__")
    print(folder, flush=True)
"""
SETTINGS: dict[str, dict[str, Any]] = {
    "smooth-grad": {"samples": 10},
    "integrated-gradients": {"steps": 12, "baseline": "mean"},
    "occlusion": {"window": 40.0, "fill": "white"},
    "rise": {"masks": 90},
}
# By name: how it is made, and the methods (with the layer, or the app's own).
NETS: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "nested": (nested, ("hires-cam base/join", "hires-cam base/conv1", "guided-grad-cam", "score-cam")),
    "functional": (functional, ("hires-cam first", "guided-backprop")),
    "beside_numbers": (script_nets.beside_numbers, ("guided-grad-cam", "rise", "score-cam")),
    "towers": (script_nets.towers, ("hires-cam", "hires-cam tower@2/conv", "guided-grad-cam", "occlusion")),
    "three_times": (script_nets.three_times, ("hires-cam conv", "hires-cam conv@2", "guided-grad-cam")),
    "arithmetic": (script_nets.arithmetic, ("hires-cam first", "guided-grad-cam")),
    "twice_nested": (script_nets.twice_nested, ("hires-cam outer/base/conv2", "guided-grad-cam")),
    "any_size": (script_nets.any_size, ("guided-grad-cam", "xgrad-cam")),
    "one_sigmoid": (script_nets.one_sigmoid, ("guided-grad-cam", "rise")),
    "several_sigmoids": (script_nets.several_sigmoids, ("grad-cam++", "rise")),
    "softmax_twice": (script_nets.softmax_twice, ("hires-cam", "gradient-x-input")),
    "softmax_layer_twice": (script_nets.softmax_layer_twice, ("hires-cam", "occlusion")),
    "softmax_on_one_pixel": (script_nets.softmax_on_one_pixel, ("hires-cam maps", "guided-grad-cam", "rise")),
    "softmax_at_every_pixel": (script_nets.softmax_at_every_pixel, ("hires-cam maps", "gradient-x-input")),
    "log_softmax": (script_nets.log_softmax, ("hires-cam", "guided-grad-cam", "rise")),
    "split": (script_nets.split, ("hires-cam halves", "guided-grad-cam halves", "eigen-cam halves")),
}
HALF: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "nested": (nested, ("hires-cam base/join", "guided-grad-cam", "rise")),
    "functional": (functional, ("integrated-gradients",)),
    "arithmetic": (script_nets.arithmetic, ("guided-grad-cam",)),
    "beside_numbers": (script_nets.beside_numbers, ("guided-grad-cam", "score-cam")),
}


def cases(
    folder: Path, digits: OpenedModel, imagenet: OpenedModel
) -> dict[str, tuple[AttributionContext, MapRequest, Style]]:
    """Everything that a script is written for."""
    made: dict[str, tuple[AttributionContext, MapRequest, Style]] = {}
    seven = AttributionContext(digits, load_sample("digit-7"))
    for method in METHODS:
        made[method] = (
            seven,
            MapRequest(method, ScoreTarget(7, 1), settings=SETTINGS.get(method, {})),
            Style(),
        )
    for words, special in {
        "blurred": MapRequest("integrated-gradients", settings={"steps": 5, "baseline": "blurred"}),
        "probability": MapRequest("rise", ScoreTarget(3), settings={"masks": 90, "score": "probability"}),
        "strongest": MapRequest("score-cam", settings={"channels": 16}),
    }.items():
        made[words] = seven, special, Style(opacity=0.8, how="nearest", colormap="gray", blend="even")
    coffee = AttributionContext(imagenet, load_sample("coffee"))
    made["shipped"] = coffee, MapRequest("grad-cam"), Style()
    # Other paths lead around this layer.
    made["shipped early"] = coffee, MapRequest("layer-cam", layer="block2b_dw_relu6"), Style()
    made["shipped guided"] = coffee, MapRequest("guided-backprop"), Style()
    drawing = AttributionContext(digits, Image(load_sample("digit-3").values, "drawing"))
    made["drawing"] = drawing, MapRequest("grad-cam", ScoreTarget(3)), Style()
    # Neither the network nor the picture has a file.
    pasted = Image(load_sample("coffee").values[:150, :170], "pasted")
    unsaved = AttributionContext(OpenedModel(randomised(mixed(nested))), pasted)
    made["unsaved"] = unsaved, MapRequest("hires-cam", ScoreTarget(1), "base/join"), Style()

    noise = np.random.default_rng(1).integers(0, 256, (30, 20, 3)).astype(np.uint8)
    save_png(folder / "noise.png", noise)
    save_png(folder / "gray.png", noise[..., 0])
    image = load_image(folder / "noise.png")
    for half, nets in ((False, NETS), (True, HALF)):
        for name, (make, requests) in nets.items():
            path = folder / f"{name}{'-half' if half else ''}.keras"
            randomised(mixed(make) if half else make()).save(path)
            opened = open_model(path)
            # Of the whole image, stretched, some of these random networks have no guided Grad-CAM.
            context = AttributionContext(
                opened.with_(preprocessing=replace(opened.preprocessing, resize="crop")), image
            )
            for text in requests:
                method, _, layer = text.partition(" ")
                settings = SETTINGS.get(method, {})
                if method == "rise":
                    settings = {**settings, "score": "probability"}
                made[f"{path.stem} {text}"] = (
                    context,
                    MapRequest(method, ScoreTarget(1), layer or None, settings),
                    Style(),
                )
    flat_path = folder / "flat.keras"
    randomised(flat()).save(flat_path)
    for resize in ("crop", "pad", "stretch"):
        model = open_model(flat_path).with_(preprocessing=replace(MODES["caffe"], resize=resize))
        context = AttributionContext(model, load_image(folder / "gray.png"))
        made[resize] = context, MapRequest("gradient-x-input", ScoreTarget(1)), Style()
    for layer in usable_layers(model):
        made[f"flat {layer.path}"] = context, MapRequest("hires-cam", ScoreTarget(1), layer.path), Style()
    heads = folder / "heads.keras"
    randomised(script_nets.heads()).save(heads)
    # A number of the output that is not shown by itself, and what pulls it down.
    context = AttributionContext(open_model(heads).with_(output="box"), image)
    for method in ("hires-cam", "rise"):
        settings = {**SETTINGS["rise"], "score": "probability"} if method == "rise" else {}
        made[f"box {method}"] = (
            context,
            MapRequest(method, ScoreTarget(2, down=True), settings=settings),
            Style(),
        )
    return made


NAMES = [
    *METHODS,
    *(
        "blurred",
        "probability",
        "strongest",
        "shipped",
        "shipped early",
        "shipped guided",
        "drawing",
        "unsaved",
    ),
    *(f"{name} {text}" for name, (_make, texts) in NETS.items() for text in texts),
    *(f"{name}-half {text}" for name, (_make, texts) in HALF.items() for text in texts),
    *("crop", "pad", "stretch", "flat first", "flat halve", "flat maps"),
    *("box hires-cam", "box rise"),
]


class Scripts:
    """All cases, each with a folder of its own, and the process in which their scripts run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ran: set[str] = set()
        self._errors = (folder / "errors").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.made: dict[str, tuple[AttributionContext, MapRequest, Style, Path]] = {}

    def add(self, name: str, context: AttributionContext, request: MapRequest, style: Style) -> None:
        """Write a script, with what it could not open otherwise, and have it run."""
        place = self._folder / str(len(self.made))
        place.mkdir()
        save_script(place / "script.py", context, request, style)
        self.made[name] = context, request, style, place
        assert self._process.stdin is not None
        self._process.stdin.write(f"{place}\n")
        self._process.stdin.flush()

    def wait(self, name: str) -> None:
        """Until this script has run."""
        place = str(self.made[name][3])
        assert self._process.stdout is not None
        while place not in self._ran:
            line = self._process.stdout.readline()
            assert line, self._told()
            self._ran.add(line.strip())

    def _told(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-3000:]

    def end(self) -> None:
        """Let the process end."""
        self._process.communicate()
        self._errors.close()


@pytest.fixture(scope="module")
def scripts(
    digits: OpenedModel, imagenet: OpenedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scripts]:
    """All cases; their scripts run while other things are looked at."""
    folder = tmp_path_factory.mktemp("scripts")
    made = Scripts(folder)
    for name, case in cases(folder, digits, imagenet).items():
        made.add(name, *case)
    assert list(made.made) == NAMES
    yield made
    made.end()


@pytest.mark.parametrize("name", NAMES)
def test_a_script_makes_the_same_map(scripts: Scripts, name: str) -> None:
    context, request, style, place = scripts.made[name]
    ours = explain(context, request)
    scripts.wait(name)
    size = np.abs(ours.relevance).max()
    assert size > 0
    np.testing.assert_allclose(np.load(place / "heat.npy"), ours.relevance, atol=1e-5 * size)
    # The overlay too, but for the colours between sixteen of the scale's.
    overlay = load_image(place / "overlay.png").values.astype(np.int16)
    assert overlay.shape == (*ours.pixels.shape[:2], 3)
    # (Pillow's nearest cell is another one where a pixel's middle is on the border of two.)
    if style.how == "bilinear" or ours.relevance.shape == ours.pixels.shape[:2]:
        assert np.abs(overlay - picture(ours, style)).max() <= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_short_and_needs_keras_numpy_and_pillow(scripts: Scripts, name: str) -> None:
    _look, request, _style, place = scripts.made[name]
    text = (place / "script.py").read_text(encoding="utf-8")
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert names <= {"json", "pathlib", "keras", "numpy", "PIL"}
    assert text.startswith(f'"""{METHODS[request.method].title} of "')
    assert len([line for line in text.splitlines() if line.strip()]) <= 125
    assert "\n\n\n\n" not in text and not any(line != line.rstrip() for line in text.splitlines())


def test_layers_of_keras_applications_are_told_by_their_place(tmp_path: Path) -> None:
    """Keras counts names up: what is "activation_94" here may be "activation" in the script's process."""
    keras_model = randomised(functional())
    source = ModelSource("application", "InceptionV3", weights="ImageNet")
    model = OpenedModel(keras_model, source=source)
    save_png(tmp_path / "noise.png", np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8))
    text = to_python(
        AttributionContext(model, load_image(tmp_path / "noise.png")),
        MapRequest("guided-grad-cam", ScoreTarget(1)),
    )
    assert "keras.applications.InceptionV3(" in text and "get_layer" not in text
    tree = ast.parse(text)
    places = [
        ast.literal_eval(node.slice)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "model.operations"
    ]
    listed = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "relus"
    )
    named = [keras_model.operations[place].name for place in (*places, *ast.literal_eval(listed))]
    assert sorted(named) == ["first", "maps", "second", "softmax"]


def test_what_a_script_cannot_open(digits: OpenedModel, tmp_path: Path) -> None:
    for context, words in (
        (
            AttributionContext(open_model("mnist-small"), load_sample("digit-7")),
            "has no file that Keras opens",
        ),
        (
            AttributionContext(digits, Image(np.zeros((100, 100), np.uint8), "pasted")),
            "pasted has no picture file",
        ),
    ):
        with pytest.raises(UserError, match=words):
            to_python(context, MapRequest("grad-cam"))


def test_what_lies_beside_a_script_is_left_alone(tmp_path: Path) -> None:
    for name in ("mine.keras", "mine-2.classes.json", "mine.png"):
        (tmp_path / name).write_text("mine")
    context = AttributionContext(
        OpenedModel(randomised(flat())), Image(np.zeros((80, 90, 3), np.uint8), "pasted")
    )
    files = save_script(tmp_path / "mine.py", context, MapRequest("grad-cam", ScoreTarget(1)))
    assert [one.name for one in files] == ["mine.py", "mine-3.keras", "mine-3.classes.json", "mine-2.png"]
    assert (tmp_path / "mine.keras").read_text() == (tmp_path / "mine.png").read_text() == "mine"
    text = files[0].read_text(encoding="utf-8")
    assert "with_name('mine-3.keras')" in text and "with_name('mine-2.png')" in text


def test_a_network_that_keras_does_not_open_again_leaves_no_files(tmp_path: Path) -> None:
    import keras

    class Own(keras.layers.Layer):  # type: ignore[misc]
        def call(self, values: Any) -> Any:
            return values * 2.0

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    values = layers.GlobalAveragePooling2D()(Own()(layers.Conv2D(4, 3)(inputs)))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(values), name="own")
    context = AttributionContext(
        OpenedModel(randomised(model)), Image(np.zeros((8, 9, 3), np.uint8), "blank")
    )
    with pytest.raises(UserError, match="own has layers that Keras does not open again from a file"):
        save_script(tmp_path / "own.py", context, MapRequest("saliency", ScoreTarget(1)))
    assert list(tmp_path.iterdir()) == []
