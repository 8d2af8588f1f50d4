"""The answer of the current model to the current image, and the parts of the data set: no Qt is needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.ids import new_id
from convscope.engine.data.split import SplitSettings
from convscope.imaging.image import Image
from convscope.ui.ending import Ending
from convscope.ui.services.predictor import Predicted, Predictor
from convscope.ui.services.splitting import COMPARE, SPLIT, Splitting
from convscope.workspace.workspace import Workspace
from tests.without_qt import InlineJobs


class Net:
    """A model, as far as it is asked."""

    assumption = ""

    def __init__(self, name: str) -> None:
        self.id, self.name, self.program = new_id(), name, SimpleNamespace(slots={})

    def predict(self, image: Image) -> str:
        """An answer that tells what it is to."""
        if image.name == "odd":
            raise UserError("It takes no odd images.")
        return f"{self.name} on {image.name}"


@pytest.fixture
def workspace() -> Workspace:
    return Workspace([Image(np.zeros((2, 2), np.uint8), name) for name in ("a", "b", "odd")])


@pytest.fixture
def jobs() -> InlineJobs:
    return InlineJobs()


def answers(predictor: Predictor) -> list[str]:
    """What it says from now on."""
    told: list[str] = []

    def hear(predicted: Predicted | None) -> None:
        told.append("" if predicted is None else str(predicted.prediction or predicted.reason))

    predictor.changed.connect(hear)
    return told


def test_it_answers_only_while_somebody_looks_and_once_for_all(
    workspace: Workspace, jobs: InlineJobs
) -> None:
    looks = [False, False]
    predictor = Predictor(workspace, jobs, Ending())  # type: ignore[arg-type]
    told = answers(predictor)
    stop = predictor.follow(lambda: looks[0])
    predictor.follow(lambda: looks[1])
    workspace.add_model(Net("net"))  # type: ignore[arg-type]
    assert jobs.idle() and predictor.prediction is None
    looks[:] = [True, True]
    predictor.seen()
    predictor.seen()
    assert len(jobs.waiting) == 1
    jobs.run()
    assert told == ["", "", "net on a"] and predictor.prediction == "net on a"
    looks[1] = False
    stop()
    workspace.select_image(workspace.images[1].id)
    assert jobs.idle() and predictor.prediction is None
    assert predictor.last is not None and predictor.outdated == "Still of a."


def test_what_does_not_answer_any_more_says_so_until_the_next_answer(
    workspace: Workspace, jobs: InlineJobs
) -> None:
    predictor = Predictor(workspace, jobs, Ending())  # type: ignore[arg-type]
    told, words = answers(predictor), []
    predictor.outdated_changed.connect(words.append)
    predictor.follow(lambda: True)
    workspace.add_model(Net("net"))  # type: ignore[arg-type]
    jobs.run()
    workspace.select_image(workspace.images[2].id)
    assert words == ["Still of a."]
    jobs.run()
    assert words == ["Still of a.", ""] and told[-1] == "It takes no odd images."
    workspace.add_model(Net("other"))  # type: ignore[arg-type]
    assert predictor.outdated == "Still of net."
    for model in workspace.models:
        workspace.remove_model(model.id)
    assert told[-1] == "" and predictor.last is None and jobs.idle()


def test_nothing_is_heard_after_the_end(workspace: Workspace, jobs: InlineJobs) -> None:
    ending = Ending()
    predictor = Predictor(workspace, jobs, ending)  # type: ignore[arg-type]
    predictor.follow(lambda: True)
    Splitting(workspace, jobs, pytest.fail, ending)  # type: ignore[arg-type]
    ending.end()
    workspace.add_model(Net("net"))  # type: ignore[arg-type]
    assert jobs.idle()
    for signal in (workspace.image_changed, workspace.model_changed, workspace.dataset_changed):
        assert len(signal) == 0


class Data:
    """A data set, as far as it is split and compared."""

    def __init__(
        self, reference: str, settings: SplitSettings, alike: Any = None, images: object = None
    ) -> None:
        self.reference, self.title, self.split_settings = reference, reference, settings
        self.alike, self.images = alike, images if images is not None else object()

    def __len__(self) -> int:
        return 10

    def with_split(self, settings: SplitSettings, task: object = None) -> Data:
        """Another split of the same."""
        return Data(self.reference, settings, self.alike, self.images)

    def with_alike(self, alike: Any) -> Data:
        """The same, compared."""
        return Data(self.reference, self.split_settings, alike, self.images)


def test_the_data_set_is_split_as_it_is_set_and_what_came_of_another_is_dropped(
    workspace: Workspace, jobs: InlineJobs
) -> None:
    splitting = Splitting(workspace, jobs, pytest.fail, Ending())  # type: ignore[arg-type]
    first = Data("digits", SplitSettings())
    workspace.set_dataset(first)  # type: ignore[arg-type]
    assert jobs.idle(), "it is split so already, and the parts of a named set are as they were published"
    workspace.set_split(SplitSettings(0.3, 0.2))
    assert [job.key for job in jobs.waiting] == [SPLIT]
    workspace.set_split(first.split_settings)
    assert jobs.idle(), "back again"
    workspace.set_split(SplitSettings(0.3, 0.2))
    jobs.run()
    assert workspace.dataset is not None and workspace.dataset is not first
    assert workspace.dataset.split_settings == SplitSettings(0.3, 0.2)
    workspace.set_split(SplitSettings(0.5, 0.2))
    (late,) = jobs.waiting
    other = Data("fashion", SplitSettings())
    workspace.set_dataset(other)  # type: ignore[arg-type]
    assert late.on_done is not None
    late.on_done(late.function(late.task))
    assert workspace.dataset is other  # type: ignore[comparison-overlap]
    assert splitting.wanted(other) == SplitSettings()  # type: ignore[arg-type]


def test_a_comparison_that_is_asked_for_tells_that_it_goes_on(
    workspace: Workspace, jobs: InlineJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace(together=())
    monkeypatch.setattr("convscope.engine.data.similar.alike.find_alike", lambda _data, _task: found)
    splitting = Splitting(workspace, jobs, pytest.fail, Ending())  # type: ignore[arg-type]
    states: list[bool] = []
    splitting.comparing_changed.connect(lambda: states.append(splitting.comparing))
    splitting.compare()
    assert jobs.idle(), "there is nothing to compare"
    workspace.set_dataset(Data("digits", SplitSettings()))  # type: ignore[arg-type]
    got: list[Any] = []
    splitting.compare(got.append)
    assert [job.key for job in jobs.waiting] == [COMPARE]
    jobs.run()
    assert states == [True, False] and got[0].alike is found
    assert workspace.dataset is got[0]
