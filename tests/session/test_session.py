"""The session: the film strip, the current image, the lab, and the events that tell of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.ids import new_id
from convscope.imaging.image import Image
from convscope.session.data_settings import DataSettings
from convscope.session.lab import Lab
from convscope.session.session import Session


def image(name: str, path: str | None = None) -> Image:
    """A tiny image."""
    return Image(np.zeros((2, 3), np.uint8), name, Path(path) if path else None)


class Log:
    """Every event of a session, in order."""

    def __init__(self, session: Session) -> None:
        self.events: list[str] = []
        session.images_changed.connect(self.images)
        session.image_changed.connect(self.image)
        session.lab_changed.connect(self.lab)
        session.history_changed.connect(self.history)

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
def session() -> Session:
    """Three images."""
    return Session([image("a"), image("b"), image("c")])


@pytest.fixture
def log(session: Session) -> Log:
    """Its events."""
    return Log(session)


def test_there_is_always_a_current_image(session: Session) -> None:
    assert (session.image.name, session.current) == ("a", 0)
    with pytest.raises(ValueError, match="always has a current image"):
        Session([])


def test_selecting_tells_once_and_only_of_a_change(session: Session, log: Log) -> None:
    session.select_image(session.images[2].id)
    session.select_image(session.images[2].id)
    assert log.take() == ["image c", "history"] and session.image.name == "c"
    with pytest.raises(KeyError):
        session.select_image("nothing of this id")


def test_added_images_come_last_and_the_first_of_them_is_current(session: Session, log: Log) -> None:
    session.add_images([image("d"), image("e")])
    assert log.take() == ["images a,b,c,d,e", "image d", "history"]
    session.add_images([])
    assert log.take() == []


def test_a_file_that_is_open_already_is_replaced(session: Session, log: Log) -> None:
    session.add_images([image("d", "/d.png"), image("e", "/e.png")])
    session.add_images([image("d again", "/d.png")])
    assert [one.name for one in session.images] == ["a", "b", "c", "e", "d again"]
    assert session.image.name == "d again"


def test_a_new_frame_takes_the_current_place(session: Session, log: Log) -> None:
    session.select_image(session.images[1].id)
    log.take()
    session.update_image(image("frame"))
    assert log.take() == ["images a,frame,c", "image frame"]
    assert session.current == 1


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
    session: Session, log: Log, current: int, removed: int, left: str, now: str, events: list[str]
) -> None:
    session.select_image(session.images[current].id)
    log.take()
    session.remove_image(session.images[removed].id)
    assert "".join(one.name for one in session.images) == left
    assert session.image.name == now and log.take() == events


def test_the_last_image_stays(session: Session, log: Log) -> None:
    for _ in range(5):
        session.remove_image(session.images[0].id)
    assert len(session.images) == 1


def test_a_closed_image_is_opened_again_in_its_place(session: Session, log: Log) -> None:
    first, second, third = session.images
    session.remove_image(session.images[1].id)
    session.remove_image(session.images[0].id)
    assert session.images == (third,) and session.closed_image is first
    log.take()
    session.reopen_image()
    assert session.images == (first, third) and session.image is first
    assert log.take() == ["images a,c", "image a", "history"]
    session.reopen_image()
    assert session.images == (first, second, third) and session.image is second
    assert session.closed_image is None
    log.take()
    session.reopen_image()
    assert log.take() == []


def test_a_closed_image_whose_place_is_gone_comes_last(session: Session) -> None:
    third = session.images[2]
    session.remove_image(session.images[2].id)
    session.remove_image(session.images[1].id, keep=False)
    session.reopen_image()
    assert [one.name for one in session.images] == ["a", "c"] and session.image is third
    assert session.closed_image is None


def test_a_file_that_was_opened_anew_is_not_opened_twice(session: Session) -> None:
    old, new = (Image(np.full((2, 2), level, np.uint8), "x", Path("/x.png")) for level in (1, 2))
    session.add_images([old])
    session.remove_image(session.images[3].id)
    session.add_images([new])
    session.select_image(session.images[0].id)
    session.reopen_image()
    assert session.images[3:] == (new,) and session.image is new


def test_closed_images_take_no_more_than_their_share_of_memory(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = session.images[1]
    monkeypatch.setattr("convscope.session.session.KEPT_BYTES", session.images[0].values.nbytes)
    session.remove_image(session.images[0].id)
    session.remove_image(session.images[0].id)
    assert session.closed_image is last
    session.reopen_image()
    assert session.closed_image is None


def test_lab_edits_are_undone_and_redone_with_events(session: Session, log: Log) -> None:
    first = session.lab
    session.edit_lab(first.with_stage(stride=2), "Change stride")
    assert log.take() == ["lab 2", "history"]
    assert (session.undo_label, session.redo_label) == ("Change stride", None)
    session.edit_lab(session.lab, "Nothing")
    assert log.take() == []
    session.undo()
    assert log.take() == ["lab 1", "history"] and session.lab == first
    assert (session.undo_label, session.redo_label) == (None, "Change stride")
    session.undo()
    assert log.take() == []
    session.redo()
    assert log.take() == ["lab 2", "history"]
    session.redo()
    assert log.take() == []


def test_a_drag_is_one_step(session: Session) -> None:
    for stride in (2, 3, 4):
        session.edit_lab(session.lab.with_stage(stride=stride), "Change stride", merge="stride")
    session.undo()
    assert session.lab == Lab()


def test_what_was_done_to_images_and_lab_is_undone_in_order(session: Session) -> None:
    first = session.image
    session.edit_lab(session.lab.with_stage(stride=2), "Change stride")
    session.add_images([image("d")])
    session.select_image(session.images[1].id)
    session.remove_image(session.images[2].id)
    labels = []
    while session.undo_label is not None:
        labels.append(session.undo_label)
        session.undo()
    assert labels == ["Close c", "Choose b", "Open d", "Change stride"]
    assert session.image is first and [one.name for one in session.images] == ["a", "b", "c"]
    while session.redo_label is not None:
        session.redo()
    assert [one.name for one in session.images] == ["a", "b", "d"] and session.image.name == "b"


def test_one_step_changes_the_image_and_the_lab_together(session: Session) -> None:
    before, lab = session.image, session.lab
    example = image("example")
    session.edit(
        {session.strip: session.with_image(example), session.lab_slot: lab.with_stage(stride=2)},
        "Open an example",
    )
    assert session.image is example and session.lab.stage.stride == 2
    session.undo()
    assert session.image is before and session.lab == lab and session.undo_label is None
    session.redo()
    assert session.image is example and session.lab.stage.stride == 2


def test_a_live_frame_is_no_step_and_is_not_undone(session: Session) -> None:
    session.add_images([image("camera")])
    live = session.image.id
    session.select_image(session.images[0].id)
    frame = session.update_image(image("frame"), live)
    session.undo()
    assert session.image is frame and session.image.id == live
    session.undo()
    assert session.image.name == "a" and session.undo_label is None


def test_a_typed_image_is_a_step(session: Session) -> None:
    first = session.image
    typed = session.update_image(image("typed"), label="Type a matrix")
    assert session.image is typed and typed.id == first.id
    session.undo()
    assert session.image is first


def test_a_step_that_names_an_image_gone_for_good_is_harmless(session: Session) -> None:
    session.select_image(session.images[2].id)
    session.select_image(session.images[1].id)
    session.remove_image(session.images[0].id, keep=False)
    session.undo()
    assert [one.name for one in session.images] == ["b", "c"]


class Net:
    """A model as far as the session looks at it."""

    def __init__(self, *paths: str, name: str = "net") -> None:
        self.id, self.name = new_id(), name
        self.program = SimpleNamespace(slots=dict.fromkeys(paths, (0,)))


def test_models_one_of_them_current_and_the_layer_chosen_in_it(session: Session) -> None:
    a, b, c = Net("conv1", "conv2"), Net("conv1"), Net("conv2")
    models: list[object] = []
    layers: list[str | None] = []
    session.model_changed.connect(models.append)
    session.layer_changed.connect(layers.append)
    session.add_model(a)
    session.choose_layer("conv1")
    session.choose_layer("conv1")
    session.add_model(b)
    assert session.layer == "conv1" and session.models == (a, b) and session.model is b
    session.add_model(c)
    assert session.layer is None
    session.select_model(session.models[0].id)
    session.select_model(session.models[0].id)
    assert models == [a, b, c, a]
    assert layers == [None, "conv1", "conv1", None, None]
    twin, other = Net("conv1"), Net("conv1", "conv2")
    twin.id, other.id = b.id, a.id
    session.replace_model(twin)
    assert session.models == (a, twin, c) and session.model is a
    session.replace_model(other)
    assert session.model is other and models[-1] is other
    with pytest.raises(KeyError):
        session.replace_model(Net("conv1"))
    session.remove_model(session.models[2].id)
    assert session.model is other
    session.remove_model(session.models[0].id)
    assert session.model is twin
    session.remove_model(session.models[0].id)
    assert session.model is None and session.models == ()


def test_models_of_one_name_are_told_apart(session: Session) -> None:
    first, second = Net(name="mnist-convnet"), Net(name="mnist-convnet")
    session.add_model(first)
    session.add_model(second)
    session.select_model(first.id)
    assert session.model is first
    session.add_model(second)
    assert session.model is second and session.models == (first, second)


def test_choosing_and_closing_models_is_undone(session: Session) -> None:
    a, b, c = Net(name="a"), Net(name="b"), Net(name="c")
    session.add_model(a)
    assert session.undo_label is None
    session.add_model(b)
    session.add_model(c, current=False)
    assert session.model is b and session.undo_label is None
    session.remove_model(b.id, keep=True)
    assert session.model is a
    session.undo()
    assert session.model is b and session.models == (a, b, c)
    session.select_model(c.id)
    later = Net(name="later")
    session.add_model(later)
    session.undo()
    assert session.model is b and session.models == (a, b, c, later)


def test_undo_acts_on_what_is_on_show(session: Session, log: Log) -> None:
    session.edit_lab(session.lab.with_stage(stride=2), "Change stride")
    assert not session.has_architecture
    first = session.architecture
    heard: list[object] = []
    session.architecture_changed.connect(heard.append)
    session.scope = "model.build"
    assert session.undo_label is None
    session.edit_architecture(first, "Nothing")
    session.edit_architecture(first.insert(len(first.layers) - 1, "Dropout"), "Add a Dropout layer")
    session.edit_architecture(first.insert(1, "Dropout"), "Move it")
    assert session.undo_label == "Move it"
    session.undo()
    session.undo()
    assert session.architecture == first and session.undo_label is None and len(heard) == 4
    session.redo()
    assert session.redo_label == "Move it" and session.lab.stage.stride == 2
    session.scope = "model"
    session.undo()
    assert session.undo_label is None and session.redo_label is None and len(heard) == 5
    session.scope = "kernels"
    session.undo()
    assert session.lab.stage.stride == 1


def test_the_input_is_told_once_and_never_missing(session: Session) -> None:
    heard: list[object] = []
    session.input_changed.connect(heard.append)
    assert session.input == InputSettings()
    session.set_input(InputSettings())
    session.set_input(InputSettings((28, 28), 1, "pad"))
    session.set_input(InputSettings((28, 28), 1, "pad"))
    assert heard == [InputSettings((28, 28), 1, "pad")] and session.input is heard[0]


def test_data_and_augmentation_are_told_once(session: Session) -> None:
    heard: list[object] = []
    session.dataset_changed.connect(heard.append)
    session.augmentation_changed.connect(heard.append)
    data, augmentation = SimpleNamespace(reference="d", title="D", images=object()), Augmentation()
    session.set_dataset(data)  # type: ignore[arg-type]
    session.set_dataset(data)  # type: ignore[arg-type]
    session.set_augmentation(augmentation)
    session.set_augmentation(Augmentation())
    assert heard == [data, augmentation]
    session.set_augmentation(None)
    assert session.dataset is data and session.augmentation is None


def data(reference: str, **more: object) -> SimpleNamespace:
    """A data set, as far as the session looks at it."""
    return SimpleNamespace(
        reference=reference, title=reference.title(), images=object(), split_settings=SplitSettings(), **more
    )


def test_each_data_set_has_its_own_settings(session: Session) -> None:
    first, second = data("first"), data("second")
    heard: list[object] = []
    session.set_dataset(first)  # type: ignore[arg-type]
    session.set_augmentation(Augmentation(rotation=100.0))
    session.set_input(InputSettings((224, 224)))
    session.augmentation_changed.connect(heard.append)
    session.input_changed.connect(heard.append)
    session.set_dataset(second)  # type: ignore[arg-type]
    assert heard == [InputSettings(), None] and not session.has_input
    assert session.data_before == (
        "First",
        DataSettings(Augmentation(rotation=100.0), InputSettings((224, 224))),
    )
    session.scope = "data"
    assert session.undo_label is None, "what is set for a data set that is not on show"
    session.set_dataset(first)  # type: ignore[arg-type]
    assert session.augmentation == Augmentation(rotation=100.0)
    assert session.undo_label == "Change the input"
    session.undo()
    session.undo()
    assert session.data_settings == DataSettings()
    session.redo()
    assert session.all_data_settings == {"first": DataSettings(Augmentation(rotation=100.0))}


def test_what_was_set_before_there_was_data_is_for_the_first(session: Session) -> None:
    session.set_augmentation(Augmentation(zoom=0.2))
    session.set_dataset(data("first"))  # type: ignore[arg-type]
    assert session.augmentation == Augmentation(zoom=0.2)
    session.set_dataset(data("second"))  # type: ignore[arg-type]
    assert session.augmentation is None
    session.set_dataset(None)
    assert session.augmentation is None


def test_the_parts_of_a_run_are_those_that_are_meant(session: Session) -> None:
    """Its data is split as it was; a switch that was set for data that is open already stays what it is."""
    of_a_run = data("first")
    of_a_run.split_settings = SplitSettings(0.3, 0.1, 9, together=True)
    session.set_dataset(data("second"))  # type: ignore[arg-type]
    session.set_dataset(of_a_run, as_split=True)  # type: ignore[arg-type]
    assert session.data_settings.split == SplitSettings(0.3, 0.1, 9) and session.data_settings.together
    again = SimpleNamespace(**vars(of_a_run))
    again.split_settings = SplitSettings(0.2, 0.1, 9)
    session.set_dataset(again, as_split=True)  # type: ignore[arg-type]
    assert session.data_settings.split == SplitSettings(0.2, 0.1, 9) and session.data_settings.together
    older = data("older")
    session.set_dataset(older, as_split=True)  # type: ignore[arg-type]
    assert not session.data_settings.together, "a run of before there was that choice"


def test_a_split_is_taken_back_to_what_it_was_opened_with(session: Session) -> None:
    opened = data("first")
    opened.split_settings = SplitSettings(0.05)
    session.set_dataset(opened)  # type: ignore[arg-type]
    session.set_split(SplitSettings(0.2, 0.1, 3), "seed")
    session.set_split(SplitSettings(0.2, 0.1, 31), "seed")
    session.scope = "data"
    session.undo()
    assert session.data_settings.split == SplitSettings(0.05) and session.undo_label is None
