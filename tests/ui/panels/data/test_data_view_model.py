"""Which images of a data set are on show, for what is open and chosen; no window, no Qt."""

from __future__ import annotations

import json
import sys
from subprocess import run

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.similar.alike import find_alike
from convscope.engine.data.split import SplitSettings
from convscope.imaging.image import Image
from convscope.ui.panels.data.input_view_model import UNMEASURED, InputViewModel
from convscope.ui.panels.data.view_model import DataViewModel
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs, bare_context


def noise(reference: str = "noise", count: int = 60, *, ordered: bool = False) -> Dataset:
    """Three classes, in turn or one after the other; the last image is the first one again."""
    pixels = np.random.default_rng(count).integers(0, 256, (count, 12, 12, 3), np.uint8)
    pixels[-1] = pixels[0]
    labels = np.sort(np.arange(count) % 3) if ordered else np.arange(count) % 3
    return make_dataset(
        reference,
        reference.title(),
        ("ant", "bee", "cow"),
        ArrayImages(pixels),
        labels.astype(np.int32),
        image_size=(12, 12),
        channels=3,
    )


def begun(dataset: Dataset | None, snapshot: dict[str, object] | None = None) -> DataViewModel:
    workspace = Workspace([Image(np.zeros((4, 4), np.uint8), "blank")])
    if snapshot is not None:
        workspace.document.restore(snapshot)
    made = DataViewModel(bare_context(workspace, InlineJobs()))
    if dataset is not None:
        workspace.set_dataset(dataset)
    return made


@pytest.fixture
def made() -> DataViewModel:
    return begun(noise())


def test_it_needs_no_qt() -> None:
    files = "convscope.ui.panels.data.view_model, convscope.ui.panels.data.input_view_model"
    code = f"import sys, {files}; sys.exit('PySide6' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_data_set_begins_with_its_training_part(made: DataViewModel) -> None:
    assert made.dataset is not None
    assert made.indices.tolist() == made.dataset.indices("train").tolist()
    assert made.focus == made.dataset.indices("train")[0]
    assert made.counts.tolist() == made.dataset.counts("train").tolist()


def test_a_part_and_a_class_are_shown_alone(made: DataViewModel) -> None:
    told: list[object] = []
    made.images_changed.connect(lambda: told.append("images"))
    made.class_changed.connect(told.append)
    made.part_changed.connect(lambda: told.append("part"))
    assert made.dataset is not None
    made.choose(class_=1)
    assert told == [1, "images"]
    assert made.indices.tolist() == made.dataset.of_class(1, "train").tolist()
    made.choose(part="all")
    assert told[2:] == ["part", "images"] and len(made.indices) == 20
    made.choose(part="all", class_=1)
    assert len(told) == 4, "nothing has changed"


def test_what_comes_class_after_class_is_mixed_until_a_person_says_otherwise() -> None:
    made = begun(noise(ordered=True))
    assert made.dataset is not None and made.mixed
    train = made.dataset.indices("train").tolist()
    assert made.indices.tolist() != train and sorted(made.indices.tolist()) == train
    made.choose(mixed=False)
    assert made.indices.tolist() == train
    # One class alone has no order to mix.
    made.choose(mixed=True, class_=2)
    assert made.indices.tolist() == made.dataset.of_class(2, "train").tolist()


def test_only_duplicates_are_shown_once_they_are_known(made: DataViewModel) -> None:
    assert made.dataset is not None
    made.choose(duplicates=True)
    assert not made.selection.duplicates, "they are not known yet"
    made.context.workspace.set_dataset(made.dataset.with_alike(find_alike(made.dataset)))
    made.choose(duplicates=True)
    assert made.indices.tolist() == [0, 59]
    made.choose(class_=1)
    assert made.indices.tolist() == []


