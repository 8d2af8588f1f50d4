"""Which layers' maps can explain a decision, and which one the app chooses."""

from __future__ import annotations

from dataclasses import dataclass

from convscope.core.errors import UserError
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import Program

# They rearrange, thin out or pass on maps that a convolution made, and lose resolution or add nothing.
_NOT_FEATURES = (
    *("Pooling", "Padding", "Cropping", "UpSampling", "Resizing", "Reshape", "Permute"),
    *("Dropout", "Noise", "Identity"),
)
_BEFORE_FEATURES = ("Normalization", "BatchNormalization", "Rescaling")


@dataclass(frozen=True)
class LayerChoice:
    """A layer, and why it was chosen.

    Attributes:
        path: of the layer.
        height, width: of its maps; None where the network takes any size.
        channels: how many maps.
        why: one or two sentences.
    """

    path: str
    height: int | None
    width: int | None
    channels: int
    why: str = ""

    @property
    def size(self) -> str:
        """ "7×7"."""
        return f"{self.height or '?'}×{self.width or '?'}"


def usable_layers(model: OpenedModel) -> tuple[LayerChoice, ...]:
    """The layers whose maps lie over the image and lead to the classes, in the order of computation.

    Their outputs have height and width (over 1×1), come from the image through a layer with weights, and the
    logits are computed from them. Empty for a network without such a layer.

    Raises:
        UserError: the network tells no classes or takes no images.
    """
    return model.kept(("attribution layers", model.head.logits), lambda: _usable(model))


def chosen_layer(model: OpenedModel) -> LayerChoice:
    """The app's choice: the last convolutional feature map, after its normalisation and activation.

    Raises:
        UserError: there is none, or the network tells no classes.
    """
    return model.kept(("attribution layer", model.head.logits), lambda: _chosen(model))


def stages(model: OpenedModel) -> tuple[LayerChoice, ...]:
    """The last feature map of every resolution, the finest first.

    Raises:
        UserError: the network tells no classes or takes no images.
    """
    found: dict[tuple[int | None, int | None], LayerChoice] = {}
    for one in usable_layers(model):
        if _rearranges(model, one.path):
            continue
        found.pop((one.height, one.width), None)
        found[one.height, one.width] = one
    return tuple(found.values())


def checked_layer(model: OpenedModel, path: str | None) -> LayerChoice:
    """The layer of this path, or the app's choice for None.

    Raises:
        UserError: there is no such layer, or its maps do not lead from the image to the classes.
    """
    if path is None:
        return chosen_layer(model)
    for one in usable_layers(model):
        if one.path == path:
            return one
    model.slot(path)
    raise UserError(
        f"{path} cannot explain the decision: its output has no height and width, or the classes are not "
        f"computed from it; choose a convolutional layer."
    )


def _chosen(model: OpenedModel) -> LayerChoice:
    usable = usable_layers(model)
    features = [one for one in usable if not _rearranges(model, one.path)] or list(usable)
    if not features:
        raise UserError(
            f"{model.name} has no layer whose maps lie over the image, which this method needs: choose one "
            f"that works on the input, such as integrated gradients or occlusion."
        )
    last = features[-1]
    why = (
        f"The last convolutional feature map, {last.size} with {last.channels:,} channels: the deepest place "
        f"that still knows where; after it everything is pooled or flattened."
    )
    return LayerChoice(last.path, last.height, last.width, last.channels, why)


def _usable(model: OpenedModel) -> tuple[LayerChoice, ...]:
    program = model.program
    leading = _backwards(program, model.head.logits)
    shape = program.shapes[program.inputs[model.image_input]]
    image = {slot for slot in program.inputs if program.shapes[slot] == shape}
    # Slots computed from the image by a layer that learned something.
    learned: set[int] = set()
    found = {}
    for step in program.steps:
        inputs = set(step.inputs)
        if not inputs & image:
            continue
        image.update(step.outputs)
        has_weights = bool(getattr(step.layer, "weights", ())) and step.kind not in _BEFORE_FEATURES
        if inputs & learned or has_weights:
            learned.update(step.outputs)
    for path, slots in program.slots.items():
        slot = slots[0]
        shape = program.shapes[slot]
        spatial = len(shape) == 4 and shape[1] != 1 and shape[2] != 1 and shape[3] is not None
        if spatial and slot in learned and slot in leading:
            found[path] = LayerChoice(path, shape[1], shape[2], int(shape[3] or 0))
    return tuple(found.values())


def _backwards(program: Program, slot: int) -> set[int]:
    """All slots that a slot is computed from, itself included."""
    needed = {slot}
    for step in reversed(program.steps):
        if needed.intersection(step.outputs):
            needed.update(step.inputs)
    return needed


def _rearranges(model: OpenedModel, path: str) -> bool:
    step = model.program.producer(model.slot(path))
    return step is not None and any(word in step.kind for word in _NOT_FEATURES)
