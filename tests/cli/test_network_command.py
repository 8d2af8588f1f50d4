"""`convscope network`: a figure of a network, with and without an image, and what it tells as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.interpret.activations.activations import look
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample

DIGIT, CAT = (str(resource_path("images", name)) for name in ("digit-3.png", "cat.jpg"))


@pytest.mark.parametrize("ending", [".svg", ".pdf", ".png", ".tex"])
def test_a_figure_without_an_image(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"{name}{ending}" for name in ("light", "dark", "again")]
    for file, theme in zip(files, ("light", "dark", "light"), strict=True):
        assert main(["network", "digits", "-o", str(file), "--theme", theme]) == 0
    assert "9 blocks" in capsys.readouterr().out
    light, dark, again = (file.read_bytes() for file in files)
    assert light == again != dark and sorted(tmp_path.iterdir()) == sorted(files)


def facts_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert isinstance(told, dict)
    return told


def test_the_facts_with_an_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.svg"
    told = facts_of(["network", "digits", DIGIT, "-o", str(file)], capsys)
    assert told["output"] == str(file) and told["class"]["name"] == "3"
    assert [column["id"] for column in told["columns"]][:3] == ["input", "conv2d", "max_pooling2d"]
    assert told["columns"][1]["shape"] == [26, 26, 32] and told["columns"][1]["inputs"] == ["input"]
    # A class's path begins with its whole score; every step is a map of its column.
    path = told["class"]["path"]
    assert [step["column"] for step in path][-1] == "input" and path[0]["column"] == "dense"
    for step in path:
        assert step["share"] == pytest.approx(step["carried"] / told["class"]["score"])
    start()
    model = open_model("digits")
    assert told["class"]["score"] == pytest.approx(
        float(model.predict(load_sample("digit-3")).logits[3]), 1e-4
    )
    # As many pictures as maps are told, the image and the three vectors.
    maps = sum(len(column.get("maps", ())) for column in told["columns"])
    root = ElementTree.parse(file).getroot()
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == maps + 1 + 3


def test_another_class_chooses_other_maps(capsys: pytest.CaptureFixture[str]) -> None:
    three, eight = (facts_of(["network", "digits", DIGIT, "--class", name], capsys) for name in ("3", "8"))
    assert eight["class"]["index"] == 8 and three["columns"] != eight["columns"]
    assert three["output"] is None
    start()
    found = look(open_model("digits"), load_sample("digit-3"))
    for column in three["columns"]:
        for channel in column.get("maps", ()):
            assert 0 <= channel < found.value(column["id"]).shape[-1]


def test_blocks_unfold_and_labels_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.svg"
    folded = facts_of(["network", "imagenet"], capsys)["columns"]
    words = [
        "network",
        "imagenet",
        "--unfold",
        "block2",
        "block2a",
        "-o",
        str(file),
        "--label",
        "block3=A = B",
    ]
    unfolded = facts_of(words, capsys)["columns"]
    assert len(unfolded) > len(folded) + 2
    titles = [column["title"] for column in unfolded]
    assert "block2" not in titles and "block2b" in titles
    layers = [path for column in folded for path in column["layers"]]
    assert layers == [path for column in unfolded for path in column["layers"]]
    assert ">A = B</text>" in file.read_text("utf-8") and ">block3</text>" not in file.read_text("utf-8")


def test_the_image_is_on_the_first_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    png, tex = tmp_path / "net.png", tmp_path / "net.tex"
    assert main(["network", "imagenet", CAT, "-o", str(png), "--theme", "dark"]) == 0
    with PillowImage.open(png) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    assert (pixels[0, 0] == (0x15, 0x18, 0x1D)).all()
    # A cat is brown: the input's block has more red than blue.
    some = pixels[100:180, 60:180].reshape(-1, 3).mean(axis=0)
    assert some[0] > some[2] + 20
    assert main(["network", "digits", DIGIT, "-o", str(tex)]) == 0
    assert "frames stand in place" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Say where to write"),
        (["-o", "net.jpg"], "name it net.svg"),
        (["-o", "nowhere/net.svg"], "no folder nowhere"),
        (["--json", "--class", "3"], "give an image"),
        (["--json", "--unfold", "zzz"], "has no folded block zzz"),
        (["--json", "--label", "zzz=a"], "no column zzz"),
        (["nowhere.png", "--json"], "nowhere.png"),
        ([DIGIT, "--json", "--class", "99"], "99"),
    ],
)
def test_mistakes_are_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["network", "digits", *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told and told.count("\n") == 1
