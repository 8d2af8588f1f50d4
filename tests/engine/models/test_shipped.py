"""The shipped ImageNet network: real weights, half precision on disk, the same answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.engine.data.preprocessing import UNIT
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library import shipped
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.library.shipped import imagenet_classes
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.io.load import load_image

pytestmark = pytest.mark.usefixtures("runtime")

REFERENCE = json.loads(Path(__file__).with_name("imagenet_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def imagenet(runtime: object) -> OpenedModel:
    return open_model("imagenet")


def test_it_is_small_and_complete(imagenet: OpenedModel) -> None:
    files = [resource_path("models", f"imagenet{end}") for end in (".npz", ".json", ".classes.txt")]
    assert sum(file.stat().st_size for file in files) <= 12_000_000
    assert imagenet.summary.totals.parameters == 4_694_024 == shipped.facts("imagenet").parameters
    assert imagenet.input_shape == (224, 224, 3)
    assert {weight.dtype for weight in imagenet.keras.weights} == {"float32"}
    # Published: 407 M multiply-adds, its batch normalisations (folded into convolutions here) left out.
    assert imagenet.summary.totals.multiply_adds == 385_187_552


def test_the_first_classes_of_the_photographs(imagenet: OpenedModel) -> None:
    coffee = imagenet.predict(load_image(resource_path("images", "coffee.jpg"))).top(1)[0]
    assert (coffee.name, coffee.index) == ("espresso", 967)
    assert coffee.probability == pytest.approx(0.94, abs=0.005)
    cat = imagenet.predict(load_image(resource_path("images", "cat.jpg")))
    assert [score.name for score in cat.top(3)] == ["Egyptian cat", "tiger cat", "tabby"]


def test_half_precision_changes_no_answer(imagenet: OpenedModel) -> None:
    assert len(REFERENCE) >= 8
    for name, told in REFERENCE.items():
        found = imagenet.predict(load_image(resource_path("images", name)))
        assert [score.index for score in found.top(5)] == told["first"], name
        np.testing.assert_allclose(found.logits[::20], told["logits"], atol=1e-2)


def test_every_class_has_a_name_of_its_own(imagenet: OpenedModel) -> None:
    names = imagenet_classes()
    assert len(names) == len(set(names)) == 1000
    assert imagenet.classes == names
    assert (names[0], names[285], names[999]) == ("tench", "Egyptian cat", "toilet tissue")


def test_paths_that_people_can_read(imagenet: OpenedModel) -> None:
    paths = {row.path for row in imagenet.layers}
    assert {"stem_conv", "block1a_dwconv", "block3a_expand_conv", "block7a_project_conv", "top_conv"} <= paths
    last = imagenet.layer("top_conv")
    assert last.shape == (7, 7, 1280)


def test_a_network_of_ones_own_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = TEMPLATES["mnist-small"].architecture
    model = to_keras(architecture)
    written = shipped.write_shipped(
        tmp_path,
        "digits",
        model,
        architecture,
        title="t",
        about="a.",
        accuracy="0.9 on 10 digits.",
        classes=tuple("0123456789"),
        preprocessing=UNIT,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    monkeypatch.setattr(shipped, "resource_path", lambda *parts: tmp_path / parts[-1])
    again = shipped.open_shipped("digits")
    for ours, theirs in zip(again.keras.get_weights(), model.get_weights(), strict=True):
        expected = theirs.astype(np.float16) if theirs.ndim > 1 else theirs
        np.testing.assert_array_equal(ours, expected.astype(np.float32))
    assert again.classes == tuple("0123456789")
    kept = Architecture.from_json(architecture.to_json())
    assert kept.title == "MNIST convnet 16-32"
    assert shipped.facts("digits").architecture == replace(kept, title="t"), "called as on the screen"


def test_damaged_or_missing_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("imagenet.json", "imagenet.classes.txt"):
        shutil.copy(resource_path("models", name), tmp_path)
    (tmp_path / "imagenet.npz").write_bytes(b"PK\x03\x04 cut short")
    monkeypatch.setattr(shipped, "resource_path", lambda *parts: tmp_path / parts[-1])
    with pytest.raises(
        UserError, match="The weights of the network imagenet are damaged: install convscope again"
    ):
        shipped.open_shipped("imagenet")

    def missing(*parts: str) -> Path:
        raise FileNotFoundError(parts)

    monkeypatch.setattr(shipped, "resource_path", missing)
    with pytest.raises(UserError, match="The network imagenet is missing from this installation"):
        shipped.facts("imagenet")
    assert shipped.available() == ()
