"""keras.applications: the table against what Keras builds, and weights that are or are not at hand."""

from __future__ import annotations

import http.server
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.keras_downloads import reported, why_unreachable
from convscope.engine.models.applications.build import build_application, cached, find_application, search
from convscope.engine.models.applications.table import APPLICATIONS, counted, shrunk
from convscope.engine.models.library.catalogue import open_application, open_model
from convscope.engine.models.opened import OpenedModel

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    # Keras 3.15 with NumPy 2.4, when it writes a file.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]


def test_the_table_is_all_of_keras_applications() -> None:
    import inspect

    import keras

    theirs = {name for name, value in vars(keras.applications).items() if inspect.isfunction(value)}
    assert theirs == set(APPLICATIONS)


# The published multiply-adds and receptive fields (Araujo et al. 2019); more of them in test_compare.
@pytest.mark.parametrize(
    ("name", "billions", "sees"),
    [
        ("MobileNetV2", 0.301, 491),
        ("MobileNetV3Small", 0.0565, 639),
        ("EfficientNetB0", 0.386, 851),
    ],
)
def test_counts_are_those_of_keras_and_of_the_papers(name: str, billions: float, sees: int) -> None:
    model = open_application(name)
    row, totals = APPLICATIONS[name], model.summary.totals
    assert totals.parameters == row.parameters == model.keras.count_params()
    assert model.input_shape == (row.input_size, row.input_size, 3)
    assert totals.multiply_adds is not None
    assert totals.multiply_adds / 1e9 == pytest.approx(billions, rel=0.002)
    maps = [layer for layer in model.layers if layer.field is not None and not layer.field.whole]
    assert maps[-1].field is not None
    assert maps[-1].field.size == (sees, sees)
    assert maps[-1].shape == (shrunk(row, row.input_size),) * 2 + (row.channels,)
    batch = np.random.default_rng(0).random((1, row.input_size, row.input_size, 3), np.float32)
    found = model.function(model.program.outputs)(*model.inputs_for(batch))[0]
    np.testing.assert_allclose(found, model.keras(batch, training=False), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "size"),
    [("VGG16", 150), ("DenseNet121", 75), ("Xception", 71), ("NASNetMobile", 97), ("ConvNeXtTiny", 70)],
)
def test_bases_are_counted_before_they_are_built(name: str, size: int) -> None:
    model = build_application(name, include_top=False, input_shape=(size, size, 3))
    row = APPLICATIONS[name]
    assert model.output_shape[1:] == (shrunk(row, size), shrunk(row, size), row.channels)
    assert model.count_params() == row.base_parameters
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == row.base_trained


@pytest.mark.parametrize(
    ("name", "include_top", "size"),
    [
        ("VGG16", True, (64, 96, 3)),
        ("VGG16", True, (224, 224, 3)),
        ("VGG19", False, (64, 64, 3)),
        ("MobileNetV2", True, (96, 128, 3)),
        ("MobileNetV2", False, (None, None, 3)),
        ("ConvNeXtTiny", False, (64, 64, 3)),
    ],
)
def test_weights_are_counted_before_anything_is_opened(
    name: str, include_top: bool, size: tuple[int | None, ...]
) -> None:
    import keras

    with keras.StatelessScope(initialize_variables=False):
        theirs = build_application(name, include_top=include_top, input_shape=size)
    assert counted(APPLICATIONS[name], include_top, size) == theirs.count_params()
    assert counted(APPLICATIONS["VGG16"], True, (None, None, 3)) is None
    assert counted(APPLICATIONS[name], include_top, (*size[:2], 1)) is None


def test_every_row_has_its_own_preprocessing() -> None:
    import importlib

    pixels = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3)).astype(np.float32)
    import keras

    from convscope.engine.data.preprocessing import MODES

    for row in APPLICATIONS.values():
        module = importlib.import_module(getattr(keras.applications, row.name).__module__)
        theirs = module.preprocess_input(pixels.copy())
        np.testing.assert_allclose(MODES[row.mode].apply(pixels), theirs, atol=2e-5, err_msg=row.name)


