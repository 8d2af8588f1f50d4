"""Pictures, walls, folders, reports, and scripts that make the same map."""

from __future__ import annotations

import base64
import csv
import io
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.attribution.batch import ExplainedFile, explain_folder
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.picture import (
    Style,
    grid_picture,
    picture,
    ramp,
    region,
    shared_scales,
)
from convscope.engine.interpret.attribution.report import report, save_report
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.sanity_checks.agreement import agreement
from convscope.engine.interpret.attribution.sanity_checks.curves import curves
from convscope.engine.interpret.attribution.sanity_checks.randomised import randomised as cascade
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.io.save import save_png
from convscope.imaging.overlay import overlay, upsample
from convscope.imaging.samples import load_sample
from tests.processes import run_process


@pytest.fixture(scope="module")
def coffee(imagenet: OpenedModel) -> AttributionContext:
    return AttributionContext(imagenet, load_sample("coffee"))


@pytest.fixture(scope="module")
def seven(digits: OpenedModel) -> AttributionContext:
    return AttributionContext(digits, load_sample("digit-7"))


# Pictures.


def test_a_picture_is_the_overlay(coffee: AttributionContext) -> None:
    made = explain(coffee, MapRequest("grad-cam"))
    np.testing.assert_array_equal(picture(made), overlay(made.pixels, made.relevance, scale=made.scale))
    large = picture(made, image=coffee.image)
    assert large.shape == (400, 600, 3)
    # The network saw the middle only; the rest of the photograph stays as it is.
    np.testing.assert_array_equal(large[:, :100], coffee.image.pixels[:, :100])
    assert (large[:, 100:500] != coffee.image.pixels[:, 100:500]).any(axis=2).mean() > 0.9


def test_where_there_is_no_heat_the_photograph_is_clear(coffee: AttributionContext) -> None:
    made = explain(coffee, MapRequest("grad-cam"))
    level = upsample(made.relevance, *coffee.size) / made.relevance.max()
    cold, hot = level < 0.05, level > 0.9
    shown = picture(made)
    assert cold.mean() > 0.05
    changed = np.abs(shown[cold].astype(int) - made.pixels[cold]).mean()
    # There the colours are those of the scale beside it.
    beside = ramp(made, Style())[-1].astype(float)
    share = beside[3] / 255
    mixed = (1 - share) * made.pixels[hot] + share * beside[:3]
    assert np.abs(mixed - shown[hot]).mean() < 15
    even = picture(made, Style(blend="even", opacity=0.5))
    np.testing.assert_array_equal(even, overlay(made.pixels, made.relevance, scale=made.scale, blend="even"))
    assert np.abs(even[cold].astype(int) - made.pixels[cold]).mean() > 3 * changed


def test_a_threshold_draws_the_region(coffee: AttributionContext) -> None:
    made = explain(coffee, MapRequest("grad-cam"))
    found = region(made, 0.5, image=coffee.image)
    assert found is not None
    drawn = picture(made, Style(threshold=0.5), image=coffee.image)
    assert (drawn[found.box.top, found.box.left : found.box.right] == 255).all()
    silent = explain(AttributionContext(coffee.model, coffee.image), MapRequest("grad-cam"))
    empty = Attribution(**{**silent.__dict__, "relevance": np.zeros((7, 7), np.float32)})
    assert region(empty, 0.5) is None
    np.testing.assert_array_equal(picture(empty, Style(threshold=0.5)), picture(empty))


def test_a_region_of_single_pixels_is_that_of_their_neighbourhood(seven: AttributionContext) -> None:
    made = explain(seven, MapRequest("saliency"))
    found = region(made, 0.3)
    assert made.grainy and found is not None and found.mask.sum() > 20


def test_small_pictures_are_enlarged_by_a_whole_factor(seven: AttributionContext) -> None:
    made = explain(seven, MapRequest("grad-cam"))
    large = picture(made, Style(opacity=0), image=seven.image, least=200)
    assert large.shape == (224, 224, 3)
    np.testing.assert_array_equal(large[::8, ::8, 0], seven.image.pixels)
    # The map is enlarged to the larger picture, not repeated with it.
    heated = picture(made, Style(opacity=1), image=seven.image, least=200)
    np.testing.assert_array_equal(heated, overlay(large, made.relevance, scale=made.scale, opacity=1))
    assert picture(made, image=seven.image).shape == (28, 28, 3)


def test_a_wall_shares_its_scale_method_by_method(seven: AttributionContext) -> None:
    requests = [
        MapRequest("hires-cam", ScoreTarget(7)),
        MapRequest("hires-cam", ScoreTarget(1)),
        MapRequest("saliency", ScoreTarget(7)),
    ]
    made = [explain(seven, request) for request in requests]
    scales = shared_scales(made)
    assert scales[0] == scales[1]
    assert scales[0].high == max(made[0].scale.high, made[1].scale.high) == -scales[0].low
    assert scales[2] == made[2].scale
    assert grid_picture(made).shape == (224 + 19, 3 * (224 + 8) - 8, 3)


# A folder.


def test_a_folder_becomes_overlays_and_a_table(digits: OpenedModel, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("digit-2", "digit-7"):
        save_png(source / f"{name}.png", load_sample(name).pixels)
    (source / "broken.png").write_bytes(b"no picture")
    rows: list[ExplainedFile] = []
    made = explain_folder(digits, source, target, MapRequest("grad-cam"), task=Task(on_partial=rows.append))
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
    context = AttributionContext(digits, load_image(source / "digit-7.png"))
    expected = picture(explain(context, MapRequest("grad-cam")), image=context.image, least=224)
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
    made = explain_folder(digits, files, tmp_path / "out", MapRequest("saliency", ScoreTarget(2)))
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
        explain_folder(digits, tmp_path, tmp_path / "out", MapRequest("grad-cam", ScoreTarget(99)))
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


def test_a_report_is_one_whole_page(seven: AttributionContext, tmp_path: Path) -> None:
    made = [
        explain(seven, MapRequest(name)) for name in ("grad-cam", "guided-backprop", "integrated-gradients")
    ]
    save_report(
        tmp_path / "report.html",
        seven,
        made,
        curves=[curves(seven, made[0], steps=4)],
        randomised=[cascade(seven, MapRequest("grad-cam"), steps=2)],
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
    context = AttributionContext(model, Image(load_sample("digit-7").values, "<b>&.png"))
    text = report(context, [explain(context, MapRequest("grad-cam"))])
    assert "<script" not in text and "<b>&.png" not in text
    assert "&lt;script&gt;" in text


def test_looking_up_methods_does_not_load_tensorflow() -> None:
    """The window shows them before the engine has started."""
    code = (
        "import sys; from convscope.engine.interpret.attribution import batch, explain, report, script;"
        "from convscope.engine.interpret.attribution.sanity_checks import agreement, curves, randomised;"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    run_process([sys.executable, "-c", code])
