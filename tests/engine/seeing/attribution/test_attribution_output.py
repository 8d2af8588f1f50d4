"""Pictures, walls, folders, reports, and scripts that make the same map."""

from __future__ import annotations

import ast
import base64
import csv
import io
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attribution_nets import flat, functional, mixed, nested, randomised
from PIL import Image as PillowImage

from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.seeing.attribution.batch import Row, explain_folder
from convscope.engine.seeing.attribution.explain import explain
from convscope.engine.seeing.attribution.layers import usable_layers
from convscope.engine.seeing.attribution.look import Look
from convscope.engine.seeing.attribution.methods import METHODS
from convscope.engine.seeing.attribution.picture import (
    Style,
    picture,
    region,
    shared_scales,
    wall_picture,
)
from convscope.engine.seeing.attribution.report import report, save_report
from convscope.engine.seeing.attribution.result import Attribution, Request
from convscope.engine.seeing.attribution.script import SCRIPTED, to_python
from convscope.engine.seeing.attribution.target import Target
from convscope.engine.seeing.attribution.truth.agreement import agreement
from convscope.engine.seeing.attribution.truth.curves import curves
from convscope.engine.seeing.attribution.truth.randomised import randomised as cascade
from convscope.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.load import load_image
from convscope.imaging.overlay import overlay
from convscope.imaging.samples import load_sample
from convscope.imaging.save import save_png
from convscope.task import Cancelled, Task


@pytest.fixture(scope="module")
def coffee(imagenet: OpenedModel) -> Look:
    return Look(imagenet, load_sample("coffee"))


@pytest.fixture(scope="module")
def seven(digits: OpenedModel) -> Look:
    return Look(digits, load_sample("digit-7"))


# Pictures.


def test_a_picture_is_the_overlay(coffee: Look) -> None:
    made = explain(coffee, Request("grad-cam"))
    np.testing.assert_array_equal(picture(made), overlay(made.pixels, made.heat, scale=made.scale))
    large = picture(made, image=coffee.image)
    assert large.shape == (400, 600, 3)
    # The network saw the middle only; the rest of the photograph stays as it is.
    np.testing.assert_array_equal(large[:, :100], coffee.image.pixels[:, :100])
    assert (large[:, 100:500] != coffee.image.pixels[:, 100:500]).any(axis=2).mean() > 0.9


def test_a_threshold_draws_the_region(coffee: Look) -> None:
    made = explain(coffee, Request("grad-cam"))
    found = region(made, 0.5, image=coffee.image)
    assert found is not None
    drawn = picture(made, Style(threshold=0.5), image=coffee.image)
    assert (drawn[found.box.top, found.box.left : found.box.right] == 255).all()
    silent = explain(Look(coffee.model, coffee.image), Request("grad-cam"))
    empty = Attribution(**{**silent.__dict__, "heat": np.zeros((7, 7), np.float32)})
    assert region(empty, 0.5) is None
    np.testing.assert_array_equal(picture(empty, Style(threshold=0.5)), picture(empty))


def test_a_region_of_single_pixels_is_that_of_their_neighbourhood(seven: Look) -> None:
    made = explain(seven, Request("saliency"))
    found = region(made, 0.3)
    assert made.grainy and found is not None and found.mask.sum() > 20


def test_small_pictures_are_enlarged_by_a_whole_factor(seven: Look) -> None:
    made = explain(seven, Request("grad-cam"))
    large = picture(made, Style(opacity=0), image=seven.image, least=200)
    assert large.shape == (224, 224, 3)
    np.testing.assert_array_equal(large[::8, ::8, 0], seven.image.pixels)
    # The map is enlarged to the larger picture, not repeated with it.
    heated = picture(made, Style(opacity=1), image=seven.image, least=200)
    np.testing.assert_array_equal(heated, overlay(large, made.heat, scale=made.scale, opacity=1))
    assert picture(made, image=seven.image).shape == (28, 28, 3)


def test_a_wall_shares_its_scale_method_by_method(seven: Look) -> None:
    requests = [
        Request("hires-cam", Target(7)),
        Request("hires-cam", Target(1)),
        Request("saliency", Target(7)),
    ]
    made = [explain(seven, request) for request in requests]
    scales = shared_scales(made)
    assert scales[0] == scales[1]
    assert scales[0].high == max(made[0].scale.high, made[1].scale.high) == -scales[0].low
    assert scales[2] == made[2].scale
    assert wall_picture(made).shape == (224 + 19, 3 * (224 + 8) - 8, 3)


# A folder.


