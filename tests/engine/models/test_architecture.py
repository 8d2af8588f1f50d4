"""The builder's list of layers: edits make new lists, problems stand at their layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convscope.core.errors import UserError
from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.builder.templates import TEMPLATES, Draft


def net() -> Architecture:
    draft = Draft("net", (28, 28, 1))
    draft.conv(8)
    draft.add("MaxPooling2D")
    draft.add("Flatten")
    draft.add("Dense", units=10, activation="softmax")
    return draft.done


def problems(architecture: Architecture) -> dict[str, str]:
    return {row.path: row.problem for row in architecture.summary().problems}


def test_edits_leave_the_old_list_alone() -> None:
    before = net()
    text = before.to_json()
    after = before.insert(2, "Conv2D", {"filters": 4}).set("dense", units=3).remove("max_pooling2d")
    after = after.move("conv2d_1", 1).duplicate("conv2d").rename("dense", "scores")
    assert before.to_json() == text
    assert [layer.name for layer in after.layers] == [
        "input", "conv2d_1", "conv2d", "conv2d_2", "flatten", "scores",
    ]  # fmt: skip
    assert after.summary().layers[-1].shape == (3,)


def test_a_kernel_larger_than_its_map_is_told_at_its_layer() -> None:
    broken = net().set("max_pooling2d", pool_size=13).insert(3, "Conv2D", {"filters": 4, "kernel_size": 5})
    assert problems(broken) == {"conv2d_1": "the 5×5 kernel is larger than its 2×2 map"}
    rows = {row.path: row for row in broken.summary().layers}
    assert rows["flatten"].shape is None, "what comes after waits, and is not blamed"
    with pytest.raises(UserError, match=r"^net cannot be built: at conv2d_1, the 5×5 kernel"):
        broken.checked()


@pytest.mark.parametrize(
    ("edit", "where", "sentence"),
    [
        (lambda a: a.connect("dense", "nowhere"), "dense", "its input nowhere is not in the list"),
        (lambda a: a.connect("conv2d", "dense"), "conv2d", "its input dense comes after it"),
        (lambda a: a.rename("dense", "conv2d"), "conv2d", "the name conv2d is taken by a layer above"),
        (
            lambda a: a.rename("dense", "a b"),
            "a b",
            "'a b' is not a layer name; letters, digits, _, . and - are",
        ),
        (lambda a: a.remove("input"), "conv2d", "the first layer must be an input"),
        (lambda a: a.set("dense", units=0), "dense", "units is 0, less than 1"),
        (lambda a: a.set("dense", units="ten"), "dense", "units is 'ten', not a whole number"),
        (lambda a: a.set("dense", activation="maximal"), "dense", "activation is maximal, not one of"),
        (lambda a: a.set("dense", colour=1), "dense", "Dense has no setting colour"),
        (
            lambda a: a.set("conv2d", kernel_size=(3, 3, 3)),
            "conv2d",
            "kernel_size is (3, 3, 3), not one number or two",
        ),
        (lambda a: a.set("conv2d", use_bias=1), "conv2d", "use_bias is 1, not true or false"),
        (
            lambda a: a.insert(4, "Flatten").connect("dense", "flatten"),
            "flatten_1",
            "nothing is fed by it: it leads nowhere",
        ),
    ],
)
def test_problems_are_one_clause_at_their_layer(edit: object, where: str, sentence: str) -> None:
    found = problems(edit(net()))  # type: ignore[operator]
    assert sentence in found[where]


def test_removing_a_layer_feeds_its_followers_from_what_fed_it() -> None:
    architecture = TEMPLATES["resnet-small"].architecture
    after = architecture.remove("stage1_block1_2_norm")
    add = after.layers[after.index("stage1_block1_add")]
    assert add.inputs == ("stem_relu", "stage1_block1_conv2")
    assert not after.summary().problems


def test_files_come_back_equal(tmp_path: Path) -> None:
    for template in TEMPLATES.values():
        architecture = template.architecture
        path = tmp_path / "net.json"
        architecture.save(path)
        assert Architecture.open(path) == architecture
    assert [file.name for file in tmp_path.iterdir()] == ["net.json"]


@pytest.mark.parametrize(
    "value", [{"module": "os", "class_name": "system", "config": {"command": "true"}}, "os.system", ["zeros"]]
)
def test_an_initializer_is_a_known_name(value: object) -> None:
    told = json.loads(net().to_json())
    told["layers"][1]["config"]["kernel_initializer"] = value
    with pytest.raises(UserError, match=r"^x: at conv2d, kernel_initializer is .*, not one of zeros, "):
        Architecture.from_json(json.dumps(told), "x")
    told["layers"][1]["config"]["kernel_initializer"] = "he_normal"
    assert Architecture.from_json(json.dumps(told)).layers[1].settings["kernel_initializer"] == "he_normal"


def test_numbers_by_channel_fit_the_channels() -> None:
    draft = Draft("net", (8, 8, 3))
    draft.add("Rescaling", scale=(0.1, 0.2))
    draft.add("Dropout", rate=0.5, noise_shape=(None, 1, 1))
    assert problems(draft.done) == {"rescaling": "scale has 2 numbers for 3 channels"}
    fine = draft.done.set("rescaling", scale=(0.1, 0.2, 0.3))
    assert problems(fine) == {"dropout": "the noise shape ?×1×1 does not fit the batch and 8×8×3"}


def test_an_edit_counts_only_what_it_changes() -> None:
    before = TEMPLATES["resnet-small"].architecture
    first = before.summary().layers
    after = before.set(before.layers[-1].name, units=3).summary().layers
    assert all(a is b for a, b in zip(first[:-1], after[:-1], strict=True))
    assert after[-1].shape == (3,)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    told = json.loads(net().to_json())
    told["layers"][1]["kind"] = "Lambda"
    for text, sentence in (
        ("{", "x.json does not hold an architecture that convscope saved."),
        (
            '{"class_name": "Sequential", "config": {"layers": []}}',
            "x.json is Keras's own description of a network, not an architecture of this app: "
            "open it as a model, together with the file of its weights.",
        ),
        ("[1, 2]", "x.json does not hold an architecture that convscope saved."),
        ('{"a": 1}', "x.json does not hold an architecture that convscope saved."),
        (json.dumps({**told, "layers": []}), "x.json holds an architecture without any layer."),
        (
            json.dumps({**told, "layers": told["layers"][:1] * 2}),
            "x.json has two layers called input.",
        ),
        (json.dumps(told), "x.json has a layer conv2d of an unknown kind, Lambda."),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError) as error:
            Architecture.open(path)
        assert error.value.message == sentence
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read"):
        Architecture.open(path)


def test_only_what_differs_is_written_out() -> None:
    spec = LayerSpec("c", "Conv2D", {"filters": 8, "kernel_size": 3, "strides": 1, "activation": "relu"})
    assert spec.settings == {"filters": 8, "kernel_size": 3, "activation": "relu"}
