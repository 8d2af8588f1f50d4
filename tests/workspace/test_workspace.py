"""The workspace: the film strip, the current image, the lab, and the events that tell of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convscope.core.ids import new_id
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.imaging.image import Image
from convscope.workspace.data import DataSettings
from convscope.workspace.lab import Lab
from convscope.workspace.workspace import Workspace


def image(name: str, path: str | None = None) -> Image:
    """A tiny image."""
    return Image(np.zeros((2, 3), np.uint8), name, Path(path) if path else None)


class Log:
    """Every event of a workspace, in order."""

    def __init__(self, workspace: Workspace) -> None:
        self.events: list[str] = []
        workspace.images_changed.connect(self.images)
        workspace.image_changed.connect(self.image)
        workspace.lab_changed.connect(self.lab)
        workspace.history_changed.connect(self.history)

    def images(self, images: tuple[Image, ...]) -> None:
        self.events.append("images " + ",".join(image.name for image in images))

    def image(self, image: Image) -> None:
        self.events.append(f"image {image.name}")

    def lab(self, lab: Lab) -> None:
        self.events.append(f"lab {lab.stage.stride}")

    def history(self) -> None:
        self.events.append("history")

    def take(self) -> list[str]:
        """What happened since the last call."""
        events, self.events = self.events, []
        return events


@pytest.fixture
def workspace() -> Workspace:
    """Three images."""
    return Workspace([image("a"), image("b"), image("c")])


@pytest.fixture
def log(workspace: Workspace) -> Log:
    """Its events."""
    return Log(workspace)


def test_there_is_always_a_current_image(workspace: Workspace) -> None:
    assert (workspace.image.name, workspace.current) == ("a", 0)
    with pytest.raises(ValueError, match="always has a current image"):
        Workspace([])


def test_selecting_tells_once_and_only_of_a_change(workspace: Workspace, log: Log) -> None:
    workspace.select_image(workspace.images[2].id)
    workspace.select_image(workspace.images[2].id)
    assert log.take() == ["image c", "history"] and workspace.image.name == "c"
    with pytest.raises(KeyError):
        workspace.select_image("nothing of this id")


def test_added_images_come_last_and_the_first_of_them_is_current(workspace: Workspace, log: Log) -> None:
    workspace.add_images([image("d"), image("e")])
    assert log.take() == ["images a,b,c,d,e", "image d", "history"]
    workspace.add_images([])
    assert log.take() == []


def test_a_file_that_is_open_already_is_replaced(workspace: Workspace, log: Log) -> None:
    workspace.add_images([image("d", "/d.png"), image("e", "/e.png")])
    workspace.add_images([image("d again", "/d.png")])
    assert [one.name for one in workspace.images] == ["a", "b", "c", "e", "d again"]
    assert workspace.image.name == "d again"


def test_a_new_frame_takes_the_current_place(workspace: Workspace, log: Log) -> None:
    workspace.select_image(workspace.images[1].id)
    log.take()
    workspace.update_image(image("frame"))
    assert log.take() == ["images a,frame,c", "image frame"]
    assert workspace.current == 1


@pytest.mark.parametrize(
    ("current", "removed", "left", "now", "events"),
    [
        (1, 0, "bc", "b", ["images b,c", "history"]),
        (1, 1, "ac", "c", ["images a,c", "image c", "history"]),
        (1, 2, "ab", "b", ["images a,b", "history"]),
        (2, 2, "ab", "b", ["images a,b", "image b", "history"]),
        (0, 0, "bc", "b", ["images b,c", "image b", "history"]),
    ],
)
def test_removing_keeps_what_is_on_show_where_it_can(
    workspace: Workspace, log: Log, current: int, removed: int, left: str, now: str, events: list[str]
) -> None:
    workspace.select_image(workspace.images[current].id)
    log.take()
    workspace.remove_image(workspace.images[removed].id)
    assert "".join(one.name for one in workspace.images) == left
    assert workspace.image.name == now and log.take() == events


def test_the_last_image_stays(workspace: Workspace, log: Log) -> None:
    for _ in range(5):
        workspace.remove_image(workspace.images[0].id)
    assert len(workspace.images) == 1


def test_a_closed_image_is_opened_again_in_its_place(workspace: Workspace, log: Log) -> None:
    first, second, third = workspace.images
    workspace.remove_image(workspace.images[1].id)
    workspace.remove_image(workspace.images[0].id)
    assert workspace.images == (third,) and workspace.closed_image is first
    log.take()
    workspace.reopen_image()
    assert workspace.images == (first, third) and workspace.image is first
    assert log.take() == ["images a,c", "image a", "history"]
    workspace.reopen_image()
    assert workspace.images == (first, second, third) and workspace.image is second
    assert workspace.closed_image is None
    log.take()
    workspace.reopen_image()
    assert log.take() == []


def test_a_closed_image_whose_place_is_gone_comes_last(workspace: Workspace) -> None:
    third = workspace.images[2]
    workspace.remove_image(workspace.images[2].id)
    workspace.remove_image(workspace.images[1].id, keep=False)
    workspace.reopen_image()
    assert [one.name for one in workspace.images] == ["a", "c"] and workspace.image is third
    assert workspace.closed_image is None


def test_a_file_that_was_opened_anew_is_not_opened_twice(workspace: Workspace) -> None:
    old, new = (Image(np.full((2, 2), level, np.uint8), "x", Path("/x.png")) for level in (1, 2))
    workspace.add_images([old])
    workspace.remove_image(workspace.images[3].id)
    workspace.add_images([new])
    workspace.select_image(workspace.images[0].id)
    workspace.reopen_image()
    assert workspace.images[3:] == (new,) and workspace.image is new


def test_closed_images_take_no_more_than_their_share_of_memory(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = workspace.images[1]
    monkeypatch.setattr("convscope.workspace.images.KEPT_BYTES", workspace.images[0].values.nbytes)
    workspace.remove_image(workspace.images[0].id)
    workspace.remove_image(workspace.images[0].id)
    assert workspace.closed_image is last
    workspace.reopen_image()
    assert workspace.closed_image is None


def test_lab_edits_are_undone_and_redone_with_events(workspace: Workspace, log: Log) -> None:
    first = workspace.lab
    workspace.edit_lab(first.with_stage(stride=2), "Change stride")
    assert log.take() == ["lab 2", "history"]
    assert (workspace.undo_label, workspace.redo_label) == ("Change stride", None)
    workspace.edit_lab(workspace.lab, "Nothing")
    assert log.take() == []
    workspace.undo()
    assert log.take() == ["lab 1", "history"] and workspace.lab == first
    assert (workspace.undo_label, workspace.redo_label) == (None, "Change stride")
    workspace.undo()
    assert log.take() == []
    workspace.redo()
    assert log.take() == ["lab 2", "history"]
    workspace.redo()
    assert log.take() == []


def test_a_drag_is_one_step(workspace: Workspace) -> None:
    for stride in (2, 3, 4):
        workspace.edit_lab(workspace.lab.with_stage(stride=stride), "Change stride", merge="stride")
    workspace.undo()
    assert workspace.lab == Lab()


def test_what_was_done_to_images_and_lab_is_undone_in_order(workspace: Workspace) -> None:
    first = workspace.image
    workspace.edit_lab(workspace.lab.with_stage(stride=2), "Change stride")
    workspace.add_images([image("d")])
    workspace.select_image(workspace.images[1].id)
    workspace.remove_image(workspace.images[2].id)
    labels = []
    while workspace.undo_label is not None:
        labels.append(workspace.undo_label)
        workspace.undo()
    assert labels == ["Close c", "Choose b", "Open d", "Change stride"]
    assert workspace.image is first and [one.name for one in workspace.images] == ["a", "b", "c"]
    while workspace.redo_label is not None:
        workspace.redo()
    assert [one.name for one in workspace.images] == ["a", "b", "d"] and workspace.image.name == "b"


def test_one_step_changes_the_image_and_the_lab_together(workspace: Workspace) -> None:
    before, lab = workspace.image, workspace.lab
    example = image("example")
    workspace.edit(
        {workspace.strip: workspace.with_image(example), workspace.lab_part: lab.with_stage(stride=2)},
        "Open an example",
    )
    assert workspace.image is example and workspace.lab.stage.stride == 2
    workspace.undo()
    assert workspace.image is before and workspace.lab == lab and workspace.undo_label is None
    workspace.redo()
    assert workspace.image is example and workspace.lab.stage.stride == 2


def test_a_live_frame_is_no_step_and_is_not_undone(workspace: Workspace) -> None:
    workspace.add_images([image("camera")])
    live = workspace.image.id
    workspace.select_image(workspace.images[0].id)
    frame = workspace.update_image(image("frame"), live)
    workspace.undo()
    assert workspace.image is frame and workspace.image.id == live
    workspace.undo()
    assert workspace.image.name == "a" and workspace.undo_label is None


def test_a_typed_image_is_a_step(workspace: Workspace) -> None:
    first = workspace.image
    typed = workspace.update_image(image("typed"), label="Type a matrix")
    assert workspace.image is typed and typed.id == first.id
    workspace.undo()
    assert workspace.image is first


def test_a_step_that_names_an_image_gone_for_good_is_harmless(workspace: Workspace) -> None:
    workspace.select_image(workspace.images[2].id)
    workspace.select_image(workspace.images[1].id)
    workspace.remove_image(workspace.images[0].id, keep=False)
    workspace.undo()
    assert [one.name for one in workspace.images] == ["b", "c"]


class Net:
    """A model as far as the workspace looks at it."""

    def __init__(self, *paths: str, name: str = "net") -> None:
        self.id, self.name = new_id(), name
        self.program = SimpleNamespace(slots=dict.fromkeys(paths, (0,)))


def test_models_one_of_them_current_and_the_layer_chosen_in_it(workspace: Workspace) -> None:
    a, b, c = Net("conv1", "conv2"), Net("conv1"), Net("conv2")
    models: list[object] = []
    layers: list[str | None] = []
    workspace.model_changed.connect(models.append)
    workspace.layer_changed.connect(layers.append)
    workspace.add_model(a)
    workspace.choose_layer("conv1")
    workspace.choose_layer("conv1")
    workspace.add_model(b)
    assert workspace.layer == "conv1" and workspace.models == (a, b) and workspace.model is b
    workspace.add_model(c)
    assert workspace.layer is None
    workspace.select_model(workspace.models[0].id)
    workspace.select_model(workspace.models[0].id)
    assert models == [a, b, c, a]
    assert layers == [None, "conv1", "conv1", None, None]
    twin, other = Net("conv1"), Net("conv1", "conv2")
    twin.id, other.id = b.id, a.id
    workspace.replace_model(twin)
    assert workspace.models == (a, twin, c) and workspace.model is a
    workspace.replace_model(other)
    assert workspace.model is other and models[-1] is other
    with pytest.raises(KeyError):
        workspace.replace_model(Net("conv1"))
    workspace.remove_model(workspace.models[2].id)
    assert workspace.model is other
    workspace.remove_model(workspace.models[0].id)
    assert workspace.model is twin
    workspace.remove_model(workspace.models[0].id)
    assert workspace.model is None and workspace.models == ()


def test_models_of_one_name_are_told_apart(workspace: Workspace) -> None:
    first, second = Net(name="mnist-convnet"), Net(name="mnist-convnet")
    workspace.add_model(first)
    workspace.add_model(second)
    workspace.select_model(first.id)
    assert workspace.model is first
    workspace.add_model(second)
    assert workspace.model is second and workspace.models == (first, second)


def test_choosing_and_closing_models_is_undone(workspace: Workspace) -> None:
    a, b, c = Net(name="a"), Net(name="b"), Net(name="c")
    workspace.add_model(a)
    assert workspace.undo_label is None
    workspace.add_model(b)
    workspace.add_model(c, current=False)
    assert workspace.model is b and workspace.undo_label is None
    workspace.remove_model(b.id, keep=True)
    assert workspace.model is a
    workspace.undo()
    assert workspace.model is b and workspace.models == (a, b, c)
    workspace.select_model(c.id)
    later = Net(name="later")
    workspace.add_model(later)
    workspace.undo()
    assert workspace.model is b and workspace.models == (a, b, c, later)


def test_undo_acts_on_what_is_on_show(workspace: Workspace, log: Log) -> None:
    workspace.edit_lab(workspace.lab.with_stage(stride=2), "Change stride")
    assert workspace.document.known("architecture") is None
    first = workspace.architecture
    heard: list[object] = []
    workspace.architecture_changed.connect(heard.append)
    workspace.scope = "model.build"
    assert workspace.undo_label is None
    workspace.edit_architecture(first, "Nothing")
    workspace.edit_architecture(first.insert(len(first.layers) - 1, "Dropout"), "Add a Dropout layer")
    workspace.edit_architecture(first.insert(1, "Dropout"), "Move it")
    assert workspace.undo_label == "Move it"
    workspace.undo()
    workspace.undo()
    assert workspace.architecture == first and workspace.undo_label is None and len(heard) == 4
    workspace.redo()
    assert workspace.redo_label == "Move it" and workspace.lab.stage.stride == 2
    workspace.scope = "model"
    workspace.undo()
    assert workspace.undo_label is None and workspace.redo_label is None and len(heard) == 5
    workspace.scope = "kernels"
    workspace.undo()
    assert workspace.lab.stage.stride == 1


def test_the_input_is_told_once_and_never_missing(workspace: Workspace) -> None:
    heard: list[object] = []
    workspace.input_changed.connect(heard.append)
    assert workspace.input == InputSettings()
    workspace.set_input(InputSettings())
    workspace.set_input(InputSettings((28, 28), 1, "pad"))
    workspace.set_input(InputSettings((28, 28), 1, "pad"))
    assert heard == [InputSettings((28, 28), 1, "pad")] and workspace.input is heard[0]


def test_data_and_augmentation_are_told_once(workspace: Workspace) -> None:
    heard: list[object] = []
    workspace.dataset_changed.connect(heard.append)
    workspace.augmentation_changed.connect(heard.append)
    data, augmentation = SimpleNamespace(reference="d", title="D", images=object()), Augmentation()
    workspace.set_dataset(data)  # type: ignore[arg-type]
    workspace.set_dataset(data)  # type: ignore[arg-type]
    workspace.set_augmentation(augmentation)
    workspace.set_augmentation(Augmentation())
    assert heard == [data, augmentation]
    workspace.set_augmentation(None)
    assert workspace.dataset is data and workspace.augmentation is None


def data(reference: str, **more: object) -> SimpleNamespace:
    """A data set, as far as the workspace looks at it."""
    return SimpleNamespace(
        reference=reference, title=reference.title(), images=object(), split_settings=SplitSettings(), **more
    )


def test_each_data_set_has_its_own_settings(workspace: Workspace) -> None:
    first, second = data("first"), data("second")
    heard: list[object] = []
    workspace.set_dataset(first)  # type: ignore[arg-type]
    workspace.set_augmentation(Augmentation(rotation=100.0))
    workspace.set_input(InputSettings((224, 224)))
    workspace.augmentation_changed.connect(heard.append)
    workspace.input_changed.connect(heard.append)
    workspace.set_dataset(second)  # type: ignore[arg-type]
    assert heard == [InputSettings(), None] and not workspace.has_input
    assert workspace.data_before == (
        "First",
        DataSettings(Augmentation(rotation=100.0), InputSettings((224, 224))),
    )
    workspace.scope = "data"
    assert workspace.undo_label is None, "what is set for a data set that is not on show"
    workspace.set_dataset(first)  # type: ignore[arg-type]
    assert workspace.augmentation == Augmentation(rotation=100.0)
    assert workspace.undo_label == "Change the input"
    workspace.undo()
    workspace.undo()
    assert workspace.data_settings == DataSettings()
    workspace.redo()
    kept = {name: value for name, value in workspace.document.values().items() if name.startswith("data:")}
    assert kept == {"data:first": DataSettings(Augmentation(rotation=100.0))}


def test_what_was_set_before_there_was_data_is_for_the_first(workspace: Workspace) -> None:
    workspace.set_augmentation(Augmentation(zoom=0.2))
    workspace.set_dataset(data("first"))  # type: ignore[arg-type]
    assert workspace.augmentation == Augmentation(zoom=0.2)
    workspace.set_dataset(data("second"))  # type: ignore[arg-type]
    assert workspace.augmentation is None
    workspace.set_dataset(None)
    assert workspace.augmentation is None


def test_the_parts_of_a_run_are_those_that_are_meant(workspace: Workspace) -> None:
    """Its data is split as it was; a switch that was set for data that is open already stays what it is."""
    of_a_run = data("first")
    of_a_run.split_settings = SplitSettings(0.3, 0.1, 9, together=True)
    workspace.set_dataset(data("second"))  # type: ignore[arg-type]
    workspace.set_dataset(of_a_run, as_split=True)  # type: ignore[arg-type]
    assert workspace.data_settings.split == SplitSettings(0.3, 0.1, 9) and workspace.data_settings.together
    again = SimpleNamespace(**vars(of_a_run))
    again.split_settings = SplitSettings(0.2, 0.1, 9)
    workspace.set_dataset(again, as_split=True)  # type: ignore[arg-type]
    assert workspace.data_settings.split == SplitSettings(0.2, 0.1, 9) and workspace.data_settings.together
    older = data("older")
    workspace.set_dataset(older, as_split=True)  # type: ignore[arg-type]
    assert not workspace.data_settings.together, "a run of before there was that choice"


def test_a_split_is_taken_back_to_what_it_was_opened_with(workspace: Workspace) -> None:
    opened = data("first")
    opened.split_settings = SplitSettings(0.05)
    workspace.set_dataset(opened)  # type: ignore[arg-type]
    workspace.set_split(SplitSettings(0.2, 0.1, 3), "seed")
    workspace.set_split(SplitSettings(0.2, 0.1, 31), "seed")
    workspace.scope = "data"
    workspace.undo()
    assert workspace.data_settings.split == SplitSettings(0.05) and workspace.undo_label is None
