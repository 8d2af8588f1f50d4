"""From a data set to batches that a network can eat: decoded in parallel, augmented, scaled, prefetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.data.augment import augment
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.batches import Batches
from convscope.engine.data.dataset import Dataset, SplitName
from convscope.engine.data.images import KeptImages
from convscope.engine.data.preprocessing import UNIT, Preprocessing
from convscope.engine.data.resize import Fit, InputSettings, Target

LabelMode = Literal["sparse", "categorical", "binary"]
LABEL_MODES: tuple[LabelMode, ...] = ("sparse", "categorical", "binary")


@dataclass(frozen=True)
class PipelineSettings:
    """How images reach the network.

    Attributes:
        size: (height, width) to bring every image to; None: the data set's own.
        channels: 1 or 3; None: the data set's own.
        fit: "stretch", "crop" or "pad".
        batch_size: images in a batch; the last one of an epoch may be smaller.
        label_mode: "sparse" int32 (n,); "categorical" float32 one-hot (n, classes); "binary" float32 (n, 1).
        preprocessing: the range and the order of channels that the network wants (its `resize` is not used:
            `fit` decides).
        shuffle: a new order each epoch, a function of (seed, epoch) only.
        seed: of the order and of the augmentation.
        augmentation: None or what to do to training images; other splits are never augmented.
        cache_mb: a split whose images fit into this much memory (as bytes, at their target size) is decoded
            once and kept; a larger one is decoded anew each epoch.
    """

    size: tuple[int, int] | None = None
    channels: Literal[1, 3] | None = None
    fit: Fit = "stretch"
    batch_size: int = 32
    label_mode: LabelMode = "sparse"
    preprocessing: Preprocessing = UNIT
    shuffle: bool = True
    seed: int = 0
    augmentation: Augmentation | None = None
    cache_mb: int = 512

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= 65536:
            raise UserError(f"The batch size is {self.batch_size}: it goes from 1 to 65,536.")
        if self.label_mode not in LABEL_MODES:
            raise UserError(
                f"There is no label mode {self.label_mode!r}: choose one of {', '.join(LABEL_MODES)}."
            )
        if self.seed < 0:
            raise UserError(f"The seed is {self.seed}: it is a whole number from 0.")

    def with_input(self, settings: InputSettings) -> PipelineSettings:
        """The same settings with images brought to something else."""
        return replace(self, size=settings.size, channels=settings.channels, fit=settings.fit)

    def target(self, dataset: Dataset) -> Target:
        """The shape that this data set's images are brought to.

        Raises:
            UserError: the files differ in size and no size is set.
        """
        size = self.size or dataset.image_size
        if size is None:
            raise UserError(f"The images of {dataset.title} differ in size: set a size to bring them to.")
        return Target(*size, self.channels or dataset.channels, self.fit)


class Stream(Batches):
    """One split of a data set, batch by batch, as often as wanted.

    `data` is a tf.data.Dataset of (images float32 (n, height, width, channels), labels) that yields the epoch
    number `epoch` each time that it is iterated. Only the training split is shuffled and augmented.

    Args:
        steps_per_epoch: None: all images once.
        share: which part of each batch is read here, (number, of how many); the others are read elsewhere.

    Attributes:
        dataset, split, settings: what was asked for.
        target: the images' shape.

    Raises:
        UserError: an empty split, files of different sizes with no size set, binary labels for other than two
            classes.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: SplitName,
        settings: PipelineSettings,
        *,
        steps_per_epoch: int | None = None,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.dataset, self.split, self.settings, self.share = dataset, split, settings, share
        self.target = settings.target(dataset)
        if not len(dataset.indices(split)):
            raise UserError(f"{dataset.title} has no images in its {split} part.")
        if settings.label_mode == "binary" and len(dataset.classes) != 2:
            raise UserError(
                f"Binary labels are for two classes; {dataset.title} has {len(dataset.classes)}: "
                "choose categorical or sparse."
            )
        super().__init__(
            dataset.indices(split),
            settings.batch_size,
            seed=settings.seed,
            shuffle=settings.shuffle and split == "train",
            steps_per_epoch=steps_per_epoch,
        )
        self._load = self._loader()
        self.data = self._build()

    def _loader(self) -> Callable[[NDArray[np.int64]], tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
        images, target = self.dataset.images, self.target
        size = len(self.indices) * target.height * target.width * target.channels
        if images.kind == "files" and size <= self.settings.cache_mb * 2**20:
            return KeptImages(images, target, self.indices).load
        return lambda indices: images.load(indices, target)

    def _read(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """(images, labels) of one step; what cannot be read is left out."""
        number = self.batch_number(self.epoch, int(step))
        whole = self.batch_indices(self.epoch, int(step))
        part, parts = self.share
        first, last = len(whole) * part // parts, len(whole) * (part + 1) // parts
        chosen = whole[first:last]
        pixels, good = self._load(chosen)
        if not good.all():
            pixels, chosen = pixels[good], chosen[good]
        if not len(chosen):
            self.error = UserError(
                f"None of the images of a batch of {self.dataset.title} can be read; has the folder gone?"
            )
            raise self.error
        if self.split == "train" and self.settings.augmentation is not None:
            pixels = augment(pixels, self.settings.augmentation, (self.settings.seed, number), first)
        return pixels, self.dataset.labels[chosen]

    def _build(self) -> Any:
        import tensorflow as tf

        target = self.target

        def read(step: Any) -> Any:
            pixels, labels = tf.numpy_function(self._read, [step], (tf.uint8, tf.int32), stateful=True)
            pixels.set_shape((None, *target.shape))
            labels.set_shape((None,))
            return pixels, labels

        def finish(pixels: Any, labels: Any) -> Any:
            inputs = preprocessed(pixels, self.settings.preprocessing)
            return inputs, labelled(labels, self.settings.label_mode, len(self.dataset.classes))

        data = tf.data.Dataset.range(self.steps)
        data = data.map(read, num_parallel_calls=2, deterministic=True)
        data = data.map(finish, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return data.prefetch(tf.data.AUTOTUNE)


def labelled(labels: Any, mode: LabelMode, classes: int) -> Any:
    """Class numbers (a tensor, int32 (n,)) as a loss wants them; see `PipelineSettings.label_mode`."""
    import tensorflow as tf

    if mode == "categorical":
        return tf.one_hot(labels, classes)
    return tf.cast(labels, tf.float32)[:, None] if mode == "binary" else labels


def preprocessed(pixels: Any, preprocessing: Preprocessing) -> Any:
    """`Preprocessing.apply` in TensorFlow: a tensor of bytes (n, height, width, channels) to float32."""
    import tensorflow as tf

    values = tf.cast(pixels, tf.float32)
    if preprocessing.order == "bgr" and pixels.shape[-1] == 3:
        values = values[..., ::-1]
    return values * tf.constant(preprocessing.scale) + tf.constant(preprocessing.offset)


def pipeline(
    dataset: Dataset, split: SplitName, settings: PipelineSettings | None = None, *, epoch: int = 0
) -> Any:
    """One split as a tf.data.Dataset of (images, labels): one epoch, the one with this number.

    Raises:
        UserError: as `Stream`.
    """
    stream = Stream(dataset, split, settings or PipelineSettings())
    stream.epoch = epoch
    return stream.data


def plain(settings: PipelineSettings) -> PipelineSettings:
    """The same without shuffling and augmentation: to look at a split rather than to train on it."""
    return replace(settings, shuffle=False, augmentation=None)
