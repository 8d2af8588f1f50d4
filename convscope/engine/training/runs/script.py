"""A run as a plain Keras script, which needs Keras, NumPy and, for image files, Pillow, but not convscope.

It begins with the same weights (initial.keras), takes the images in the same order and trains with the same
settings, so that without augmentation and dropout its history is the run's. Augmentation is done by Keras's
own layers, whose random numbers are others.
"""

from __future__ import annotations

import io
import pprint
from typing import Any

import numpy as np

from convscope.core.files import write_whole
from convscope.core.paths import resource_path
from convscope.engine.data.augment import keras_layers
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.pipeline import PipelineSettings
from convscope.engine.models.files.keras2.own_parts import own_parts_code
from convscope.engine.training.loss import LossChoice, make_loss, make_metrics
from convscope.engine.training.optimizer import changes
from convscope.engine.training.runs.run import Run
from convscope.engine.training.runs.script_files import file_images, imports
from convscope.engine.training.settings import OPTIMIZERS, TrainingSettings
from convscope.engine.training.smoothing import higher_is_better

_KERAS_SETS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
_SHIPPED = ("digits", "fashion")


def write_script(
    run: Run, dataset: Dataset, piped: PipelineSettings, loss: LossChoice, network: Any = None
) -> None:
    """Write script.py, and beside it what it reads: split.npz, and data.npz where the data has no file of its
    own.

    Args:
        network: the Keras model that begins; what only this app knows of it is written into the script.
    """
    write_split(run, dataset)
    if isinstance(dataset.images, ArrayImages) and not _has_file(dataset):
        _save(run, "data.npz", {"x": dataset.images.pixels})
    write_whole(run.folder / "script.py", make_script(run, dataset, piped, loss, network))


def write_split(run: Run, dataset: Dataset) -> None:
    """Write split.npz: which images train, validate and test, for the script and when the run is resumed."""
    arrays: dict[str, Any] = {name: dataset.indices(name) for name in ("train", "validation", "test")}
    arrays["labels"] = dataset.labels
    if dataset.kind == "files":
        arrays["files"] = np.array(_files(dataset))
    _save(run, "split.npz", arrays)


def _files(dataset: Dataset) -> list[str]:
    paths = [dataset.images.path(index) for index in range(len(dataset))]
    return [path.relative_to(dataset.reference).as_posix() for path in paths if path is not None]


def _save(run: Run, name: str, arrays: dict[str, Any]) -> None:
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    write_whole(run.folder / name, memory.getvalue())


def _has_file(dataset: Dataset) -> bool:
    return dataset.reference in (*_KERAS_SETS, *_SHIPPED) or dataset.reference.endswith(".npz")