def test_a_folder_becomes_overlays_and_a_table(digits: OpenedModel, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("digit-2", "digit-7"):
        save_png(source / f"{name}.png", load_sample(name).pixels)
    (source / "broken.png").write_bytes(b"no picture")
    rows: list[Row] = []
    made = explain_folder(digits, source, target, Request("grad-cam"), task=Task(on_partial=rows.append))
    assert [row.file.name for row in made.rows] == ["broken.png", "digit-2.png", "digit-7.png"]
    assert rows == list(made.rows)
    assert made.rows[0].error and made.rows[0].overlay is None
    seven = made.rows[2]
    assert (seven.name, seven.target, seven.method, seven.layer) == ("7", "7", "grad-cam", "conv2d_2")
    assert seven.probability > 0.99 and seven.box is not None
    assert sorted(path.name for path in target.iterdir()) == [
        "digit-2.grad-cam.png",
        "digit-7.grad-cam.png",
        "table.csv",
    ]
    look = Look(digits, load_image(source / "digit-7.png"))
    expected = picture(explain(look, Request("grad-cam")), image=look.image, least=224)
    np.testing.assert_array_equal(load_image(target / "digit-7.grad-cam.png").values, expected)
    with made.table.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["name"] for row in table] == ["", "2", "7"]
    assert float(table[2]["logit"]) == pytest.approx(seven.logit, abs=1e-5)
    assert table[2]["box_bottom"] == str(seven.box.bottom)
    assert "broken.png" in table[0]["file"] and table[0]["error"] == made.rows[0].error


