"""What Keras keeps for the whole process: a seed is one's own, and every processor computes every layer."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.engine import keras_compat
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.keras_compat import processors
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.reuse.built import build_model
from convscope.engine.runtime import start
from convscope.engine.training import train as training
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.transfer.transfer_model import TransferSettings, compose
from tests.processes import run_process

start()

import keras  # noqa: E402 - after the engine has set TensorFlow up

SMALL: Architecture = TEMPLATES["lenet-5"].architecture
SETTINGS = TrainingSettings(batch_size=16, epochs=2, seed=3)


def with_dropout() -> OpenedModel:
    """A network whose training draws numbers at every step."""
    with keras_compat.seeded(0):
        return OpenedModel(
            keras.Sequential(
                [
                    keras.Input((8, 8, 1)),
                    keras.layers.Conv2D(4, 3, activation="relu"),
                    keras.layers.Flatten(),
                    keras.layers.Dropout(0.4),
                    keras.layers.Dense(3, activation="softmax"),
                ],
                name="drops",
            )
        )


@pytest.fixture(scope="module")
def noise() -> Dataset:
    """96 images in three classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (96, 8, 8), np.uint8)
    return array_dataset(pixels, np.arange(96) % 3, reference="noise", title="Noise").with_split(
        SplitSettings(0.2, 0.1)
    )


def weights(model: OpenedModel) -> list[bytes]:
    """Bit for bit."""
    return [np.ascontiguousarray(variable).tobytes() for variable in model.keras.get_weights()]


@contextmanager
def others_building() -> Iterator[None]:
    """Networks are built on another thread: with a seed, and layers with none."""
    going = threading.Event()
    going.set()
    interval = sys.getswitchinterval()

    def build() -> None:
        number = 0
        while going.is_set():
            number += 1
            keras.layers.Dropout(0.5)
            keras.initializers.GlorotUniform()
            if number % 20 == 0:
                build_model(SMALL, seed=number)

    thread = threading.Thread(target=build)
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        yield
    finally:
        going.clear()
        thread.join()
        sys.setswitchinterval(interval)


def test_networks_built_beside_a_training_change_nothing_in_it(noise: Dataset) -> None:
    alone = training.train(with_dropout(), noise, SETTINGS)
    with others_building():
        beside = training.train(with_dropout(), noise, SETTINGS)
    assert weights(beside.model) == weights(alone.model)
    assert [dict(record.values) for record in beside.fitted.epochs] == [
        dict(record.values) for record in alone.fitted.epochs
    ]


def test_a_training_beside_it_changes_nothing_in_what_is_built(noise: Dataset) -> None:
    alone = weights(build_model(SMALL, seed=5))
    done = threading.Event()
    built: list[list[bytes]] = []

    def build() -> None:
        while not done.is_set():
            built.append(weights(build_model(SMALL, seed=5)))

    thread = threading.Thread(target=build)
    thread.start()
    try:
        training.train(with_dropout(), noise, SETTINGS)
    finally:
        done.set()
        thread.join()
    assert built and all(each == alone for each in built)


def test_another_seed_set_in_the_middle_is_not_heard(monkeypatch: pytest.MonkeyPatch, noise: Dataset) -> None:
    """The moment that breaks an unguarded seed: another thread sets its own before the layers are made."""
    alone = training.train(with_dropout(), noise, SETTINGS)
    copy = training.copy_model

    def later(model: Any) -> Any:
        thread = threading.Thread(target=build_model, args=(SMALL, 99))
        thread.start()
        thread.join()
        return copy(model)

    monkeypatch.setattr(training, "copy_model", later)
    assert weights(training.train(with_dropout(), noise, SETTINGS).model) == weights(alone.model)


def test_a_seed_gives_what_keras_own_function_gives() -> None:
    keras.utils.set_random_seed(7)
    expected = [keras.layers.Dense(4)(np.ones((1, 3), np.float32)).numpy() for _ in range(3)]
    with keras_compat.seeded(7):
        found = [keras.layers.Dense(4)(np.ones((1, 3), np.float32)).numpy() for _ in range(3)]
    assert np.array_equal(found, expected)


def test_seeds_within_seeds_and_after_them() -> None:
    def value() -> int:
        return int(keras.random.SeedGenerator().state.numpy()[0])

    with keras_compat.seeded(1):
        first = [value(), value()]
    with keras_compat.seeded(1):
        start_of_outer = value()
        with keras_compat.seeded(2):
            inner = value()
        assert [start_of_outer, value()] == first
    with keras_compat.seeded(2):
        assert value() == inner
    random.seed(11)
    expected = random.randint(1, 10**9)
    random.seed(11)
    assert value() == expected, "outside, Keras draws from Python's source as ever"