def make_script(
    run: Run, dataset: Dataset, piped: PipelineSettings, loss: LossChoice, network: Any = None
) -> str:
    """The script's text; see `write_script`."""
    settings = run.details.settings
    parts = [
        _head(run, dataset, settings),
        _images(dataset, piped),
        _labels(loss, len(dataset.classes)),
        _batches(settings, piped),
        "" if network is None else own_parts_code(network),
        _model(settings, loss),
        _fit(settings, dataset),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _head(run: Run, dataset: Dataset, settings: TrainingSettings) -> str:
    files = dataset.kind == "files"
    steps = "None" if settings.steps_per_epoch is None else str(settings.steps_per_epoch)
    classes = pprint.pformat(list(dataset.classes), width=100, compact=True)
    return f'''
"""{run.details.name.replace('"', "'")}: as a plain Keras script. Run it where it lies: python script.py"""

{"import io" + chr(10) if files else ""}import json
import math
from pathlib import Path

import keras
import numpy as np
{imports(dataset) if files else ""}
HERE = Path(__file__).resolve().parent
SEED, BATCH, EPOCHS, STEPS = {settings.seed}, {settings.batch_size}, {settings.epochs}, {steps}
CLASSES = {classes}

keras.utils.set_random_seed(SEED)
split = np.load(HERE / "split.npz")
labels = split["labels"]
'''


def _images(dataset: Dataset, piped: PipelineSettings) -> str:
    target, how = piped.target(dataset), piped.preprocessing
    scale = ", ".join(repr(number) for number in how.scale)
    offset = ", ".join(repr(number) for number in how.offset)
    mirrored = "[..., ::-1]" if how.order == "bgr" and target.channels == 3 else ""
    ready = f"pixels{mirrored} * np.array([{scale}], 'float32') + np.array([{offset}], 'float32')"
    tail = f'''

def prepared(pixels):
    """Pixels 0-255 in the range that the network wants."""
    return {ready}
'''
    if dataset.kind == "files":
        return file_images(dataset.reference, target) + tail
    return f'''
{_array_source(dataset)}


def images(indices):
    """Images as pixels 0-255, float32."""
    pixels = x[indices].astype("float32")
    if pixels.ndim == 3:
        pixels = pixels[..., None]
{_array_change(dataset, piped)}    return pixels
{tail}'''


def _array_source(dataset: Dataset) -> str:
    reference = dataset.reference
    if reference in _KERAS_SETS:
        load = f"keras.datasets.{reference}.load_data()"
        return f"(x_train, _), (x_test, _) = {load}\nx = np.concatenate([x_train, x_test])"
    if reference in _SHIPPED:
        return f'x = np.load({str(resource_path("datasets", f"{reference}.npz"))!r})["x"]'
    if reference.endswith(".npz"):
        return (
            f"archive = np.load({reference!r})\n"
            'parts = ("x",) if "x" in archive else ("x_train", "x_test")\n'
            "x = np.concatenate([archive[part] for part in parts if part in archive])"
        )
    return 'x = np.load(HERE / "data.npz")["x"]'


def _array_change(dataset: Dataset, piped: PipelineSettings) -> str:
    target = piped.target(dataset)
    lines = ""
    if dataset.channels != target.channels:
        if target.channels == 3:
            lines += "    pixels = np.repeat(pixels, 3, axis=-1)\n"
        else:
            lines += "    pixels = pixels @ np.array([[0.299], [0.587], [0.114]], 'float32')\n"
    if dataset.image_size != (target.height, target.width):
        size = f"({target.height}, {target.width})"
        extra = {"stretch": "", "crop": ", crop_to_aspect_ratio=True", "pad": ", pad_to_aspect_ratio=True"}
        lines += (
            f"    pixels = keras.ops.image.resize(pixels, {size}, antialias=True)\n"
            if target.fit == "stretch"
            else f"    resize = keras.layers.Resizing({target.height}, {target.width}{extra[target.fit]})\n"
            "    pixels = resize(pixels)\n"
        )
        lines += "    pixels = keras.ops.convert_to_numpy(pixels)\n"
    return lines


def _labels(loss: LossChoice, classes: int) -> str:
    made = {
        "sparse": "labels[indices]",
        "categorical": f"np.eye({classes}, dtype='float32')[labels[indices]]",
        "binary": "labels[indices].astype('float32')[:, None]",
    }[loss.label_mode]
    return f'''
def targets(indices):
    """Labels as the loss wants them."""
    return {made}
'''


def _batches(settings: TrainingSettings, piped: PipelineSettings) -> str:
    augmentation = settings.augmentation
    lines = ""
    if augmentation is not None and not augmentation.does_nothing:
        layers = "".join(f"        {_call(*layer)},\n" for layer in keras_layers(augmentation))
        lines = f"augment = keras.Sequential(\n    [\n{layers}    ]\n)\n\n\n"
    change = (
        "        if self.training:\n            pixels = np.asarray(augment(pixels, training=True))\n"
        if lines
        else ""
    )
    shuffled = (
        "np.random.default_rng([SEED, round_]).permutation(self.indices) if self.training else self.indices"
        if settings.shuffle
        else "self.indices"
    )
    return f'''
{lines}class Batches(keras.utils.PyDataset):
    """Batches of one part; training images come in a new order each round."""

    def __init__(self, part, training):
        super().__init__()
        self.indices, self.training, self.epoch = split[part], training, 0

    def __len__(self):
        return (STEPS if self.training and STEPS else None) or math.ceil(len(self.indices) / BATCH)

    def __getitem__(self, step):
        round_, position = divmod(self.epoch * len(self) + step, math.ceil(len(self.indices) / BATCH))
        order = {shuffled}
        chosen = order[position * BATCH : (position + 1) * BATCH]
        pixels = images(chosen)
{change}        return prepared(pixels), targets(chosen)
'''


def _call(name: str, settings: dict[str, Any]) -> str:
    return f"keras.layers.{name}({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


def _model(settings: TrainingSettings, loss: LossChoice) -> str:
    kind = OPTIMIZERS[settings.optimizer.name][0]
    used = ", ".join(f"{name}={value!r}" for name, value in settings.optimizer.used.items())
    made = f"keras.losses.{type(make_loss(loss)).__name__}({'from_logits=True' if loss.from_logits else ''})"
    metrics = "".join(f"        {_metric(metric)},\n" for metric in make_metrics(loss, settings.metrics))
    return f"""
model = keras.saving.load_model(HERE / "initial.keras", compile=False)
model.compile(
    optimizer=keras.optimizers.{kind}({used}),
    loss={made},
    metrics=[
{metrics}    ],
    jit_compile=False,
)
model.summary()
"""


def _metric(metric: Any) -> str:
    own = {
        name: value
        for name, value in metric.get_config().items()
        if name in ("k", "threshold", "thresholds", "from_logits") and value is not None
    }
    settings = "".join(f", {name}={value!r}" for name, value in own.items())
    return f"keras.metrics.{type(metric).__name__}(name={metric.name!r}{settings})"


def _fit(settings: TrainingSettings, dataset: Dataset) -> str:
    callbacks = [
        "keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(train, 'epoch', epoch))"
    ]
    before = ""
    if changes(settings):
        before = _schedule(settings)
        callbacks.append("keras.callbacks.LearningRateScheduler(rate)")
    if settings.early_stopping is not None:
        stop = settings.early_stopping
        callbacks.append(
            f"keras.callbacks.EarlyStopping({stop.monitor!r}, min_delta={stop.min_delta}, "
            f"patience={stop.patience}, mode={_mode(stop.monitor)!r})"
        )
    if settings.plateau is not None:
        low = settings.plateau
        callbacks.append(
            f"keras.callbacks.ReduceLROnPlateau({low.monitor!r}, factor={low.factor}, "
            f"patience={low.patience}, mode={_mode(low.monitor)!r}, min_lr={low.min_learning_rate})"
        )
    restore = ""
    if settings.restore_best:
        watched = settings.early_stopping.monitor if settings.early_stopping else ""
        watched = watched or ("val_loss" if len(dataset.indices("validation")) else "loss")
        before += 'best = HERE / "script-best.weights.h5"\n'
        callbacks.append(
            f"keras.callbacks.ModelCheckpoint(best, monitor={watched!r}, mode={_mode(watched)!r}, "
            "save_best_only=True, save_weights_only=True)"
        )
        restore = "model.load_weights(best)\n"
    listed = "".join(f"        {callback},\n" for callback in callbacks)
    validation = 'Batches("validation", False)' if len(dataset.indices("validation")) else "None"
    weights = ""
    if settings.class_weights == "balanced":
        before += (
            'counts = np.bincount(labels[split["train"]])\n'
            "present = np.flatnonzero(counts)\n"
            "weights = {int(c): counts.sum() / len(present) / counts[c] for c in present}\n"
        )
        weights = "    class_weight=weights,\n"
    test = (
        'print("test", model.evaluate(Batches("test", False), verbose=0, return_dict=True))\n'
        if len(dataset.indices("test"))
        else ""
    )
    return f"""
{before}train = Batches("train", True)
history = model.fit(
    train,
    validation_data={validation},
    epochs=EPOCHS,
{weights}    callbacks=[
{listed}    ],
    shuffle=False,
    verbose=2,
).history
{restore}{test}print(json.dumps({{name: [float(value) for value in row] for name, row in history.items()}}))
"""


def _mode(monitor: str) -> str:
    return "max" if higher_is_better(monitor) else "min"


def _schedule(settings: TrainingSettings) -> str:
    schedule, base = settings.schedule, settings.optimizer.learning_rate
    formula = {
        "constant": f"{base!r}",
        "step": f"{base!r} * {schedule.factor!r} ** (epoch // {schedule.every})",
        "exponential": f"{base!r} * {schedule.factor!r} ** epoch",
        "cosine": f"{base!r} * ({schedule.factor!r} + {1 - schedule.factor!r} * "
        f"(0.5 + 0.5 * math.cos(math.pi * min(1.0, epoch / {max(1, settings.epochs - 1)}))))",
    }[schedule.kind]
    warm = f" * min(1.0, (epoch + 1) / {schedule.warmup + 1})" if schedule.warmup else ""
    return f'''def rate(epoch, _):
    """The learning rate of an epoch."""
    return {formula}{warm}


'''
