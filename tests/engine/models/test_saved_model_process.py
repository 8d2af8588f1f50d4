"""SavedModels of strangers: what can be loaded, and a process that can do nothing but compute and answer."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UntrustedError, UserError
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.files import saved_model
from convscope.engine.models.files.saved_model import isolation, process
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]

TRIES = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from convscope.engine.models.files.saved_model import isolation

folder, port = Path(sys.argv[1]), int(sys.argv[2])
readable = [sys.prefix, sys.base_prefix, *(p for p in sys.path if p)]
readable += ["/usr", "/lib", "/lib64", "/etc", "/proc"]
isolation.isolate(readable)

def connect():
    with socket.socket() as made:
        made.connect(("127.0.0.1", port))

def append():
    with (folder / "there").open("a") as file:
        file.write("more")

def fork():
    if os.fork() == 0:
        os._exit(0)

def thread():
    made = threading.Thread(target=lambda: None)
    made.start()
    made.join()

tries = {
    "connect": connect,
    "listen": lambda: socket.socketpair(),
    "write": lambda: (folder / "new").write_text("x"),
    "append": append,
    "remove": lambda: (folder / "there").unlink(),
    "rename": lambda: (folder / "there").rename(folder / "elsewhere"),
    "make a folder": lambda: (folder / "made").mkdir(),
    "link": lambda: (folder / "link").symlink_to("/etc/passwd"),
    "chmod": lambda: (folder / "there").chmod(0o777),
    "run a program": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": fork,
    "end another": lambda: os.kill(os.getppid(), 0),
    "read": lambda: (folder / "there").read_text(),
    "compute": lambda: sum(range(1000)),
    "start a thread": thread,
}
did = []
for name, attempt in tries.items():
    try:
        attempt()
    except OSError:
        continue
    did.append(name)
print(json.dumps(did))
"""


def test_a_process_that_was_shut_off_can_only_compute(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = subprocess.run(
            [sys.executable, "-c", TRIES, str(tmp_path), str(server.getsockname()[1])],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    did = set(json.loads(made.stdout))
    # A kernel without Landlock does not tell folders apart.
    assert did - {"read"} == {"compute", "start a thread"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]
    assert (tmp_path / "there").read_text() == "a secret"


def test_every_architecture_names_what_must_be_refused() -> None:
    both = set(isolation._X86) & set(isolation._ARM)
    needed = "socket connect openat clone execve kill renameat2 unlinkat io_uring_setup clone3 openat2 ptrace"
    assert set(needed.split()) <= both


def exported(folder: Path, function: Any, *variables: Any) -> Path:
    """A SavedModel that serves a function."""
    import tensorflow as tf

    class Served(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = variables

    made = Served()
    made.serve = function
    tf.saved_model.save(made, str(folder), signatures={"serving_default": function})
    return folder


def served(shape: tuple[int | None, ...]) -> Any:
    """Makes a function that can be served."""
    import tensorflow as tf

    return tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="x")])


def predicted(folder: Path, batch: np.ndarray) -> np.ndarray:
    return np.asarray(open_model(folder).keras(batch))


def test_a_loop_is_opened(tmp_path: Path) -> None:
    import tensorflow as tf

    @served((None, 4, 4, 1))
    def sums(x: Any) -> Any:
        return tf.scan(lambda a, b: a + b, tf.transpose(x[..., 0], (1, 0, 2)))[-1]

    batch = np.random.default_rng(0).random((2, 4, 4, 1), np.float32)
    found = predicted(exported(tmp_path / "loop", sums), batch)
    np.testing.assert_allclose(found, batch[..., 0].sum(axis=1), rtol=1e-6)


