"""A new classifier on a pretrained base: the composed network, what of it is trained, and a new head."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from convscope.core.errors import UserError
from convscope.engine.data.resize import Target
from convscope.engine.keras_compat import leaf_layers, seeded
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.training.copy_network import copy_model
from convscope.engine.training.new_head import without_head
from convscope.engine.training.settings import TrainingSettings

TransferStrategy = Literal["features", "frozen", "finetune"]
WAYS: dict[TransferStrategy, str] = {
    "features": "extract features once, then train a classifier on them",
    "frozen": "train a classifier on the frozen base, with augmentation",
    "finetune": "train the classifier, then the base's last layers with a low rate",
}


@dataclass(frozen=True)
class TransferSettings:
    """How a pretrained base is used.

    Attributes:
        way: one of `WAYS`.
        from_layer: "finetune": the first layer of the base to be trained; "" means the last stage.
        pooling: "average" the base's maps over their area, or "flatten" them; unused without maps.
        units: of a hidden layer before the output; 0: none.
        dropout: before the output (and before the hidden layer): 0–0.9.
        head_epochs: "finetune": epochs of the classifier alone before.
        fine_rate: "finetune": the learning rate after that.
    """

    way: TransferStrategy = "features"
    from_layer: str = ""
    pooling: Literal["average", "flatten"] = "average"
    units: int = 0
    dropout: float = 0.0
    head_epochs: int = 5
    fine_rate: float = 1e-5

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise UserError(f"There is no way called {self.way!r}: choose one of {', '.join(WAYS)}.")
        if self.pooling not in ("average", "flatten"):
            raise UserError(f"Maps are pooled by average or flatten, not {self.pooling!r}.")
        if not 0 <= self.units <= 65_536:
            raise UserError(f"The hidden layer has {self.units} units: it goes from 0 (none) to 65,536.")
        if not 0 <= self.dropout <= 0.9:
            raise UserError(f"Dropout is {self.dropout:g}: it goes from 0 to 0.9.")
        if not 0 < self.fine_rate <= 1 or not 0 <= self.head_epochs <= 10_000:
            raise UserError("The fine-tuning rate is above 0 and at most 1, and the head's epochs from 0.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Composed:
    """A base with a new classifier.

    Attributes:
        model: the whole network, a Sequential of base, pooling and head; its layers are its own.
        base: base and pooling: from images to features.
        head: from features to classes, the same layers as in `model`.
        tensors_before: trainable weight tensors with the base free.
        tensors_after: with the base frozen: those of the head.
        parameters_after: the numbers in them.
    """

    model: OpenedModel
    base: OpenedModel
    head: Any
    tensors_before: int
    tensors_after: int
    parameters_after: int


def compose(
    pretrained: OpenedModel,
    classes: tuple[str, ...],
    transfer: TransferSettings,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    bare: bool = False,
) -> Composed:
    """Cut the classifier off a network (if it has one), freeze the rest, put a new classifier on it.

    Two classes get one sigmoid unit, more a softmax.

    Args:
        pretrained: is not changed; its weights are copied.
        size: (height, width) of the images, for a base that takes any.
        seed: of the new weights.
        bare: it has no classifier to cut off, as `base_of` gives it.

    Raises:
        UserError: the network takes no images, or has nothing that could be a base.
    """
    import keras

    with seeded(seed):
        # Its dropout is at work while a classifier learns on it.
        body = copy_model(pretrained.keras if bare else without_head(pretrained.keras))
    height, width, channels = pretrained.input_shape
    shape = (height or (size and size[0]), width or (size and size[1]), channels)
    if None in shape:
        raise UserError(f"{pretrained.name} takes any size: choose a size for the images.")
    layers = [keras.Input(shape, name="image"), body]
    if len(body.outputs[0].shape) == 4:
        pools = {"average": keras.layers.GlobalAveragePooling2D, "flatten": keras.layers.Flatten}
        layers.append(pools[transfer.pooling](name="pooled"))
    elif len(body.outputs[0].shape) != 2:
        layers.append(keras.layers.Flatten(name="pooled"))
    with seeded(seed):
        head = _head_layers(len(classes), transfer)
        model = keras.Sequential([*layers, *head], name=f"{body.name}_transfer")
    before = len(model.trainable_weights)
    _freeze(body)
    base = keras.Sequential(layers, name="features")
    features = keras.Sequential([keras.Input(base.output_shape[1:], name="maps"), *head], name="classifier")
    return Composed(
        OpenedModel(
            model,
            name=f"{pretrained.name}, new classifier",
            classes=classes,
            source=ModelSource("memory", pretrained.source.spec, weights="trained"),
            preprocessing=pretrained.preprocessing,
        ),
        OpenedModel(
            base, name=pretrained.name, source=pretrained.source, preprocessing=pretrained.preprocessing
        ),
        features,
        before,
        len(model.trainable_weights),
        sum(int(weight.shape.num_elements()) for weight in model.trainable_weights),
    )


def target_for(composed: Composed, settings: TrainingSettings) -> Target:
    """What images are brought to for this base."""
    height, width, channels = composed.model.input_shape
    assert height is not None and width is not None
    return Target(height, width, 1 if channels == 1 else 3, settings.fit)


def recompose(model: OpenedModel) -> Composed:
    """The parts of a composed network that was saved and opened again, base frozen as it was saved."""
    import keras

    body, rest = model.keras.layers[0], model.keras.layers[1:]
    pooled = [layer for layer in rest if layer.name == "pooled"]
    head = [layer for layer in rest if layer.name != "pooled"]
    base = keras.Sequential(
        [keras.Input(model.keras.input_shape[1:], name="image"), body, *pooled], name="features"
    )
    classifier = keras.Sequential([keras.Input(base.output_shape[1:], name="maps"), *head], name="classifier")
    after = model.keras.trainable_weights
    return Composed(
        model,
        OpenedModel(base, preprocessing=model.preprocessing),
        classifier,
        len(after),
        len(after),
        sum(int(weight.shape.num_elements()) for weight in after),
    )


def base_of(whole: OpenedModel) -> OpenedModel:
    """The base in a composed network that has not been fine-tuned yet, to begin with it again.

    All of it can be trained; the network handed in is not changed.
    """
    body = copy_model(whole.keras.layers[0])
    for layer in leaf_layers(body):
        layer.trainable = True
    return OpenedModel(body, name=body.name, source=whole.source, preprocessing=whole.preprocessing)


def unfreeze(composed: Composed, from_layer: str = "") -> tuple[str, int]:
    """Let the base's layers be trained from one on; its normalisation layers keep their statistics.

    Args:
        from_layer: a name ("block5_conv1") or a path ("vgg16/block5_conv1"); "": the last quarter of the
            layers that have weights.

    Returns:
        the first layer's name, and how many weight tensors are trained now.

    Raises:
        UserError: the base has no such layer.
    """
    model, first = composed.model.keras, first_tuned(composed, from_layer)
    layers = leaf_layers(model.layers[0])
    names = [layer.name for layer in layers]
    for layer in layers[names.index(first) :]:
        layer.trainable = not _keeps_statistics(layer)
    return first, len(model.trainable_weights)


def first_tuned(composed: Composed, from_layer: str = "") -> str:
    """The name of the first layer that `unfreeze` would free.

    Raises:
        UserError: the base has no such layer.
    """
    layers = leaves(composed.model.keras.layers[0])
    weighted = [layer.name for layer, keeps in layers if layer.weights and not keeps]
    return first_of([layer.name for layer, _keeps in layers], weighted, from_layer, composed.base.name)


def first_of(names: list[str], weighted: list[str], from_layer: str, base: str) -> str:
    """The layer that fine-tuning begins with.

    Args:
        names: of all layers of the base.
        weighted: of those that have weights and can learn.
        from_layer: as for `unfreeze`.
        base: the base's name.

    Raises:
        UserError: there is no such layer.
    """
    if not weighted:
        raise UserError(f"{base} has no layer with weights to fine-tune.")
    first = from_layer.rsplit("/", 1)[-1] or weighted[len(weighted) - max(1, len(weighted) // 4)]
    if first not in names:
        raise UserError(f"{base} has no layer called {from_layer}: its last is {weighted[-1]}.")
    return first


def _head_layers(classes: int, transfer: TransferSettings) -> list[Any]:
    import keras

    layers: list[Any] = []
    if transfer.dropout:
        layers.append(keras.layers.Dropout(transfer.dropout, name="dropout"))
    if transfer.units:
        layers.append(keras.layers.Dense(transfer.units, activation="relu", name="hidden"))
    if classes == 2:
        return [*layers, keras.layers.Dense(1, activation="sigmoid", name="classes")]
    return [*layers, keras.layers.Dense(classes, activation="softmax", name="classes")]


def _freeze(body: Any) -> None:
    for layer in leaf_layers(body):
        layer.trainable = False


def leaves(body: Any) -> list[tuple[Any, bool]]:
    """All layers of a base without layers inside, in order, and whether each keeps its statistics."""
    return [(layer, _keeps_statistics(layer)) for layer in leaf_layers(body)]


def _keeps_statistics(layer: Any) -> bool:
    import keras

    return isinstance(layer, keras.layers.BatchNormalization)
