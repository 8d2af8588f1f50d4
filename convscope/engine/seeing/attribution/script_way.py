"""How a script takes a network apart: from the input to a layer's maps, and from there to the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convscope.engine.models.opened import OpenedModel
from convscope.errors import UserError

# The tensor that a network's (or nested network's) own output is.
_END = ""


@dataclass(frozen=True)
class Way:
    """Code that takes a network apart.

    Attributes:
        setup: lines that name its parts.
        maps: lines of the body of `maps_of(values)`, from the input to the layer's maps; none for the input.
        scores: lines of the body of `logits(values)`, from there to the scores before softmax.
    """

    setup: tuple[str, ...]
    maps: tuple[str, ...]
    scores: tuple[str, ...]


def way_to_scores(model: OpenedModel, path: str | None) -> Way:
    """From a layer's maps (or the input, for None) to the scores before softmax.

    Raises:
        UserError: a short script cannot take this network apart.
    """
    program, head = model.program, model.head
    if len(program.inputs) > 1 or head.kind == "unknown":
        raise UserError(f"{model.name} is not a network with one input that a short script can take apart.")
    step = program.producer(head.logits)
    if step is None or "@" in step.path or (path is not None and "@" in path):
        raise UserError(f"{model.name} calls a layer twice, which a short script cannot take apart.")
    if path is not None and program.frontier(model.slot(path), [head.logits]):
        raise UserError(
            f"Other paths lead around {path}, which a short script cannot follow: choose a later layer."
        )
    fused = step.part == "sum"
    if fused and step.kind != "Dense":
        raise UserError(f"{model.name} ends in {step.kind}, which a short script cannot take apart.")
    group, _, last = step.path.rpartition("/")
    inner, _, name = (path or "").rpartition("/")
    if path is None:
        inner = group
    if "/" in inner or "/" in group or (group and inner != group):
        raise UserError(f"{model.name} is nested in a way that a short script cannot take apart.")
    parts = _Parts(model, inner)
    maps = parts.stem()
    # From the nested network's input (or the whole one's) to the layer.
    if path is None:
        start, scores = None, maps
        maps = []
    else:
        start, scores = name, []
        maps += parts.segment(inner, None, name)
    # The dense layer's input is as far as its layers go; the sum itself is written out below.
    reached = path is not None and fused and step.inputs[0] == model.slot(path)
    if inner == group:
        scores += [] if reached else parts.segment(inner, start, last, before=fused)
    else:
        scores += parts.segment(inner, start, _END)
        scores += parts.segment("", inner, last, before=fused)
    parts.setup.append(f"last = {parts.names[group]}.get_layer({last!r})")
    if fused:
        bias = " + last.bias" if step.layer.use_bias else ""
        scores.append(f"return keras.ops.matmul(values, last.kernel){bias}")
    else:
        scores.append("return values")
    return Way(tuple(parts.setup), tuple(maps), tuple(scores))


class _Parts:
    """Collects the lines; knows the network and the one nested network in it that matters."""

    def __init__(self, model: OpenedModel, group: str) -> None:
        self.model = model
        self.group = group
        self.names = {"": "model"}
        self.containers: dict[str, Any] = {"": model.keras}
        self.setup: list[str] = []
        if group:
            self.names[group] = "base"
            self.containers[group] = model.keras.get_layer(group)
            self.setup.append(f"base = model.get_layer({group!r})")

    def stem(self) -> list[str]:
        """Lines from the picture to the nested network, if layers stand before it."""
        if not self.group:
            return []
        before = self._before()
        return self.segment("", None, before) if before else []

    def segment(self, group: str, start: str | None, end: str, *, before: bool = False) -> list[str]:
        """Lines from one tensor of a network to another.

        Args:
            group: the network.
            start: a layer whose output is given; None for the network's input.
            end: a layer whose output is wanted; `_END` for the network's.
            before: the layer's input is wanted instead.
        """
        container, name = self.containers[group], self.names[group]
        # A shipped network is built as a graph by the script, whatever it is here.
        if type(container).__name__ == "Sequential" and self.model.source.kind != "shipped":
            layers = [layer.name for layer in container.layers]
            first = 0 if start is None else layers.index(start) + 1
            final = len(layers) if end == _END else layers.index(end) + (0 if before else 1)
            if first >= final:
                return []
            return [
                f"for layer in {name}.layers[{first}:{final}]:",
                "    values = layer(values, training=False)",
            ]
        source = f"{name}.inputs[0]" if start is None else self._tensor(group, start)
        if start == self.group and group == "" and start:
            follower = self._follower()
            if before and follower == end:
                return []
            source = f"{name}.get_layer({follower!r}).input"
        if end == _END:
            if start is not None and container.outputs[0] is self._operation(group, start).output:
                return []
            target = f"{name}.outputs[0]"
        else:
            target = self._tensor(group, end)
            if before:
                target = f"{target.removesuffix('.output')}.input"
        part = f"part_{len([line for line in self.setup if line.startswith('part_')]) + 1}"
        self.setup.append(f"{part} = keras.Model({source}, {target})")
        return [f"values = {part}(values, training=False)"]

    def _operation(self, group: str, name: str) -> Any:
        return next(one for one in self.containers[group].operations if one.name == name)

    def _tensor(self, group: str, name: str) -> str:
        container, variable = self.containers[group], self.names[group]
        if any(layer.name == name for layer in container.layers):
            return f"{variable}.get_layer({name!r}).output"
        # Arithmetic outside of layers is no layer.
        return f"next(step for step in {variable}.operations if step.name == {name!r}).output"

    def _before(self) -> str:
        """The layer that feeds the nested network, "" where that is the picture."""
        program = self.model.program
        inside = [step for step in program.steps if step.path.startswith(f"{self.group}/")]
        made = {slot for step in inside for slot in step.outputs}
        fed = {slot for step in inside for slot in step.inputs} - made
        if fed <= set(program.inputs):
            return ""
        steps = [program.producer(slot) for slot in fed]
        if len(steps) == 1 and steps[0] is not None and "/" not in steps[0].path:
            return steps[0].path
        raise UserError(f"{self.group} is fed in a way that a short script cannot follow.")

    def _follower(self) -> str:
        """The one layer that the nested network feeds."""
        program = self.model.program
        inside = {id(step) for step in program.steps if step.path.startswith(f"{self.group}/")}
        made = {slot for step in program.steps if id(step) in inside for slot in step.outputs}
        after = {
            step.path for step in program.steps if id(step) not in inside and made.intersection(step.inputs)
        }
        if len(after) == 1 and "/" not in (path := after.pop()):
            return path
        raise UserError(f"{self.group} feeds several layers, which a short script cannot follow.")