def test_the_base_under_a_new_classifier_drops_the_same_for_the_same_seed() -> None:
    def seeds() -> list[list[int]]:
        composed = compose(with_dropout(), ("a", "b", "c"), TransferSettings("frozen"), seed=4)
        states = [v for v in composed.model.keras.variables if v.path.endswith("seed_generator_state")]
        assert states
        return [[int(n) for n in state.numpy()] for state in states]

    assert seeds() == seeds()


# -- processors ----------------------------------------------------------------------------------------------

ANYWHERE: dict[str, Callable[[], Any]] = {
    "transposed, dilated": lambda: keras.layers.Conv2DTranspose(3, 3, dilation_rate=2),
    "transposed, dilated, same": lambda: keras.layers.Conv2DTranspose(
        3, (2, 3), dilation_rate=2, padding="same"
    ),
    "transposed, dilated one way": lambda: keras.layers.Conv2DTranspose(3, 3, dilation_rate=(1, 3)),
    "transposed, in half precision": lambda: keras.layers.Conv2DTranspose(
        3, 3, dilation_rate=2, dtype="mixed_float16"
    ),
    "depthwise, two strides": lambda: keras.layers.DepthwiseConv2D(
        (2, 5), strides=(3, 2), depth_multiplier=2
    ),
    "depthwise, two strides, same": lambda: keras.layers.DepthwiseConv2D(3, strides=(4, 2), padding="same"),
    "separable, two strides": lambda: keras.layers.SeparableConv2D(3, 3, strides=(1, 2), padding="same"),
}


