"""What the panel asks and shows, without a window: state to requests to results, and a snapshot of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample
from convscope.ui.panels.explain.checks_view_model import ChecksViewModel
from convscope.ui.panels.explain.folder.answers import FolderOrder
from convscope.ui.panels.explain.folder.view_model import FolderViewModel
from convscope.ui.panels.explain.request import ExplainRequest
from convscope.ui.panels.explain.view_model import ExplainViewModel, LargeMap
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context


class Bench:
    """A view model on a workspace of two digits, with jobs that run when they are told to."""

    def __init__(self, model: OpenedModel | None, snapshot: dict[str, Any] | None = None) -> None:
        self.workspace = Workspace([load_sample("digit-2"), load_sample("digit-7")])
        self.workspace.scope = "explain"
        if model is not None:
            self.workspace.add_model(model)
        if snapshot is not None:
            self.workspace.document.restore(snapshot)
        self.jobs, self.told = InlineJobs(), Told()
        predictor = SimpleNamespace(prediction=None)
        self.context = bare_context(self.workspace, self.jobs, self.told, predictor=predictor)
        self.view_model = ExplainViewModel(self.context)
        self.view_model.set_active(True)

    def snapshot(self) -> dict[str, Any]:
        """As a file would hold it."""
        return json.loads(json.dumps(self.workspace.document.snapshot()))


@pytest.fixture
def bench(digits: OpenedModel) -> Bench:
    made = Bench(digits)
    made.jobs.run()
    return made


def test_no_view_model_imports_qt() -> None:
    code = (
        "import sys\n"
        "import convscope.ui.panels.explain.view_model, convscope.ui.panels.explain.checks_view_model\n"
        "import convscope.ui.panels.explain.folder.view_model\n"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'tensorflow', 'keras'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_state_becomes_requests_and_these_maps(bench: Bench) -> None:
    view_model = bench.view_model
    assert [one.method for one in view_model.requests] == list(ExplainRequest().methods)
    assert [one.request.key for one in view_model.maps] == [one.key for one in view_model.requests]
    assert view_model.selected == view_model.requests[0] and view_model.stage_maps
    view_model.ask(methods=("saliency",), count=2)
    assert len(view_model.requests) == 2, "the tiles are known before the maps"
    bench.jobs.run()
    assert len(view_model.maps) == 2 and view_model.attribution() is not None
    assert bench.workspace.undo_label == "Choose the methods"
    bench.workspace.undo()
    assert [one.method for one in view_model.requests] == list(ExplainRequest().methods)


def test_without_a_model_there_is_a_sentence(digits: OpenedModel) -> None:
    bench = Bench(None)
    assert bench.view_model.sentence == "There is no model yet." and not bench.jobs.waiting
    bench.workspace.add_model(digits)
    bench.jobs.run()
    assert bench.view_model.sentence == "" and bench.view_model.maps


def test_a_result_of_another_image_is_dropped(bench: Bench) -> None:
    view_model, (first, second) = bench.view_model, bench.workspace.images
    bench.workspace.select_image(second.id)
    assert view_model.outdated == f"Still of {first.name}. Working on {second.name} …"
    job = bench.jobs.waiting[0]
    bench.workspace.select_image(first.id)
    assert job.state == "cancelled" and len(bench.jobs.waiting) == 1
    bench.jobs.run()
    assert view_model.outdated == "" and view_model.explained is not None
    assert view_model.explained.image is first


def test_nobody_looks_and_nothing_is_made(bench: Bench) -> None:
    bench.view_model.set_active(False)
    bench.workspace.select_image(bench.workspace.images[1].id)
    assert not bench.jobs.waiting
    bench.view_model.set_active(True)
    assert [job.title for job in bench.jobs.waiting] == [f"Explaining {bench.workspace.image.name}"]


def test_what_was_cancelled_by_hand_says_so_and_goes_on_when_asked(bench: Bench) -> None:
    view_model = bench.view_model
    view_model.ask(methods=("occlusion", "rise"))
    quick = bench.jobs.waiting[0]
    quick.on_done(quick.function(quick.task))
    bench.jobs.cancel(quick)
    slow = next(job for job in bench.jobs.waiting if job.lane == "long")
    bench.jobs.cancel(slow)
    assert [view_model.stopped(one) for one in view_model.requests] == [True, True]
    view_model.resume(view_model.requests[0])
    assert [view_model.stopped(one) for one in view_model.requests] == [False, True]


def test_the_selection_stays_with_its_method_and_goes_to_the_first_where_that_is_gone(bench: Bench) -> None:
    view_model = bench.view_model
    view_model.select(view_model.requests[2])
    bench.workspace.select_image(bench.workspace.images[1].id)
    bench.jobs.run()
    assert view_model.selected is not None and view_model.selected.method == view_model.requests[2].method
    view_model.ask(methods=("saliency", "grad-cam"))
    assert view_model.selected == view_model.requests[0]
    view_model.step(-1)
    assert view_model.selected == view_model.requests[-1]


def test_classes_and_layers_of_another_network_are_not_asked_for(
    bench: Bench, garments: OpenedModel, digits: OpenedModel
) -> None:
    bench.view_model.ask(index=3, layer=bench.view_model.layers[0].path)
    bench.workspace.add_model(garments)
    assert (bench.view_model.request.index, bench.view_model.request.layer) == (None, None)
    bench.workspace.select_model(digits.id)
    assert bench.view_model.request.index == 3


def test_a_snapshot_brings_all_of_it_back(bench: Bench, digits: OpenedModel) -> None:
    view_model = bench.view_model
    view_model.ask(index=4, methods=("grad-cam", "smooth-grad"), settings={"smooth-grad": {"samples": 4}})
    view_model.restyle(view_model.style.__class__(colormap="magma", threshold=0.4), "Change the colours")
    bench.jobs.run()
    view_model.select(view_model.requests[1])
    view_model.page.set("large")
    view_model.column.set("right")
    view_model.stages_shown.set("hidden")
    view_model.large.edit(LargeMap("map", True), "Show another picture")
    checks = ChecksViewModel(view_model)
    checks.check_curves()
    bench.jobs.run()
    folder = FolderViewModel(bench.context)
    folder.order.set(FolderOrder("name", False, 3))

    again = Bench(digits, bench.snapshot())
    # Images have their own ids here; a document brings them with it.
    asked = again.workspace.document.known("explain.checks")
    checked, ordered = ChecksViewModel(again.view_model), FolderViewModel(again.context)
    assert again.view_model.request == view_model.request and again.view_model.style == view_model.style
    again.jobs.run()
    assert [one.key for one in again.view_model.requests] == [one.key for one in view_model.requests]
    assert again.view_model.selected == view_model.selected
    for name in ("page", "column", "stages_shown", "large"):
        assert getattr(again.view_model, name).value == getattr(view_model, name).value, name
    assert ordered.order.value == FolderOrder("name", False, 3)
    assert asked is None and checked.curves is None, "of an image with another id"
    assert again.snapshot()["explain.request"] == bench.snapshot()["explain.request"]


def test_a_check_that_was_asked_for_is_made_again_of_the_same_map(bench: Bench) -> None:
    checks = ChecksViewModel(bench.view_model)
    checks.check_curves()
    bench.jobs.run()
    assert checks.curves is not None and checks.randomised is None
    later = ChecksViewModel(bench.view_model)
    assert later.curves is None
    bench.jobs.run()
    assert later.curves is not None
    np.testing.assert_allclose(later.curves.deletion_area, checks.curves.deletion_area, rtol=1e-5)


def test_a_check_ends_with_its_map_and_is_asked_for_no_more(bench: Bench) -> None:
    checks, view_model = ChecksViewModel(bench.view_model), bench.view_model
    checks.check_weights()
    job = next(job for job in bench.jobs.waiting if job.key == "explain.randomised")
    view_model.select(view_model.requests[1])
    assert job.state == "cancelled"
    view_model.select(view_model.requests[0])
    assert not bench.jobs.waiting and checks.randomised is None


def test_a_check_that_is_cancelled_by_hand_does_not_begin_again(bench: Bench) -> None:
    checks = ChecksViewModel(bench.view_model)
    checks.check_curves()
    bench.jobs.cancel(next(job for job in bench.jobs.waiting if job.key == "explain.curves"))
    bench.view_model.map_arrived.emit(bench.view_model.maps[0])
    assert not bench.jobs.waiting and checks.curves is None


def test_a_live_picture_that_was_checked_is_not_checked_with_every_frame(bench: Bench) -> None:
    checks = ChecksViewModel(bench.view_model)
    live = bench.workspace.image
    checks.check_curves()
    bench.jobs.run()
    assert checks.curves is not None
    for level in (40, 80):
        bench.workspace.update_image(Image(np.full((28, 28), level, np.uint8), live.name, id=live.id))
        bench.jobs.run()
    assert bench.view_model.live and checks.curves is None


def test_maps_are_compared_only_while_somebody_looks(bench: Bench) -> None:
    checks = ChecksViewModel(bench.view_model)
    assert not bench.jobs.waiting and checks.agreement is None
    checks.set_active(True)
    bench.jobs.run()
    assert checks.agreement is not None and len(checks.agreement.titles) == len(bench.view_model.maps)
    bench.view_model.ask(methods=("grad-cam",))
    bench.jobs.run()
    assert checks.agreement is None and len(checks.compared) == 1


def test_a_snapshot_that_names_no_method_of_today_is_no_error(digits: OpenedModel) -> None:
    gone = MapRequest("no-such-method", ScoreTarget(1))
    bench = Bench(
        digits,
        {
            "explain.request": {"methods": ["no-such-method", "grad-cam"], "settings": {"gone": {"x": 1}}},
            "explain.selected": {"method": gone.method, "target": {"index": 1}},
            "explain.page": "nowhere",
        },
    )
    bench.jobs.run()
    view_model = bench.view_model
    assert [one.method for one in view_model.maps] == ["grad-cam"] == [view_model.selected.method]
    assert view_model.page.value == "wall" and "no-such-method" not in METHODS
    view_model.set_setting("smooth-grad", "samples", 4)
    assert bench.workspace.undo_label == "SmoothGrad: change samples"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number, name in enumerate(("digit-2", "digit-3", "digit-7")):
        PillowImage.fromarray(load_sample(name).pixels).save(tmp_path / f"{number}.png")
    return tmp_path


def test_a_folder_is_asked_about_and_its_order_is_the_documents(
    bench: Bench, pictures: Path, digits: OpenedModel
) -> None:
    folder = FolderViewModel(bench.context)
    folder.ask(pictures)
    assert folder.running and folder.words == f"Looking for pictures in {pictures.name}…"
    bench.jobs.run()
    assert folder.words == f"{pictures.name}: 3 pictures" and folder.answers is not None
    folder.order.set(FolderOrder("name", True, None))
    folder.selected.set("1.png")
    again = Bench(digits, bench.snapshot())
    other = FolderViewModel(again.context)
    again.jobs.run()
    assert other.answers is not None and other.selected.value == "1.png"
    assert other.answers.rows(other.order.value).tolist() == [2, 1, 0]
    # Another folder: what was chosen in the last one says nothing of it.
    other.ask(pictures / "none")
    assert other.selected.value == "" and other.answers is None


def test_a_folder_that_was_dropped_before_there_is_a_network_waits_for_it(
    digits: OpenedModel, pictures: Path
) -> None:
    bench = Bench(None)
    folder = FolderViewModel(bench.context)
    folder.ask(pictures)
    assert folder.words == f"There is no network to ask about {pictures.name} yet."
    bench.workspace.add_model(digits)
    bench.jobs.run()
    assert folder.answers is not None and folder.answers.done == 3
    folder.open("1.png")
    bench.jobs.run()
    assert bench.workspace.image.path == pictures / "1.png"