def test_search() -> None:
    assert [row.name for row in search("efficientnet b0")] == ["EfficientNetB0", "EfficientNetV2B0"]
    assert len(search("")) == len(APPLICATIONS)
    found = find_application("mobilenet-v2")
    assert found is not None
    assert found.name == "MobileNetV2"
    assert find_application("lenet") is None


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"name": "AlexNet"}, "AlexNet is not one of keras.applications."),
        (
            {"name": "Xception", "input_shape": (64, 64, 3)},
            "Xception needs images of at least 71×71, not 64×64.",
        ),
        (
            {"name": "VGG16", "weights": "imagenet", "input_shape": (150, 150, 3)},
            "With its classifier and ImageNet weights VGG16 takes 224×224 images; leave the classifier out"
            " for other sizes.",
        ),
        (
            {"name": "VGG16", "weights": "imagenet", "input_shape": (224, 224, 1)},
            "VGG16 with ImageNet weights takes colour images, not 1 channels.",
        ),
        (
            {"name": "VGG16", "weights": "imagenet", "classes": 5},
            "The classifier of VGG16 with ImageNet weights has 1,000 classes.",
        ),
    ],
)
def test_what_cannot_be_built_is_said(how: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        build_application(how.pop("name"), **how)
    assert told.value.message == sentence


def test_offline_it_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: Any, **how: Any) -> Any:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    (tmp_path / "models").mkdir()
    for name in (
        "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "weights_mobilenet_v3_small_224.h5",
    ):
        (tmp_path / "models" / name).write_bytes(b"")
    assert cached() == ("ResNet50V2", "MobileNetV3Small")
    # Nothing is built before the weights are known to be had.
    monkeypatch.delattr("keras.applications.MobileNet")
    with pytest.raises(UserError) as told:
        open_model("mobilenet", weights="imagenet")
    assert told.value.message == (
        "The ImageNet weights of MobileNet are not on this machine and cannot be downloaded now: put Keras's "
        f"file of them into {tmp_path / 'models'} by hand, or open one that is on this machine: imagenet "
        "(EfficientNet-Lite0, shipped), ResNet50V2, MobileNetV3Small."
    )


def test_a_server_is_asked_before_anything_is_built(server: str) -> None:
    assert why_unreachable(server, Task()) == ""
    address = server.rpartition("/")[0]
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        assert "refused" in why_unreachable(closed, Task())
    assert why_unreachable(f"{address}/missing", Task()) == "", "even no is an answer"
    stopped = Task()
    stopped.cancel()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Cancelled):
        why_unreachable(f"http://127.0.0.1:{silent.getsockname()[1]}/", stopped)


@pytest.fixture
def server() -> Iterator[str]:
    """A server on this machine that has one file of 3 MB."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404 if self.path == "/missing" else 200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "3000000")
            self.end_headers()
            try:
                self.wfile.write(b"x" * 3_000_000)
            except ConnectionError:
                return

        def log_message(self, *args: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/weights.h5"
        running.shutdown()
        thread.join()


def test_downloads_report_and_stop(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    said: list[tuple[float | None, str]] = []
    with reported(Task(lambda fraction, text: said.append((fraction, text))), "the weights"):
        path = keras.utils.get_file(origin=server, cache_dir=tmp_path, cache_subdir="a")
    assert Path(path).stat().st_size == 3_000_000
    assert said[-1] == (1.0, "Downloading the weights: 3 of 3 MB")
    assert len(said) > 5
    assert capsys.readouterr().out == ""

    stopping = Task(lambda fraction, text: stopping.cancel())
    with pytest.raises(Cancelled), reported(stopping, "the weights"):
        keras.utils.get_file(origin=server, cache_dir=tmp_path, cache_subdir="b")
    assert list((tmp_path / "b").iterdir()) == []
    # Outside of the block Keras downloads as it always did.
    keras.utils.get_file(origin=server, cache_dir=tmp_path, cache_subdir="c")
    assert "Downloading data" in capsys.readouterr().out


def test_random_weights_are_said_to_mean_nothing() -> None:
    model = open_application("MobileNetV2", input_shape=(64, 64, 3))
    assert "random" in model.notes[0]
    assert model.source.weights == "random"
    assert len(model.classes) == 1000


def test_weights_from_a_file(tmp_path: Path) -> None:
    shape = (64, 64, 3)
    first = build_application("MobileNetV2", input_shape=shape)
    first.save_weights(tmp_path / "m.weights.h5")
    second = open_model("mobilenetv2", weights=tmp_path / "m.weights.h5", input_shape=shape)
    assert isinstance(second, OpenedModel)
    for a, b in zip(first.get_weights(), second.keras.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert second.source.weights == "m.weights.h5"
    bare = open_model("mlp").keras
    bare.save_weights(tmp_path / "mlp.weights.h5")
    assert open_model("mlp", weights=tmp_path / "mlp.weights.h5").source.weights == "mlp.weights.h5"
    with pytest.raises(UserError, match=r"^The weights in m\.weights\.h5 do not belong to MobileNet\."):
        open_model("mobilenet", weights=tmp_path / "m.weights.h5", input_shape=shape)