def by_hand(layer: Any, x: np.ndarray) -> np.ndarray:
    """The layer's definition, sum by sum."""
    config = layer.get_config()
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    kernel = np.asarray(layer.kernel if transposed or not hasattr(layer, "depthwise_kernel") else 0)
    same, (rows, columns) = config["padding"] == "same", config["strides"]
    n, height, width, channels = x.shape
    if transposed:
        down, right = config["dilation_rate"]
        tall, wide = (kernel.shape[0] - 1) * down + 1, (kernel.shape[1] - 1) * right + 1
        full = np.zeros((n, height + tall - 1, width + wide - 1, kernel.shape[2]))
        for i in range(kernel.shape[0]):
            for j in range(kernel.shape[1]):
                top, left = i * down, j * right
                full[:, top : top + height, left : left + width] += x @ kernel[i, j].T
        if not same:
            return full
        top, left = (tall - 1) // 2, (wide - 1) // 2
        return full[:, top : top + height, left : left + width]
    kernel = np.asarray(layer.kernel if hasattr(layer, "kernel") else layer.depthwise_kernel)
    tall, wide, _, depth = kernel.shape
    if same:
        high = max((-(-height // rows) - 1) * rows + tall - height, 0)
        broad = max((-(-width // columns) - 1) * columns + wide - width, 0)
        around = ((high // 2, high - high // 2), (broad // 2, broad - broad // 2))
        x = np.pad(x, ((0, 0), *around, (0, 0)))
    down, right = (x.shape[1] - tall) // rows + 1, (x.shape[2] - wide) // columns + 1
    out = np.zeros((n, down, right, channels, depth))
    for i in range(down):
        for j in range(right):
            window = x[:, i * rows : i * rows + tall, j * columns : j * columns + wide]
            out[:, i, j] = np.einsum("nhwc,hwcd->ncd", window, kernel)
    out = out.reshape(n, down, right, channels * depth)
    if isinstance(layer, keras.layers.SeparableConv2D):
        out = out @ np.asarray(layer.pointwise_kernel)[0, 0]
    return out


@pytest.mark.parametrize("lacking", [False, True], ids=["as this processor has it", "without the kernels"])
@pytest.mark.parametrize("name", ANYWHERE)
def test_a_layer_is_its_definition(name: str, lacking: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if lacking:
        monkeypatch.setattr(processors, "_runs", lambda work: False)
    processors._dilates_transposed.cache_clear()
    processors._strides_apart.cache_clear()
    layer, x = ANYWHERE[name](), np.random.default_rng(1).normal(size=(2, 9, 11, 4)).astype(np.float32)
    try:
        found = np.asarray(layer(x), np.float32)
    finally:
        processors._dilates_transposed.cache_clear()
        processors._strides_apart.cache_clear()
    expected = by_hand(layer, x)
    assert found.shape == expected.shape == tuple(layer.compute_output_shape(x.shape))
    assert np.abs(found - expected).max() < (0.02 if "half" in name else 1e-5)


# Each line of what is printed is one fact; TensorFlow reads the variable when it is imported.
ON_A_PLAIN_PROCESSOR = """
import json, os, sys
from convscope.engine import keras_compat, runtime
from convscope.core.errors import UserError
runtime.start()
import keras, numpy as np
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.train import train

random = np.random.default_rng(0)
pixels = random.integers(0, 256, (60, 8, 8), np.uint8)
data = array_dataset(pixels, np.arange(60) % 3, reference="x", title="X")
told = {"onednn": keras_compat.has_onednn()}

def tried(name, *layers):
    model = OpenedModel(keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Flatten(),
                                          keras.layers.Dense(3, activation="softmax")], name=name))
    try:
        done = train(model, data, TrainingSettings(epochs=1))
        told[name] = done.fitted.outcome
    except UserError as error:
        told[name] = error.message

L = keras.layers
tried("dilated", L.Conv2DTranspose(4, 3, dilation_rate=2, activation="relu"))
tried("strides", L.SeparableConv2D(4, 3, strides=(1, 2)), L.DepthwiseConv2D(3, strides=(2, 1)))
tried("first", L.Conv2D(4, 3, data_format="channels_first", padding="same"))
print(json.dumps(told))
"""


@pytest.mark.parametrize("onednn", ["0", "1", None])
def test_what_a_processor_computes_and_what_it_says_of_the_rest(onednn: str | None) -> None:
    space = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    if onednn is not None:
        space["TF_ENABLE_ONEDNN_OPTS"] = onednn
    done = run_process([sys.executable, "-c", ON_A_PLAIN_PROCESSOR], env=space)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["dilated"] == told["strides"] == "finished"
    if told["onednn"]:
        assert onednn != "0" and told["first"] == "finished"
    else:
        # Also on a processor for which TensorFlow was built without.
        assert told["first"].startswith("first has a layer that TensorFlow cannot compute on this processor:")
        if onednn == "0":
            assert "start without TF_ENABLE_ONEDNN_OPTS=0" in told["first"]


# -- the sources ------------------------------------------------------------------------------------------

ROOM = "convscope/engine/keras_compat/"
# Names of Keras's and TensorFlow's that a file may have, not what is taken of them.
IN_FILES = ("_layer_checkpoint_dependencies", "_functions")
# What belongs to the whole process.
OF_THE_PROCESS = re.compile(
    r"set_random_seed|set_(floatx|image_data_format|dtype_policy|global_policy)\(|set_int(ra|er)_op_parallelism"
    r"|register_keras_serializable\(|interactive_logging\(|custom_object_scope\(|enable_op_determinism"
)


def sources() -> dict[str, str]:
    root = Path(keras_compat.__file__).parents[3]
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((root / "convscope").rglob("*.py"))
    }


def own_names(trees: Iterable[ast.Module]) -> set[str]:
    """Whatever the package itself calls something."""
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("self", "cls")
        ):
            found.add(node.attr)
    return found


def private_uses(source: str, own: set[str]) -> list[str]:
    """Modules that are none of Keras's and TensorFlow's public ones, and underscored names of others'."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            found += [name for name in modules if re.match(r"keras\.src|tensorflow\.python", name or "")]
        elif isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in own:
            found.append(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            name = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
            if node.func.id in ("getattr", "hasattr") and isinstance(name, str) and re.match(r"_[a-z]", name):
                found += [name] if name not in own and name not in IN_FILES else []
    return found


def test_private_parts_are_used_in_one_place() -> None:
    texts = sources()
    own = own_names(ast.parse(text) for text in texts.values())
    bad = "import keras.src.models\nmodel._flatten_layers()\nhasattr(x, '_keras_history')"
    assert set(private_uses(bad, own)) == {"keras.src.models", "_flatten_layers", "_keras_history"}
    engine = {path: text for path, text in texts.items() if path.startswith("convscope/engine/")}
    used = {path: private_uses(text, own) for path, text in engine.items()}
    assert any(uses for path, uses in used.items() if path.startswith(ROOM))
    assert {path: uses for path, uses in used.items() if uses and not path.startswith(ROOM)} == {}


def test_what_belongs_to_the_process_is_changed_in_one_place() -> None:
    elsewhere = {}
    for path, text in sources().items():
        # Scripts that are written for a person are words here.
        told = {
            line
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Constant | ast.JoinedStr)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        lines = [
            line
            for number, line in enumerate(text.splitlines(), 1)
            if OF_THE_PROCESS.search(line) and number not in told
        ]
        if lines and not path.startswith(ROOM):
            elsewhere[path] = lines
    assert elsewhere == {}
    assert OF_THE_PROCESS.search(Path(keras_compat.state.__file__).read_text(encoding="utf-8"))
