"""A new one of each is a file and a line in a registry: made up here, registered, and found everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.core.parameter import parameter
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.breakdown.base import Breakdown, Unit
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.interpret.breakdown.rules import norms
from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.builder.build import to_code, to_keras
from convscope.engine.models.builder.built import build_model
from convscope.engine.models.graph.nodes import model_graph
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import Config, LayerKind, Parameters, Shape, need_map
from convscope.engine.models.layer_specs.categories import CATEGORIES, Category
from convscope.imaging.image import Image

MADE_UP = "UnitNormalization"  # a layer of Keras that the builder does not offer
RAMP = Image(np.arange(36, dtype=np.uint8).reshape(6, 6) * 7, "ramp")


def _no_weights(config: Config, shapes: Sequence[Shape]) -> Parameters:
    return Parameters()


def _maps(config: Config, shapes: Sequence[Shape]) -> Shape:
    return need_map(shapes[0], "this layer")


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> LayerKind:
    """A layer kind of its own category, in the registry for the time of a test."""
    made = LayerKind(
        MADE_UP,
        "Made up",
        "Scales the values of each place to a length of one.",
        (parameter("axis", -1),),
        _maps,
        _no_weights,
        from_afar=("Unit", "U"),
    )
    monkeypatch.setitem(CATEGORIES, "Made up", Category("Made up", 99, light="#123456", dark="#654321"))
    monkeypatch.setitem(KINDS, MADE_UP, made)
    return made


def drafted() -> Architecture:
    """A network with a layer of that kind."""
    return Architecture(
        "made_up",
        (
            LayerSpec("image", "InputLayer", {"shape": (6, 6, 1)}),
            LayerSpec("conv", "Conv2D", {"filters": 2, "kernel_size": 3}),
            LayerSpec("unit", MADE_UP, {"axis": -1}),
        ),
    )


@pytest.mark.usefixtures("kind")
def test_a_layer_kind_is_counted_built_written_drawn_and_explained() -> None:
    row = drafted().sheet().layers[2]
    assert (row.shape, row.parameters, row.problem) == ((4, 4, 2), 0, "")
    assert [layer.name for layer in to_keras(drafted()).layers] == ["conv", "unit"]
    space: dict[str, Any] = {}
    exec(to_code(drafted()), space)
    assert [type(layer).__name__ for layer in space["model"].layers] == ["Conv2D", MADE_UP]
    model = build_model(drafted(), seed=1)
    box = model_graph(model, fold=False).nodes[2]
    assert (box.path, box.title, box.category) == ("unit", MADE_UP, "Made up")
    found = explain(look(model, RAMP), "unit", 1, 2, 0)
    assert found.value == pytest.approx(found.shown, abs=1e-5)


@pytest.mark.usefixtures("kind", "qapp")
def test_a_layer_kind_is_in_the_palette_and_has_its_colour() -> None:
    from convscope.ui.panels.model.build.palette import Palette
    from convscope.ui.panels.model.colours import colour, order
    from convscope.ui.panels.model.graph.paint import short_titles

    palette = Palette()
    told = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert told[-2:] == ["Made up", MADE_UP]
    palette.deleteLater()
    assert colour("Made up").name() == "#123456" and "Made up" in order()
    assert short_titles(MADE_UP) == ["Unit", "U"]


def test_a_layer_kind_brings_its_own_sum(kind: LayerKind, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rule(place: Unit) -> Breakdown:
        asked.append(place.step.kind)
        return norms.RULES[MADE_UP](place)

    monkeypatch.setitem(KINDS, MADE_UP, replace(kind, sum_rule=rule))
    explain(look(build_model(drafted(), seed=1), RAMP), "unit", 1, 2, 0)
    assert asked == [MADE_UP]
