"""How a script takes a network apart: its logits, the maps of one layer, gradients, and its ReLUs.

Layers have names, and what a layer computes is its `call`: a script keeps a layer's maps as they pass by
putting a function of its own in that place. So it reaches every layer of every network, however it is nested
or branched, and leaves all else to Keras.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.keras_compat import graph_of
from convscope.engine.models.program import ProgramStep

_LENGTH = 108

_GRADIENT = '''

class Probe(keras.Model):
    """The network, in which zeros that are added on the way are all that can be trained."""

    def __init__(self, zeros):
        super().__init__()
        self.zeros = zeros

    def call(self, values):
        return logits({values})


def gradient(batch, zeros):
    """The sum over a batch of d(score)/d(what the zeros are added to).

    Keras has no gradient of its own, but it trains: one step of gradient descent at rate 1 moves the zeros by
    exactly the negative gradient.
    """
    probe = Probe(zeros)
    score = lambda weights, logits: keras.ops.sum(weights * logits)
    probe.compile(keras.optimizers.SGD(1.0), loss=score, run_eagerly=True)
    probe.train_on_batch(batch, np.repeat(weights[None], len(batch), axis=0))
    slopes = -keras.ops.convert_to_numpy(zeros)
    zeros.assign(np.zeros_like(slopes))
    return slopes
'''

SCORES = '''

def scores(batch):
    """The score of each image of a batch."""
    return keras.ops.convert_to_numpy(logits(batch)) @ weights
'''


def logits_code(context: AttributionContext) -> list[str]:
    """Lines that take off the softmax, and define `logits`."""
    model = context.model
    program, head = model.program, model.head
    lines: list[str] = []
    if head.logits != head.output:
        step = next(
            one
            for one in program.steps
            if one.inputs == (head.logits,)
            and one.activation == head.kind
            and program.depends(head.output, one.outputs[0])
        )
        lines += [
            f"# Without {step.activation}: what is explained are logits.",
            *_without(context, step),
            "",
            "",
        ]
    feed = _feed(context)
    output = f"model({feed}, training=False)"
    if len(program.outputs) > 1:
        output = f"keras.tree.flatten({output})[{program.outputs.index(head.output)}]"
    if context.logarithms:
        output = f"keras.ops.log(keras.ops.maximum({output}, 1.1754944e-38))"
        words = "Logarithms of probabilities, since the logits are out of reach."
    else:
        words = "The scores before softmax."
    lines += ["def logits(values):", f'    """{words}"""']
    if feed != "values":
        lines.append("    values = keras.ops.convert_to_tensor(values)")
    return [*lines, f"    return {output}"]


def _without(context: AttributionContext, step: ProgramStep) -> list[str]:
    """Lines that take off the activation at a step, and leave it at other calls of the same layer."""
    layer = part_code(context, step.path)
    own = hasattr(step.layer, "activation")
    calls = [one for one in context.model.program.steps if one.layer is step.layer and one.part == step.part]
    if len(calls) == 1:
        if own:
            return [f"{layer}.activation = keras.activations.linear"]
        return [f"{layer}.call = lambda values, **options: values"]
    name = "activation" if own else "call"
    return [
        f"layer, calls = {layer}, 0",
        f"activation = layer.{name}",
        "",
        "",
        "def counted(values, **options):",
        f'    """Each time the network is called, this is called {len(calls)} times."""',
        "    global calls",
        f"    calls = calls % {len(calls)} + 1",
        f"    return values if calls == {calls.index(step) + 1} else activation(values, **options)",
        "",
        "",
        f"layer.{name} = counted",
    ]


def maps_code(context: AttributionContext, path: str, shape: tuple[int, ...], gradients: bool) -> list[str]:
    """Lines that leave the layer's maps in `maps`, h×w×channels.

    Args:
        context: the image before the model.
        path: of the layer.
        shape: of its maps.
        gradients: whether zeros are added to the maps, for `gradient` to differentiate by.
    """
    program = context.model.program
    several = len(program.slots[path]) > 1
    step = program.producer(program.slots[path][0])
    assert step is not None
    calls = _calls(context, step)
    also = ", with zeros added to them" if gradients else ""
    lines = [
        f"# The layer, whose maps are kept as they pass{also}.",
        f"layer = {part_code(context, path)}",
        "compute, kept = layer.call, {}",
    ]
    if gradients:
        lines.append(f"at_layer = keras.Variable(np.zeros({shape}, np.float32))")
    plus = " + at_layer" if gradients else ""
    lines += ["", "", "def watched(*args, **options):", '    """What the layer computes, kept."""']
    if several:
        lines += [
            "    made = compute(*args, **options)",
            "    # It puts out several tensors; the first are the maps.",
            "    values, *others = keras.tree.flatten(made)",
        ]
    elif len(calls) > 1:
        lines.append("    values = compute(*args, **options)")
    back = "keras.tree.pack_sequence_as(made, [values, *others])" if several else "values"
    if len(calls) == 1:
        taken = "values" if several else "compute(*args, **options)"
        lines += [f'    values = kept["maps"] = {taken}{plus}', f"    return {back}"]
    else:
        number = [call.path for call in calls].index(step.path)
        lines += [
            f"    # Each time the network is called, this is called {len(calls)} times.",
            f'    kept["calls"] = kept.get("calls", 0) % {len(calls)} + 1',
            f'    if kept["calls"] == {number + 1}:',
            f'        values = kept["maps"] = values{plus}',
            f"    return {back}",
        ]
    return [
        *lines,
        "",
        "",
        "layer.call = watched",
        "logits(x)",
        'maps = keras.ops.convert_to_numpy(kept["maps"])[0]',
    ]


def gradient_code(of_image: bool) -> list[str]:
    """Lines that define `gradient`, by zeros `at_image` too where `of_image`."""
    zeros = ["at_image = keras.Variable(np.zeros(x.shape[1:], np.float32))"] if of_image else []
    values = "values + at_image" if of_image else "values"
    return [*zeros, *_GRADIENT.format(values=values).splitlines(), "", ""]


def guided_code(context: AttributionContext, relus: tuple[ProgramStep, ...]) -> list[str]:
    """Lines that make all ReLUs pass back positive gradients only."""
    by_network: dict[str, list[str]] = {}
    for step in relus:
        parent, _, name = _plain(step.path).rpartition("/")
        names = by_network.setdefault(parent, [])
        if name not in names:
            names.append(name)
    lines = [
        "",
        "",
        "@keras.ops.custom_gradient",
        "def upwards(values):",
        '    """The same values; only positive gradients pass back."""',
        "    return values, keras.ops.relu",
        "",
        "",
        "def guided(compute):",
        '    """What ends in a ReLU, changed so."""',
        "    return lambda *args, **options: upwards(compute(*args, **options))",
        "",
        "",
    ]
    for parent, names in by_network.items():
        network = part_code(context, parent) if parent else "model"
        told = [_place(context, parent, name) for name in names] if _counted(context) else names
        listed = ", ".join(repr(one) for one in told)
        if len(listed) < _LENGTH - 10:
            lines.append(f"relus = [{listed}]")
        else:
            lines += ["relus = [", *(f"    {line}" for line in textwrap.wrap(listed, _LENGTH - 4)), "]"]
        container = _container(context, parent)
        if _counted(context):
            lines.append(f"for layer in map({network}.operations.__getitem__, relus):")
        elif all(_is_layer(container, name) for name in names):
            lines.append(f"for layer in map({network}.get_layer, relus):")
        else:
            lines.append(f"for layer in [step for step in {network}.operations if step.name in relus]:")
        lines.append("    layer.call = guided(layer.call)")
    return lines


def part_code(context: AttributionContext, path: str) -> str:
    """An expression for a layer, through nested networks."""
    code, names = "model", _plain(path).split("/")
    for place, name in enumerate(names):
        if _counted(context):
            code = f"{code}.operations[{_place(context, '/'.join(names[:place]), name)}]"
        elif _is_layer(_container(context, "/".join(names[:place])), name):
            code = f"{code}.get_layer({name!r})"
        else:
            # Arithmetic outside of layers is no layer.
            code = f"next(step for step in {code}.operations if step.name == {name!r})"
    return code


def _counted(context: AttributionContext) -> bool:
    """Whether layers are told by their place: names that Keras gives, "conv2d_7", differ between processes.

    Files keep their names; networks of `keras.applications` are built anew.
    """
    source = context.model.source
    return source.kind == "application" and source.weights == "ImageNet"


def _place(context: AttributionContext, network: str, name: str) -> int:
    return [one.name for one in graph_of(_container(context, network)).operations].index(name)


def _plain(path: str) -> str:
    """A path without the numbers of calls: every call is of the one layer."""
    return "/".join(re.sub(r"@\d+$", "", name) for name in path.split("/"))


def _container(context: AttributionContext, path: str) -> Any:
    """The network of a plain path, the whole one for ""."""
    found = context.model.keras
    for name in path.split("/") if path else ():
        found = next(one for one in graph_of(found).operations if one.name == name)
    return found


def _is_layer(container: Any, name: str) -> bool:
    return any(layer.name == name for layer in container.layers)


def _calls(context: AttributionContext, step: ProgramStep) -> list[ProgramStep]:
    """All calls of the step's layer, in the order of computation."""
    steps = context.model.program.steps
    return [one for one in steps if one.layer is step.layer and one.part != "activation"]


def _feed(context: AttributionContext) -> str:
    """The network's arguments in a script: the image goes where it fits, zeros elsewhere."""
    import keras

    model = context.model
    program = model.program
    if len(program.inputs) == 1 and program.dtypes[program.inputs[0]] == "float32":
        codes = ["values"]
    else:
        codes = [_argument(context, slot) for slot in program.inputs]
    graph = graph_of(model.keras)
    structure = model.keras.inputs if graph is None else graph.input
    if graph is None and len(codes) == 1:
        return codes[0]
    return _written(keras.tree.pack_sequence_as(structure, codes))


def _argument(context: AttributionContext, slot: int) -> str:
    program = context.model.program
    dtype = program.dtypes[slot]
    if context.takes_image(slot):
        return "values" if dtype == "float32" else f"keras.ops.cast(values, {dtype!r})"
    sizes = "".join(f", {size or 1}" for size in program.shapes[slot][1:])
    return f"keras.ops.zeros((keras.ops.shape(values)[0]{sizes}), {dtype!r})"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    return str(value)
