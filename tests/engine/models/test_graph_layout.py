"""The drawing of a network: nothing overlaps, arrows lead down, skips and blocks are there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.core.task import Cancelled, Task
from convscope.engine.models.graph.draw import draw
from convscope.engine.models.graph.layers import crossings, layered
from convscope.engine.models.graph.layout import Box, GraphLayout, arrange
from convscope.engine.models.graph.nodes import ModelGraph, model_graph
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import Runtime

SIZE = (204.0, 42.0)
ROOM = (760.0, 590.0)


@pytest.fixture(scope="module")
def resnet(runtime: Runtime) -> Iterator[OpenedModel]:
    yield open_model("ResNet50")


@pytest.fixture(scope="module")
def inception(runtime: Runtime) -> Iterator[OpenedModel]:
    yield open_model("InceptionV3")


@pytest.fixture(scope="module")
def efficient(runtime: Runtime) -> Iterator[OpenedModel]:
    yield open_model("imagenet")


def laid_out(graph: ModelGraph, room: tuple[float, float] | None = ROOM) -> GraphLayout:
    drawing = draw({node.path: SIZE for node in graph.nodes}, graph.edges)
    return arrange(drawing, {node.path: node.group for node in graph.nodes}, room)


def apart(a: Box, b: Box) -> bool:
    return a.x + a.width <= b.x or b.x + b.width <= a.x or a.bottom <= b.y or b.bottom <= a.y


def check_legible(layout: GraphLayout) -> None:
    """No two boxes meet, all lie inside, arrows lead down and through no box."""
    for a, b in combinations(layout.boxes.values(), 2):
        assert apart(a, b)
    for box in layout.boxes.values():
        assert box.x >= 0 and box.x + box.width <= layout.width
        assert box.y >= 0 and box.bottom <= layout.height
    for route in layout.routes:
        source, target = layout.boxes[route.source], layout.boxes[route.target]
        assert route.points[0] == (source.middle, source.bottom)
        assert route.points[-1] == (target.middle, target.y)
        assert route.turns or source.bottom < target.y
        starts = [0, *(turn + 3 for turn in route.turns)]
        for first, end in zip(starts, [*route.turns, len(route.points)], strict=True):
            down = route.points[first:end]
            assert all(a[1] <= b[1] for a, b in pairwise(down))
            for a, b in pairwise(down):
                if a[0] == b[0]:
                    beside = Box(a[0] - 1, a[1] + 0.1, 2, b[1] - a[1] - 0.2)
                    assert all(apart(beside, box) for box in layout.boxes.values())


@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("room", [None, ROOM])
def test_resnet_is_legible_and_its_skips_are_there(
    resnet: OpenedModel, fold: bool, room: tuple[float, float] | None
) -> None:
    graph = model_graph(resnet, fold)
    layout = laid_out(graph, room)
    check_legible(layout)
    assert (layout.columns == 1) == (room is None)
    adds = [node.path for node in graph.nodes if node.title == "Add"]
    assert len(adds) == 16
    skips = 0
    for add in adds:
        into = [route for route in layout.routes if route.target == add]
        assert len(into) == 2
        # A skip passes by the convolutions of its block.
        skips += sum(len(route.points) - 4 * len(route.turns) >= 6 for route in into)
    assert skips == 16
    blocks = [region for region in layout.regions if region.kind == "block"]
    assert {region.title for region in blocks} == {
        f"conv{stage}_block{number}"
        for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3))
        for number in range(1, count + 1)
    }


@pytest.mark.parametrize("fold", [True, False])
def test_inception_is_legible_and_its_modules_are_framed(inception: OpenedModel, fold: bool) -> None:
    graph = model_graph(inception, fold)
    layout = laid_out(graph)
    check_legible(layout)
    frames = {region.title: region.box for region in layout.regions}
    assert set(frames) == {f"mixed{number}" for number in range(11)}
    for number in range(11):
        merge = f"mixed{number}"
        branches = [route for route in layout.routes if route.target == merge]
        assert len(branches) == (3 if number in (3, 8) else 4)
        frame, box = frames[merge], layout.boxes[merge]
        assert frame.x <= box.x and box.bottom <= frame.bottom
    drawing = draw({node.path: SIZE for node in graph.nodes}, graph.edges)
    assert crossings(drawing.found) == 0


def test_efficientnet_is_legible(efficient: OpenedModel) -> None:
    layout = laid_out(model_graph(efficient))
    check_legible(layout)
    assert len([region for region in layout.regions if region.kind == "block"]) == 9


def test_columns_show_it_larger(resnet: OpenedModel) -> None:
    graph = model_graph(resnet)
    long, cut = laid_out(graph, None), laid_out(graph, ROOM)
    assert cut.columns > 1
    scale = [min(ROOM[0] / layout.width, ROOM[1] / layout.height) for layout in (long, cut)]
    assert scale[1] > 3 * scale[0]
    assert laid_out(graph, (3 * ROOM[0], ROOM[1])).columns > cut.columns
    # What fits as it is stays in one column.
    assert laid_out(graph, (5000.0, 50_000.0)).columns == 1


def test_the_trunk_is_one_straight_line(resnet: OpenedModel) -> None:
    layout = laid_out(model_graph(resnet), None)
    trunk = {
        round(box.middle, 6)
        for path, box in layout.boxes.items()
        if path.endswith("_add") or path in ("input_layer", "conv1_conv", "avg_pool", "predictions")
    }
    assert len(trunk) == 1


def test_folding_hides_no_layer(resnet: OpenedModel, inception: OpenedModel) -> None:
    for model, boxes in ((resnet, 73), (inception, 125)):
        graph = model_graph(model)
        assert len(graph.nodes) == boxes
        members = [member for node in graph.nodes for member in node.members]
        assert sorted(members) == sorted(row.path for row in model.layers)
        assert set(graph.owners()) == set(members)
        order = {node.path: at for at, node in enumerate(graph.nodes)}
        assert all(order[a] < order[b] for a, b in graph.edges)
    every = model_graph(resnet, fold=False)
    assert len(every.nodes) == 177
    assert len(every.edges) == sum(len(row.inputs) for row in resnet.layers)


def test_words_of_boxes(resnet: OpenedModel, inception: OpenedModel) -> None:
    boxes = {node.path: node for node in model_graph(resnet).nodes}
    first = boxes["conv1_conv"]
    assert first.title == "Conv2D 7×7 /2"
    assert first.extras == ("padding", "BN", "ReLU")
    assert first.members == ("conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu")
    assert first.shape == "112×112×64"
    assert boxes["pool1_pool"].title == "MaxPooling2D 3×3 /2"
    assert boxes["predictions"].title == "Dense 1000"
    assert boxes["predictions"].extras == ("softmax",)
    assert boxes["conv2_block1_add"].extras == ("ReLU",)
    pools = [node.title for node in model_graph(inception).nodes if node.title.startswith("Average")]
    assert set(pools) == {"AveragePooling2D 3×3 /1"}


def test_what_others_read_is_not_folded(runtime: Runtime) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 3), name="in")
    conv = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    norm = layers.BatchNormalization(name="norm")(conv)
    active = layers.ReLU(name="relu")(norm)
    again = layers.Conv2D(4, 3, padding="same", name="again")(active)
    joined = layers.Add(name="join")([norm, again])
    end = layers.Activation("tanh", name="end")(joined)
    model = OpenedModel(keras.Model(inputs, [end, joined]))
    boxes = {node.path: node.members for node in model_graph(model).nodes}
    assert boxes == {
        "in": ("in",),
        "conv": ("conv", "norm"),
        "relu": ("relu",),
        "again": ("again",),
        # It is an output itself, so that its activation stands alone.
        "join": ("join",),
        "end": ("end",),
    }


def test_nested_models_are_framed(runtime: Runtime) -> None:
    model = open_model("vgg16-cats-dogs")
    layout = laid_out(model_graph(model), None)
    (frame,) = [region.box for region in layout.regions if region.kind == "group"]
    inside = {path for path, box in layout.boxes.items() if not apart(box, frame)}
    assert inside == {path for path in layout.boxes if path.startswith("vgg16/")}
    several = laid_out(model_graph(model), (900.0, 400.0))
    frames = [region for region in several.regions if region.kind == "group"]
    assert {region.title for region in frames} == {"vgg16"}
    assert len(frames) > 1


def test_crossings_that_can_be_avoided_are() -> None:
    # Two branches whose ends stand in the wrong order, and a layer between.
    assert crossings(layered(6, [(0, 3), (1, 2), (2, 5), (3, 4)])) == 0
    # A complete pairing of two and two has one crossing, whatever the order.
    assert crossings(layered(4, [(0, 2), (0, 3), (1, 2), (1, 3)])) == 1


@st.composite
def graphs(draw_: Any) -> tuple[int, list[tuple[int, int]]]:
    count = draw_(st.integers(1, 14))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw_(st.lists(st.sampled_from(pairs), unique=True, max_size=24)) if pairs else []
    return count, chosen


@settings(max_examples=120, deadline=None)
@given(graphs(), st.sampled_from([None, (600.0, 300.0), (2000.0, 200.0)]))
def test_any_graph_is_legible(
    graph: tuple[int, list[tuple[int, int]]], room: tuple[float, float] | None
) -> None:
    count, edges = graph
    names = {f"n{number}": (60.0 + 25 * (number % 4), 30.0) for number in range(count)}
    drawing = draw(names, [(f"n{a}", f"n{b}") for a, b in edges])
    layout = arrange(drawing, {}, room)
    check_legible(layout)
    assert set(layout.boxes) == set(names)
    assert sorted((route.source, route.target) for route in layout.routes) == sorted(
        (f"n{a}", f"n{b}") for a, b in edges
    )


def test_it_can_be_cancelled() -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        draw({"a": SIZE, "b": SIZE}, [("a", "b")], task)


def test_nothing_to_draw() -> None:
    layout = arrange(draw({}, []), {}, ROOM)
    assert not layout.boxes and not layout.routes


def cell_network(cells: int) -> list[tuple[str, str]]:
    """Cells in a row, each fed by the two before it, as in NASNet."""
    edges, before, last = [("image", "stem")], "stem", "stem"
    for number in range(cells):
        edges += [(before, f"old{number}"), (last, f"new{number}")]
        for branch in range(4):
            source = f"old{number}" if branch % 2 else f"new{number}"
            edges += [(source, f"a{number}.{branch}"), (f"a{number}.{branch}", f"b{number}.{branch}")]
        edges += [(f"b{number}.{branch}", f"cell{number}") for branch in range(4)]
        before, last = last, f"cell{number}"
    return [*edges, (last, "scores")]


def test_cells_that_read_the_two_before_are_kept_apart() -> None:
    edges = cell_network(12)
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    drawing = draw(dict.fromkeys(names, (120.0, 40.0)), edges)
    layout = arrange(drawing, room=(900.0, 700.0))
    assert layout.columns > 1, "no box carries everything on, and yet it goes on beside"
    check_legible(layout)
    blocks = {region.title: region.box for region in layout.regions if region.kind == "block"}
    assert list(blocks) == [f"cell{number}" for number in range(12)]
    for number in range(12):
        inside = [f"{part}{number}" for part in ("old", "new", "cell")]
        inside += [f"{part}{number}.{branch}" for part in "ab" for branch in range(4)]
        frame = blocks[f"cell{number}"]
        for name, box in layout.boxes.items():
            within = frame.x <= box.middle <= frame.x + frame.width and frame.y <= box.y < frame.bottom
            assert within == (name in inside), name


def test_towers_side_by_side_are_no_cells() -> None:
    edges = []
    for tower in "xy":
        source = "image"
        for number in range(3):
            edges += [(source, f"{tower}{number}.{branch}") for branch in range(3)]
            edges += [(f"{tower}{number}.{branch}", f"{tower}{number}") for branch in range(3)]
            source = f"{tower}{number}"
        edges.append((source, "joined"))
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    layout = arrange(draw(dict.fromkeys(names, (120.0, 40.0)), edges))
    assert layout.boxes["x1"].y == layout.boxes["y1"].y