def test_another_split_keeps_what_is_chosen_and_another_data_set_does_not(made: DataViewModel) -> None:
    seen: list[tuple[object, bool]] = []
    made.dataset_changed.connect(lambda dataset, other: seen.append((dataset, other)))
    assert made.dataset is not None
    made.choose(class_=2, image=5, part="validation")
    again = made.dataset.with_split(SplitSettings(0.0, 0.2, 3))
    made.context.workspace.set_dataset(again)
    assert seen == [(again, False)]
    # Of the part that there is no more every image is shown.
    assert (made.selection.class_, made.focus, made.selection.part) == (2, 5, "all")
    made.context.workspace.set_dataset(noise("other"))
    assert seen[-1][1] and made.selection.class_ is None and made.selection.part == "train"
    made.choose(class_=1)
    made.context.workspace.set_dataset(None)
    assert made.indices.tolist() == [] and made.counts.tolist() == []
    made.context.workspace.set_dataset(noise("other"))
    assert made.selection.class_ is None


def test_what_a_person_goes_to_is_previewed(made: DataViewModel) -> None:
    told: list[int] = []
    made.focus_changed.connect(told.append)
    made.choose(image=7)
    assert told == [7] and made.focus == 7
    made.choose(image=1000)
    assert made.selection.image is None and made.focus == 0


def test_a_snapshot_brings_back_what_was_on_show(made: DataViewModel) -> None:
    made.choose(part="validation", class_=1, image=4, search="be", mixed=True)
    made.lay_out(page="input", right=False)
    snapshot = json.loads(json.dumps(made.context.workspace.document.snapshot()))
    again = begun(noise(), snapshot)
    assert again.selection == made.selection and again.layout.value == made.layout.value
    assert again.indices.tolist() == made.indices.tolist() and again.focus == 4
    # It was chosen of that data set, of no other.
    other = begun(noise("other"), snapshot)
    assert other.selection.class_ is None and other.layout.value == made.layout.value


def test_what_a_snapshot_cannot_mean_is_left_out() -> None:
    chosen = {"reference": "noise", "class_": 9, "image": -4}
    made = begun(noise(), {"data.selection": chosen, "data.layout": {"page": "moon"}})
    assert made.selection.class_ is None and made.selection.image is None
    assert made.layout.value.page == "augmentation"


def test_it_ends_with_the_panel(made: DataViewModel) -> None:
    before = made.dataset
    made.context.ending.end()
    made.context.workspace.set_dataset(noise("other"))
    assert made.dataset is before


def test_a_network_gets_an_image_brought_to_what_is_set(made: DataViewModel) -> None:
    model = InputViewModel(made.context)
    images: list[NDArray[np.uint8]] = []
    settings: list[object] = []
    model.image_changed.connect(lambda pixels, _words: images.append(pixels))
    model.settings_changed.connect(settings.append)
    assert made.dataset is not None
    model.show(made.dataset, 4)
    model.set_input("size", size=(6, 9))
    model.set_input(None, channels=1)
    assert len(settings) == 2 and settings[-1] == model.settings
    model.request_image()
    model.request_image()
    jobs = made.context.jobs
    assert isinstance(jobs, InlineJobs) and len(jobs.waiting) == 1, "the latest request wins"
    jobs.run()
    assert [image.shape for image in images] == [(6, 9)]
    made.context.workspace.undo()
    # Another batch is another matter.
    model.set_batch("Change the batch", "batch", batch_size=7)
    assert model.settings.batch_size == 7


def test_two_labels_are_for_two_classes_only(made: DataViewModel) -> None:
    model = InputViewModel(made.context)
    assert made.dataset is not None
    model.show(made.dataset, 0)
    model.set_batch("Change the labels", None, labels="binary")
    assert model.settings.label_mode == "sparse"


def test_what_is_measured_of_one_data_set_is_not_told_of_another(made: DataViewModel) -> None:
    model = InputViewModel(made.context)
    assert made.dataset is not None
    model.show(made.dataset, 0)
    model.measure_throughput()
    assert model.measuring and model.speed == "Measuring…"
    model.show(noise("other"), 0)
    assert not model.measuring and model.speed == UNMEASURED
    assert made.context.jobs.idle()
