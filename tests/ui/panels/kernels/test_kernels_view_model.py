"""What the lab asks and holds, without a window: state to requests to frames, and a snapshot of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.matrices import MATRICES
from convscope.imaging.lab.display import to_bytes
from convscope.imaging.lab.histogram import histogram
from convscope.imaging.region import Region
from convscope.imaging.shrink import shrink
from convscope.ui.panels.kernels.view_models.bank import BankViewModel
from convscope.ui.panels.kernels.view_models.frame import InSight, LabFrame, LabRefused, PicturePlace
from convscope.ui.panels.kernels.view_models.gradient import GradientViewModel
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.matrix import MatrixViewModel
from convscope.ui.panels.kernels.view_models.scan import SPEEDS, ScanViewModel
from convscope.ui.panels.kernels.view_models.sequence import SequenceViewModel
from convscope.ui.panels.kernels.view_models.spectrum import SpectrumViewModel
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, Told, bare_context

NOISE = Image(np.random.default_rng(7).integers(0, 256, (24, 32, 3), np.uint8), "noise")


class Bench:
    """The lab's view models on a small picture, with jobs that run when they are told to."""

    def __init__(self, image: Image = NOISE, snapshot: dict[str, Any] | None = None) -> None:
        self.workspace = Workspace([image])
        if snapshot is not None:
            self.workspace.document.restore(snapshot)
        self.jobs, self.told = InlineJobs(), Told()
        self.context = bare_context(self.workspace, self.jobs, self.told)
        self.model = KernelsViewModel(self.context)
        self.frames: list[LabFrame] = []
        self.model.frame_ready.connect(lambda frame: self.frames.append(frame))
        self.model.ask()
        self.jobs.run()

    @property
    def frame(self) -> LabFrame:
        """The frame on show."""
        assert self.model.frame is not None
        return self.model.frame

    def only(self, **changes: Any) -> None:
        """Other settings, and what follows from them."""
        self.workspace.edit_lab(self.workspace.lab.with_stage(**changes), "Test")
        self.jobs.run()

    def snapshot(self) -> dict[str, Any]:
        """As a file would hold it."""
        found: dict[str, Any] = json.loads(json.dumps(self.workspace.document.snapshot()))
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_no_view_model_imports_qt() -> None:
    code = (
        "import sys, pkgutil, importlib, convscope.ui.panels.kernels.view_models as models\n"
        "for each in pkgutil.iter_modules(models.__path__):\n"
        "    importlib.import_module(f'{models.__name__}.{each.name}')\n"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'shiboken'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_request_is_the_image_and_the_lab_and_only_the_latest_is_computed(bench: Bench) -> None:
    assert bench.model.request.image is NOISE and bench.model.request.lab == bench.workspace.lab
    bench.frames.clear()
    for key in ("sharpen", "sobel-y", "laplacian-4"):
        bench.workspace.edit_lab(bench.workspace.lab.with_kernel(make(key)), key)
    bench.jobs.run()
    assert [frame.lab.stage.kernel.name for frame in bench.frames] == ["laplacian-4"]
    expected = ndimage.correlate(
        NOISE.pixels.astype(np.float64), make("laplacian-4").weights[:, :, None], mode="constant"
    )
    np.testing.assert_allclose(bench.frame.result.values, expected, atol=1e-3)


def test_what_is_in_sight_is_made_at_its_size_and_is_that_of_the_whole(bench: Bench) -> None:
    bench.model.sight = lambda: InSight(Region(0, 0, 24, 32), (24, 32), (10, 13))
    bench.only(kernels=(make("sharpen"),))
    assert bench.frame.small is not None
    np.testing.assert_array_equal(bench.frame.small, shrink(bench.frame.shown.pixels, 10, 13))
    # A result of another size is fitted anew: nobody knows yet at which size.
    bench.only(stride=2)
    assert bench.frame.small is None


def test_statistics_come_after_the_picture_and_are_exact(bench: Bench) -> None:
    order: list[str] = []
    bench.model.frame_ready.connect(lambda _frame: order.append("picture"))
    bench.model.histograms_ready.connect(lambda _source, _result: order.append("statistics"))
    bench.only(kernels=(Kernel(np.array([[0.5, -2.0, 1.0]])),))
    assert order == ["picture", "statistics"]
    values = bench.frame.result.values
    found = bench.model.histograms[1]
    assert found is not None
    assert (found.minimum, found.maximum) == (float(values.min()), float(values.max()))
    assert found.mean == pytest.approx(float(values.mean(dtype=np.float64)), rel=1e-9)
    assert found.counts.sum() == values.size and bench.model.peak == found.peak
    np.testing.assert_array_equal(found.counts, histogram(values, 128).counts)


@pytest.mark.parametrize("mode", ["clip", "abs", "stretch", "signed"])
def test_every_display_is_that_of_the_exact_values(bench: Bench, mode: Any) -> None:
    bench.workspace.edit_lab(replace(bench.workspace.lab, display=mode, chosen=True), "Display")
    bench.jobs.run()
    pixels, scale = to_bytes(bench.frame.result.values, mode)
    np.testing.assert_array_equal(bench.frame.shown.pixels, pixels)
    assert bench.frame.shown.scale == scale


def test_the_ring_is_the_same_object_as_long_as_the_same_is_padded(bench: Bench) -> None:
    bench.only(kernels=(make("sharpen"),))
    ring = bench.frame.ring
    assert ring is not None
    bench.only(kernels=(make("sobel-y"),))
    assert bench.frame.ring is ring
    bench.only(border="reflect")
    assert bench.frame.ring is not None and bench.frame.ring.words == "padding 1: mirrored"


def test_settings_that_give_no_result_leave_nothing_of_the_last_one(bench: Bench) -> None:
    refused: list[LabRefused] = []
    bench.model.refused_ready.connect(lambda each: refused.append(each))
    bench.only(kernels=(Kernel(np.ones((31, 31))),), border="valid")
    assert bench.model.frame is None and bench.model.peak is None and bench.model.place is None
    assert bench.model.refused is refused[-1] and "31×31 kernel does not fit" in refused[-1].sentence
    source, result = bench.model.histograms
    assert source is not None and result is None
    bench.only(border="zero")
    assert bench.model.refused is None and bench.frame.whole


def test_the_middle_is_explained_until_a_place_is_pointed_at_held_and_gone(bench: Bench) -> None:
    model = bench.model
    assert model.place == PicturePlace("result", 12, 16)
    model.point(PicturePlace("result", 5, 6))
    assert model.place == PicturePlace("result", 5, 6)
    model.point(None)
    assert model.place == PicturePlace("result", 5, 6)
    model.click(PicturePlace("result", 20, 30))
    model.point(PicturePlace("source", 1, 1))
    assert model.place == PicturePlace("result", 20, 30)
    # Held, it stays where it is, though there is no output any more.
    bench.only(stride=2)
    assert model.place == PicturePlace("result", 20, 30) and bench.frame.output_of(model.place) is None
    model.release()
    assert model.place == PicturePlace("result", 6, 8)


def test_a_held_place_is_let_go_by_another_view_and_by_a_picture_of_another_size(bench: Bench) -> None:
    bench.model.click(PicturePlace("result", 5, 6))
    bench.workspace.update_image(Image(NOISE.pixels[::-1].copy(), "frame"))
    bench.jobs.run()
    assert bench.model.held.value == PicturePlace("result", 5, 6)
    bench.model.choose_view("scan")
    assert bench.model.held.value is None
    bench.model.click(PicturePlace("result", 5, 6))
    bench.workspace.add_images([Image(np.zeros((9, 9), np.uint8), "other")])
    bench.jobs.run()
    assert bench.model.held.value is None


def test_the_peak_is_held_with_its_channel(bench: Bench) -> None:
    peak = bench.model.hold_peak()
    assert peak is not None
    assert bench.model.held.value == PicturePlace("result", peak.row, peak.column)
    assert bench.model.sum_channel.value == peak.channel
    assert bench.frame.result.values[peak.row, peak.column, peak.channel] == peak.value


def test_a_snapshot_brings_back_what_was_asked_and_what_was_on_show(bench: Bench) -> None:
    model = bench.model
    bank, scan, spectrum = (made(bench.context) for made in (BankViewModel, ScanViewModel, SpectrumViewModel))
    sequence, matrix = SequenceViewModel(bench.context), MatrixViewModel(bench.context)
    gradient = GradientViewModel(bench.context)
    model.choose_view("spectrum")
    model.click(PicturePlace("source", 3, 4))
    model.sum_channel.set(2)
    model.sum_shown.set(False)
    bank.edit("Test", key="gabor", orientations=9)
    gradient.edit("Test", operator="prewitt", weigh="alike")
    scan.show_size(24, 32)
    scan.move(40)
    scan.choose_speed(7)
    spectrum.show_frame(bench.frame)
    spectrum.keep_ring("low")
    spectrum.set_brush(does="1", radius=3)
    sequence.edit("Test", weights="1 0 -1", border="full", mode="convolve")
    sequence.go(4)
    matrix.show_image(NOISE)
    matrix.type("1 2; 3")
    again = Bench(NOISE, bench.snapshot())
    assert again.model.view.value == "spectrum" and not again.model.sum_shown.value
    assert again.model.place == PicturePlace("source", 3, 4) and again.model.sum_channel.value == 2
    assert again.model.request == replace(model.request, lab=again.workspace.lab)
    assert BankViewModel(again.context).settings.value == bank.settings.value
    assert GradientViewModel(again.context).settings.value == gradient.settings.value
    walked = ScanViewModel(again.context)
    walked.show_size(24, 32)
    assert walked.scan == scan.scan and SPEEDS[walked.speed] == SPEEDS[7]
    painted = SpectrumViewModel(again.context)
    painted.show_frame(again.frame)
    assert painted.brush.value == spectrum.brush.value and painted.kept is not None
    np.testing.assert_array_equal(painted.kept, spectrum.kept)
    slid = SequenceViewModel(again.context)
    assert slid.output == 4 and slid.sums is not None and slid.sums.rule == sequence.sums.rule  # type: ignore[union-attr]
    typed = MatrixViewModel(again.context)
    typed.show_image(NOISE)
    assert typed.text == "1 2; 3" and typed.pending


def test_a_view_and_a_step_that_a_snapshot_made_up_do_no_harm() -> None:
    snapshot = {
        "kernels.view": "nowhere",
        "kernels.sequence.step": 10_000,
        "kernels.scan": {"position": 10**9, "speed": 99},
        "kernels.bank": {"key": "no such set"},
        "kernels.gradient": {"operator": "no such operator"},
        "kernels.held": {"side": "result", "row": -1},
    }
    bench = Bench(NOISE, snapshot)
    assert bench.model.held.value is None
    assert SequenceViewModel(bench.context).output == 7
    scan = ScanViewModel(bench.context)
    scan.show_size(4, 5)
    assert scan.scan is not None and scan.scan.at_end and SPEEDS[scan.speed] == SPEEDS[-1]
    assert BankViewModel(bench.context).settings.value.orientations == 6
    assert GradientViewModel(bench.context).settings.value.operator == "sobel"


def test_a_view_asks_once_for_one_question_and_drops_what_it_no_longer_asks(bench: Bench) -> None:
    gradient = GradientViewModel(bench.context)
    answers: list[Any] = []
    gradient.answered.connect(lambda found: answers.append(found))
    gradient.show(bench.frame)
    gradient.show(bench.frame)
    assert len(bench.jobs.waiting) == 1
    gradient.edit("Test", operator="scharr")
    bench.jobs.run()
    assert [found.operator for found in answers] == ["scharr"]
    bank = BankViewModel(bench.context)
    said: list[str] = []
    bank.said.connect(lambda sentence: said.append(sentence))
    bank.show_frame(bench.frame)
    bench.jobs.run()
    assert bank.found is not None and len(bank.found.pictures) == len(bank.found.kernels)
    bench.workspace.add_images([Image(np.full((2, 9), 7, np.uint8), "flat")])
    bench.only(border="valid")
    assert bench.model.refused is not None
    bank.show_refused(bench.model.refused)
    bench.jobs.run()
    assert bank.found is None and "larger than the image" in said[-1]


def test_typed_text_is_ahead_of_its_picture_until_it_is_used() -> None:
    bench = Bench(MATRICES[0].image)
    matrix = MatrixViewModel(bench.context)
    matrix.show_image(MATRICES[0].image)
    own = matrix.text
    assert matrix.example is MATRICES[0] and not matrix.pending
    matrix.type("1 2 3\n4 5")
    assert matrix.pending and matrix.example is None
    matrix.use_text()
    assert "Row 2" in matrix.problem
    matrix.type(own)
    assert not matrix.pending and not matrix.problem
    matrix.type("1 2 3\n4 5 6")
    matrix.use_text()
    assert bench.workspace.image.values.tolist() == [[1, 2, 3], [4, 5, 6]] and not matrix.pending


def test_sequence_says_what_is_wrong_and_its_step_stays_within(bench: Bench) -> None:
    sequence = SequenceViewModel(bench.context)
    sequence.go(99)
    assert sequence.output == 7
    sequence.edit("Test", weights="1 1 1 1 1 1")
    assert sequence.output == 4
    sequence.edit("Test", weights="1 x")
    assert sequence.sums is None and '"x" is not a number' in sequence.problem
    bench.workspace.scope = "sequence"
    bench.workspace.undo()
    assert sequence.sums is not None and not sequence.problem