def test_what_an_optimizer_kept_is_left_out(tmp_path: Path) -> None:
    import tensorflow as tf

    weights = tf.Variable([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [0.0, 4.0]])
    optimizer = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)

    @served((None, 2, 2, 1))
    def scores(x: Any) -> Any:
        return tf.reshape(x, (-1, 4)) @ weights

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(scores(tf.ones((1, 2, 2, 1))))
    optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])
    folder = exported(tmp_path / "slots", scores, weights, optimizer)
    batch = np.ones((1, 2, 2, 1), np.float32)
    np.testing.assert_allclose(predicted(folder, batch), batch.reshape(1, 4) @ weights.numpy(), rtol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_trained_recurrent_network_of_keras_2(tmp_path: Path) -> None:
    """Beside the graph lie the functions that train it, on a graphics card too; they only compute."""
    import tensorflow as tf
    import tf_keras as old

    layers = old.layers
    row = [layers.Reshape((4, 4)), layers.Masking(), layers.LSTM(2), layers.Dense(3, "softmax")]
    net = old.Sequential([old.Input((4, 4, 1)), *row])

    @served((None, 4, 4, 1))
    def scores(x: Any) -> Any:
        return net(x)

    @served((None, 4, 4, 1))
    def trained(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net(x, training=True) ** 2)
        return tape.gradient(loss, net.trainable_weights)

    batch = np.random.default_rng(0).random((2, 4, 4, 1), np.float32)
    folder = exported(tmp_path / "rows", scores, net.weights, trained)
    assert b"CudnnRNNBackprop" in (folder / "saved_model.pb").read_bytes()
    np.testing.assert_allclose(predicted(folder, batch), net(batch), atol=1e-6)


def test_rarer_arithmetic_is_opened(tmp_path: Path) -> None:
    import tensorflow as tf

    @served((None, 4, 4, 1))
    def rare(x: Any) -> Any:
        x = tf.ensure_shape(tf.where(tf.math.is_nan(x), 0.0, tf.math.rint(4 * x)), (None, 4, 4, 1))
        x = tf.nn.gelu(tf.roll(x, 1, 1)) + tf.math.erfc(x) + tf.atan(x) + tf.sinh(x)
        x = tf.quantization.fake_quant_with_min_max_vars(tf.debugging.check_numerics(x, ""), -1.0, 30.0)
        x = tf.image.extract_patches(tf.math.cumprod(x, 1), [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
        return tf.reduce_sum(tf.abs(tf.signal.rfft2d(tf.linalg.band_part(x[..., 0], 1, 0))), [1, 2])[:, None]

    batch = np.random.default_rng(0).random((2, 4, 4, 1), np.float32)
    found = predicted(exported(tmp_path / "rare", rare), batch)
    np.testing.assert_allclose(found, rare(batch), rtol=1e-5)


def test_nothing_that_is_allowed_reads_or_writes() -> None:
    """No text goes in or out (a path, an address), no file is named, no code of Python's is run."""
    from tensorflow.core.framework.types_pb2 import DT_STRING
    from tensorflow.python.framework import op_def_registry

    from convscope.engine.models.files.saved_model.check import ALLOWED

    told = {name: op_def_registry.get(name) for name in ALLOWED}
    assert [name for name, op in told.items() if op is None] == []
    text = [
        name for name, op in told.items() if DT_STRING in [x.type for x in (*op.input_arg, *op.output_arg)]
    ]
    assert text == []
    words = ("File", "Write", "Save", "Restore", "PyFunc", "Dataset", "Iterator", "Debug", "Print", "Remote",
             "Lookup", "Table", "Queue", "Send", "Recv", "Collective", "Summary", "Decode")  # fmt: skip
    assert [name for name in ALLOWED if any(word in name for word in words)] == []


def test_its_gradient_is_that_of_the_graph(tmp_path: Path) -> None:
    import tensorflow as tf

    @served((None, 3, 3, 1))
    def squares(x: Any) -> Any:
        return tf.reduce_sum(x * x, [1, 2])

    model = open_model(exported(tmp_path / "squares", squares))
    batch = tf.constant(np.random.default_rng(1).random((2, 3, 3, 1), np.float32))
    with tf.GradientTape() as tape:
        tape.watch(batch)
        total = tf.reduce_sum(model.keras(batch) * [[2.0], [3.0]])
    found = tape.gradient(total, batch)
    np.testing.assert_allclose(found, 2 * batch.numpy() * np.reshape([2.0, 3.0], (2, 1, 1, 1)), rtol=1e-6)


def test_what_nothing_calls_is_looked_at_all_the_same(tmp_path: Path) -> None:
    """TensorFlow imports it on loading, and evaluates what is constant in it: here a file that is sent on."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    @served((None, 2, 2, 1))
    def plain(x: Any) -> Any:
        return tf.reduce_mean(x, [1, 2])

    @tf.function(input_signature=[])
    def reading() -> Any:
        text = tf.io.read_file("/etc/hostname")
        told = tf.raw_ops.DebugIdentity(input=text, debug_urls=[f"file://{tmp_path}/stolen"])
        return tf.fill(tf.stack([tf.strings.length(told)]), 1.0)

    folder = exported(tmp_path / "evil", plain)
    message = saved_model_pb2.SavedModel()
    message.ParseFromString((folder / "saved_model.pb").read_bytes())
    concrete = reading.get_concrete_function()
    library = message.meta_graphs[0].graph_def.library
    library.function.append(concrete.function_def)
    for name in ("unreferenced", "__inference__traced_save_99"):
        library.function[-1].signature.name = name
        if name == "unreferenced":
            (folder / "saved_model.pb").write_bytes(message.SerializeToString())
            with pytest.raises(UserError, match=r"evil is not opened, because its graph does more"):
                open_model(folder)
    # Whoever takes the name of TensorFlow's own saving is left out, and nothing of it runs.
    (folder / "saved_model.pb").write_bytes(message.SerializeToString())
    batch = np.ones((1, 2, 2, 1), np.float32)
    np.testing.assert_array_equal(predicted(folder, batch), [[1.0]])
    assert not list(tmp_path.glob("stolen*"))


def test_a_graph_that_fills_memory_is_ended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    @served((None, 2, 2, 1))
    def grows(x: Any) -> Any:
        side = tf.cast(tf.reduce_max(x), tf.int32)
        return tf.reduce_sum(tf.fill([side, side], 1.0)) + tf.reduce_sum(x, [1, 2, 3], keepdims=True)[:, 0, 0]

    monkeypatch.setattr("convscope.core.opening.free_memory", lambda: 4 << 30)
    model = open_model(exported(tmp_path / "grows", grows))
    # It is the process that is bounded, whichever operation fills: Tile, BroadcastTo, Pad and all others.
    worker = model.keras.layers[-1]._process._process.pid
    limits = Path(f"/proc/{worker}/limits").read_text(encoding="ascii").splitlines()
    (allowed,) = (int(line.split()[3]) for line in limits if line.startswith("Max address"))
    assert allowed <= status(worker, "VmSize") + (1 << 30)
    small = np.ones((1, 2, 2, 1), np.float32)
    np.testing.assert_allclose(model.keras(small), [[5.0]])
    with pytest.raises(Exception, match=r"(?s)grows"):
        model.keras(np.full((1, 2, 2, 1), 200_000, np.float32))


def status(process: int, name: str) -> int:
    """Bytes, from what Linux tells of a process."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def test_a_graph_without_an_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    @served((None, 2, 2, 1))
    def endless(x: Any) -> Any:
        return tf.while_loop(lambda y: tf.reduce_max(y) > -1.0, lambda y: [tf.abs(y)], [x])[0]

    model = open_model(exported(tmp_path / "endless", endless))
    monkeypatch.setattr(process, "ANSWER_SECONDS", 1.0)
    with pytest.raises(UserError, match=r"endless gave no answer within 1 seconds and was ended"):
        model.activations(np.ones((1, 2, 2, 1), np.float32), [model.layers[-1].path])


def test_its_process_ends_with_the_model(tmp_path: Path) -> None:
    @served((None, 2, 2, 1))
    def same(x: Any) -> Any:
        return x * 1.0

    made, _ = saved_model.open_saved_model(exported(tmp_path / "same", same))
    running = made.layers[-1]._process._process
    gone = weakref.ref(made.layers[-1]._process)
    assert running.poll() is None
    made.layers[-1]._process.close()
    assert running.poll() is not None
    del made
    gc.collect()
    assert gone() is None or running.returncode is not None


def test_where_nothing_can_be_shut_off_the_person_must_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @served((None, 2, 2, 1))
    def same(x: Any) -> Any:
        return x + 1.0

    folder = exported(tmp_path / "same", same)
    monkeypatch.setattr(saved_model, "is_possible", lambda: False)
    with pytest.raises(UntrustedError, match=r"same is not opened: a SavedModel is a program"):
        open_model(folder)
    made = open_model(folder, trusted=True).keras
    np.testing.assert_array_equal(made(np.zeros((1, 2, 2, 1), np.float32)), np.ones((1, 2, 2, 1)))


def test_a_pipe_among_the_variables_is_not_waited_for(tmp_path: Path) -> None:
    @served((None, 2, 2, 1))
    def same(x: Any) -> Any:
        return x + 1.0

    folder = exported(tmp_path / "same", same)
    shutil.rmtree(folder / "variables")
    (folder / "variables").mkdir()
    os.mkfifo(folder / "variables" / "variables.index")
    with pytest.raises(UserError, match=r"variables\.index among its variables is no ordinary file"):
        open_model(folder)


def test_what_the_graph_says_arrives_as_itself_whatever_asks_it(tmp_path: Path) -> None:
    import tensorflow as tf

    @served((None, 8, 8, 3))
    def scores(x: Any) -> Any:
        return tf.reduce_mean(x, [1, 2])

    model = open_model(exported(tmp_path / "scores", scores))
    model.scores(np.ones((1, 8, 8, 3), np.float32))
    model.keras.layers[-1]._process.close()
    words = r"^The graph of scores has ended: open it again\.$"
    image = Image(np.full((8, 8, 3), 128, np.uint8), "gray")
    for method in ("saliency", "integrated-gradients"):
        with pytest.raises(UserError, match=words):
            explain(AttributionContext(model, image), MapRequest(method, target=ScoreTarget(0)))
    with pytest.raises(UserError, match=words):
        ascend(model, [Objective.class_(0)], PatternSettings(size=32, steps=2))
    run = model.answering(model.program.run)
    with pytest.raises(UserError, match=words):
        run({model.program.inputs[0]: np.ones((1, 8, 8, 3), np.float32)}, model.program.outputs)