def test_pictures_of_one_name_do_not_overwrite_each_other(digits: OpenedModel, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_png(tmp_path / folder / "x.png", load_sample("digit-2").pixels)
    files = [tmp_path / "a/x.png", tmp_path / "b/x.png"]
    made = explain_folder(digits, files, tmp_path / "out", Request("saliency", Target(2)))
    assert [row.overlay.name for row in made.rows if row.overlay] == ["x.saliency.png", "x-2.saliency.png"]


def test_a_cancelled_folder_keeps_what_it_has(digits: OpenedModel, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_png(tmp_path / f"{name}.png", load_sample("digit-2").pixels)
    task = Task(on_partial=lambda row: task.cancel())
    with pytest.raises(Cancelled):
        explain_folder(digits, tmp_path, tmp_path / "out", task=task)
    assert len((tmp_path / "out/table.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_folders_that_cannot_be(digits: OpenedModel, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no pictures"):
        explain_folder(digits, tmp_path, tmp_path / "out")
    save_png(tmp_path / "a.png", load_sample("digit-2").pixels)
    with pytest.raises(UserError, match="no class 99"):
        explain_folder(digits, tmp_path, tmp_path / "out", Request("grad-cam", Target(99)))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        explain_folder(digits, tmp_path, tmp_path / "file/out")


# The report.


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.sources.append(str(dict(attrs)["src"]))
        elif tag not in ("meta", "br", "polyline", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("polyline", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_report_is_one_whole_page(seven: Look, tmp_path: Path) -> None:
    made = [explain(seven, Request(name)) for name in ("grad-cam", "guided-backprop", "integrated-gradients")]
    save_report(
        tmp_path / "report.html",
        seven,
        made,
        curves=[curves(seven, made[0], steps=4)],
        randomised=[cascade(seven, Request("grad-cam"), steps=2)],
        agreement=agreement(made),
    )
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = _Tags()
    page.feed(text)
    assert page.open == []
    # What the network saw, three maps with their scales, and the cascade's three.
    assert len(page.sources) == 1 + 3 * 2 + 3
    for source in page.sources:
        assert source.startswith("data:image/png;base64,")
        PillowImage.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1]))).load()
    for words in (
        "digit-7.png",
        "Grad-CAM",
        "steps 100",
        "layer conv2d_2",
        "hardly depends on the weights",
        METHODS["grad-cam"].formula,
        "Selvaraju et al. (2016)",
        "Rank correlation",
        "insertion",
        "true weights",
    ):
        assert words in page.words, words
    # Nothing is fetched: links are for people to click.
    assert not re.search(r"<(script|link|iframe)|url\(", text)


def test_names_in_a_report_are_text(digits: OpenedModel) -> None:
    model = digits.with_(classes=["<script>alert(1)</script>"] * 10)
    look = Look(model, Image(load_sample("digit-7").values, "<b>&.png"))
    text = report(look, [explain(look, Request("grad-cam"))])
    assert "<script" not in text and "<b>&.png" not in text
    assert "&lt;script&gt;" in text


def test_looking_up_methods_does_not_load_tensorflow() -> None:
    """The window shows them before the engine has started."""
    code = (
        "import sys; from convscope.engine.seeing.attribution import batch, explain, report, script;"
        "from convscope.engine.seeing.attribution.truth import agreement, curves, randomised;"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Scripts.


def ran(look: Look, request: Request, folder: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The map that the script makes, in this process; it imports Keras, NumPy and Pillow alone."""
    text = to_python(look, request)
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert names <= {"json", "pathlib", "keras", "numpy", "PIL"}
    (folder / "script.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    made = runpy.run_path("script.py")
    heat = np.load("heat.npy")
    np.testing.assert_array_equal(heat, made["heat"])
    size = look.prepared.pixels.shape[:2]
    assert load_image("overlay.png").values.shape == (*size, 3)
    return heat


def same(heat: np.ndarray, look: Look, request: Request) -> None:
    ours = explain(look, request).heat
    assert np.abs(ours).max() > 0
    np.testing.assert_allclose(heat, ours, atol=1e-5 * np.abs(ours).max())


def test_a_script_of_the_shipped_network_by_itself(coffee: Look, tmp_path: Path) -> None:
    """In a process of its own, with nothing of the app."""
    (tmp_path / "script.py").write_text(to_python(coffee, Request("grad-cam")), encoding="utf-8")
    subprocess.run([sys.executable, "-I", "script.py"], cwd=tmp_path, check=True, capture_output=True)
    same(np.load(tmp_path / "heat.npy"), coffee, Request("grad-cam"))
    # The overlay too, but for the colours between sixteen of the scale's.
    theirs = load_image(tmp_path / "overlay.png").values.astype(np.int16)
    assert np.abs(theirs - picture(explain(coffee, Request("grad-cam")))).max() <= 4


@pytest.mark.parametrize("method", sorted(SCRIPTED))
def test_scripts_of_all_methods(
    seven: Look, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {
        "smooth-grad": {"samples": 10},
        "integrated-gradients": {"steps": 12, "baseline": "mean"},
        "occlusion": {"window": 40.0, "fill": "white"},
    }.get(method, {})
    request = Request(method, Target(7, 1), settings=settings)
    same(ran(seven, request, tmp_path, monkeypatch), seven, request)


@pytest.mark.parametrize("make", [flat, nested, functional])
def test_scripts_of_files(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every layer that they are offered for; a picture that is cut, and one that is padded."""
    randomised(make()).save(tmp_path / "net.keras")
    noise = np.random.default_rng(1).integers(0, 256, (30, 20, 3)).astype(np.uint8)
    save_png(tmp_path / "noise.png", noise)
    model = open_model(tmp_path / "net.keras")
    look = Look(model, load_image(tmp_path / "noise.png"))
    offered = 0
    for layer in usable_layers(model):
        request = Request("hires-cam", Target(1), layer.path)
        try:
            heat = ran(look, request, tmp_path, monkeypatch)
        except UserError as error:
            assert "lead around" in error.message
            continue
        same(heat, look, request)
        offered += 1
    assert offered >= 2


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_a_script_prepares_the_picture_as_the_app_does(
    resize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from convscope.engine.models.preprocessing import MODES

    randomised(flat()).save(tmp_path / "net.keras")
    noise = np.random.default_rng(1).integers(0, 256, (30, 20)).astype(np.uint8)
    save_png(tmp_path / "gray.png", noise)
    caffe = replace(MODES["caffe"], resize=resize)
    model = open_model(tmp_path / "net.keras").with_(preprocessing=caffe)
    look = Look(model, load_image(tmp_path / "gray.png"))
    request = Request("gradient-x-input", Target(1))
    same(ran(look, request, tmp_path, monkeypatch), look, request)


def test_a_drawing_is_written_out(
    digits: OpenedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Look(digits, Image(load_sample("digit-3").values, "drawing"))
    request = Request("grad-cam", Target(3))
    same(ran(look, request, tmp_path, monkeypatch), look, request)


def test_what_takes_more_than_a_short_script(
    seven: Look, digits: OpenedModel, imagenet: OpenedModel, tmp_path: Path
) -> None:
    image = load_sample("digit-7")
    random = open_model("mnist-small")
    mixed(flat).save(tmp_path / "half.keras")
    half = open_model(tmp_path / "half.keras")
    large = Image(np.zeros((100, 100), np.uint8), "pasted")
    fill = Request("integrated-gradients", settings={"baseline": "blurred"})
    for look, request, words in (
        (seven, Request("rise"), "RISE takes more than a short script"),
        (seven, fill, "A blurred fill takes more"),
        (Look(random, image), Request("grad-cam"), "has no file that Keras opens"),
        (Look(half, image), Request("grad-cam"), "lower precision"),
        (Look(digits, large), Request("grad-cam"), "pasted has no picture file"),
        (
            Look(imagenet, image),
            Request("grad-cam", layer="block2b_dw_relu6"),
            "lead around block2b_dw_relu6",
        ),
    ):
        with pytest.raises(UserError, match=words):
            to_python(look, request)
