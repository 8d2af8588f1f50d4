"""Models and data sets get into the window: by name, by file, by folder, by drop, and after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import WindowMaker, messages, opened

from convscope.core.errors import UntrustedError
from convscope.core.records import from_json
from convscope.core.task import Task
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.reuse.built import build_model
from convscope.imaging.image import Image
from convscope.imaging.samples import samples
from convscope.ui.main_window import MainWindow
from convscope.ui.plots.class_bars import ClassBars
from convscope.ui.services.predictor import Predicted
from convscope.ui.services.visible import predict_while_visible
from convscope.ui.window import autosave as autosave_module
from convscope.ui.window.autosave import Autosave
from convscope.ui.window.header import described_model, short_count
from convscope.workspace.kept_models import NamedModel
from convscope.workspace.lab import Lab
from convscope.workspace.recovery import has_work, load_work, save_work
from convscope.workspace.snapshot import WorkspaceSnapshot, restore, take
from convscope.workspace.workspace import Workspace

LONG = 300_000  # milliseconds: the first test imports TensorFlow


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    """The shipped network for digits."""
    return open_model("digits")


@pytest.fixture(scope="module")
def garments() -> OpenedModel:
    """The shipped network for garments."""
    return open_model("garments")


def digit() -> Image:
    """A shipped drawing of a digit."""
    from convscope.imaging.io.load import load_image

    return next(load_image(sample.path) for sample in samples() if "digit" in sample.path.name)


def classifying(window: MainWindow) -> bool:
    """Whether a prediction is on its way."""
    return any(job.title.startswith("Classifying") for job in window.jobs.running())


def test_the_shipped_model_is_opened_when_the_engine_is_ready(window: MainWindow, qtbot: QtBot) -> None:
    window.start_engine()
    qtbot.waitUntil(lambda: window.workspace.model is not None, timeout=LONG)
    model = window.workspace.model
    assert model is not None and model.source.spec == "imagenet"
    button = window.findChild(QToolButton, "header.model")
    assert button is not None and button.text().startswith(described_model(model))
    assert "4.7 M" in button.text()
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)


def test_what_has_to_be_trusted_is_opened_by_a_button_that_says_so(
    window: MainWindow,
    digits: OpenedModel,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"a graph")
    asked: list[bool] = []
    words = "saved is not opened: a SavedModel is a program. Open it only if you trust it. " * 3
    words = words.strip()

    def opens(spec: object, *, trusted: bool = False, task: Task | None = None) -> OpenedModel:
        asked.append(trusted)
        if not trusted:
            raise UntrustedError(words, Path(str(spec)))
        return digits

    monkeypatch.setattr("convscope.engine.models.library.catalogue.open_model", opens)
    window.open_path(folder)
    qtbot.waitUntil(lambda: bool(window.toasts.toasts()), timeout=LONG)
    assert messages(window) == [words]
    # Its lines are all seen, though the button takes of their width.
    text = window.toasts.toasts()[0].text
    assert text.height() >= text.heightForWidth(text.width())
    assert window.workspace.model is None
    button = window.toasts.findChild(QToolButton, "toast.action")
    assert button is not None and button.text() == "Trust it and open"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace.model is not None, timeout=LONG)
    assert asked == [False, True]
    assert not window.toasts.toasts()
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)


def test_a_model_file_by_path_and_again_is_the_same_model(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "mine.keras"
    digits.keras.save(path)
    window.open_path(path)
    qtbot.waitUntil(lambda: window.workspace.model is not None, timeout=LONG)
    first = window.workspace.model
    assert first is not None and first.source.path == path
    window.sources.engine.open_model("digits")
    qtbot.waitUntil(lambda: len(window.workspace.models) == 2, timeout=LONG)
    window.open_path(path)
    assert window.workspace.model is first and len(window.workspace.models) == 2
    assert str(path) in window.settings.recent
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    # What was written there since is another network, whatever it is called.
    trained = open_model("digits").keras
    trained.set_weights([values + 1 for values in trained.get_weights()])
    trained.save(path)
    window.open_path(path)
    qtbot.waitUntil(lambda: len(window.workspace.models) == 3, timeout=LONG)
    again = window.workspace.model
    assert again is window.workspace.models[-1] and again is not None and again.id != first.id
    assert np.array_equal(again.keras.get_weights()[0], trained.get_weights()[0])
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)


def test_what_was_chosen_while_another_was_on_its_way_stays(
    window: MainWindow,
    digits: OpenedModel,
    garments: OpenedModel,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A large network that arrives late does not answer in place of the one that a person asks by now."""
    from threading import Event

    begun, go = Event(), Event()
    slow = open_model("mnist-small")

    def opens(spec: str, **options: object) -> OpenedModel:
        if go.is_set():
            return open_model(spec)
        begun.set()
        assert go.wait(300)
        return slow

    for model in (digits, garments):
        window.workspace.add_model(model)
    monkeypatch.setattr("convscope.engine.models.library.catalogue.open_model", opens)
    window.sources.engine.open_model("mnist-small")
    qtbot.waitUntil(begun.is_set)
    # From the menu; a finished run's network that is asked why comes in the same way.
    window.workspace.select_model(digits.id)
    go.set()
    qtbot.waitUntil(window.jobs.idle)
    assert window.workspace.model is digits and slow in window.workspace.models
    assert messages(window) == [f"{slow.name} is open."]
    (button,) = window.toasts.toasts()[0].findChildren(QToolButton, "toast.action")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.workspace.model is slow
    # Of two that are on their way the one that was asked for last is current.
    window.workspace.remove_model(slow.id)
    for name in ("digits", "mnist-small"):
        window.sources.engine.open_model(name)
    qtbot.waitUntil(window.jobs.idle)
    assert window.workspace.model is not None and window.workspace.model.source.spec == "mnist-small"


def test_the_folder_of_a_run_is_its_model(
    window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train_network import details_of

    details = details_of(digits, open_dataset("digits"), TrainingSettings(), "Mine")
    Run.create(tmp_path / "run", details)
    window.open_path(tmp_path / "run")
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=LONG)
    assert "holds no trained model yet" in messages(window)[0]
    digits.keras.save(tmp_path / "run" / "model.keras")
    window.open_path(tmp_path / "run")
    qtbot.waitUntil(lambda: window.workspace.model is not None, timeout=LONG)
    assert window.workspace.model is not None
    assert window.workspace.model.source.path == tmp_path / "run" / "model.keras"
    # In each run it is called model.keras: what a person knows it by is the folder.
    assert window.workspace.model.name == "run"
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)


def test_what_is_no_model_is_one_sentence(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "notes.h5"
    path.write_text("these are notes")
    window.open_path(path)
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=LONG)
    opened(qtbot, window)
    (message,) = messages(window)
    assert "notes.h5" in message
    assert window.workspace.model is None and not window.sources.engine.opening


def test_the_header_lists_the_open_models_and_chooses_one(
    window: MainWindow, digits: OpenedModel, garments: OpenedModel, qtbot: QtBot
) -> None:
    button = window.findChild(QToolButton, "header.model")
    assert button is not None and button.text().startswith("no model")
    window.workspace.add_model(digits)
    window.workspace.add_model(garments)
    assert button.text().startswith(garments.name)
    menu = button.menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    texts = [action.text() for action in menu.actions()]
    assert texts[:2] == [described_model(digits), described_model(garments)]
    assert menu.actions()[1].isChecked()
    menu.actions()[0].trigger()
    assert window.workspace.model is digits
    window.workspace.remove_model(window.workspace.models[0].id)
    assert window.workspace.model is garments


@pytest.mark.parametrize(
    ("number", "text"),
    [(7, "7"), (999, "999"), (93_322, "93 k"), (1_234, "1.2 k"), (999_950, "1.0 M"), (4_652_008, "4.7 M")],
)
def test_counts_in_few_letters(number: int, text: str) -> None:
    assert short_count(number) == text


def test_a_folder_of_classes_is_a_data_set_and_a_folder_of_images_is_not(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    for name, level in (("cats", 60), ("dogs", 200)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            picture = np.full((8, 8, 3), level + number, np.uint8)
            cv2.imwrite(str(tmp_path / "pets" / name / f"{number}.png"), picture)
    window.open_path(tmp_path / "pets")
    qtbot.waitUntil(lambda: window.workspace.dataset is not None, timeout=LONG)
    dataset = window.workspace.dataset
    assert dataset is not None and dataset.classes == ("cats", "dogs") and len(dataset) == 8
    before = len(window.workspace.images)
    window.open_path(tmp_path / "pets" / "cats")
    opened(qtbot, window)
    # The same images; they may have been compared with one another meanwhile.
    still = window.workspace.dataset
    assert len(window.workspace.images) == before + 4 and still is not None and still.images is dataset.images


def test_predictions_follow_image_and_model_only_while_somebody_looks(
    make_window: WindowMaker, digits: OpenedModel, qtbot: QtBot
) -> None:
    window = make_window([digit()])
    bars = ClassBars()
    qtbot.addWidget(bars)
    heard: list[Predicted | None] = []

    def hear(predicted: Predicted | None) -> None:
        heard.append(predicted)
        bars.set_prediction(predicted.prediction if predicted else None)

    window.predictor.changed.connect(hear)
    predict_while_visible(window.predictor, bars)
    window.workspace.add_model(digits)
    assert not classifying(window)
    bars.show()
    qtbot.waitUntil(lambda: window.predictor.prediction is not None, timeout=LONG)
    prediction = window.predictor.prediction
    assert prediction is not None
    assert prediction.classes[0].name == digits.predict(digit()).classes[0].name
    assert bars.rows == prediction.top(5)
    chosen: list[int] = []
    bars.chosen.connect(chosen.append)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row_rect(1).center().toPoint())
    assert chosen == [prediction.classes[1].index]
    bars.hide()
    window.workspace.add_images([Image(np.zeros((28, 28), np.uint8), "black")])
    assert not classifying(window) and window.predictor.prediction is None
    window.workspace.remove_model(window.workspace.models[0].id)
    assert heard[-1] is None
    window.predictor.changed.disconnect(hear)


def test_a_model_without_classes_says_why(window: MainWindow, qtbot: QtBot) -> None:
    base = open_model("MobileNetV2", include_top=False, input_shape=(32, 32, 3))
    bars = ClassBars()
    qtbot.addWidget(bars)
    bars.show()
    predict_while_visible(window.predictor, bars)
    window.workspace.add_model(base)
    qtbot.waitUntil(lambda: window.predictor.last is not None, timeout=LONG)
    last = window.predictor.last
    assert last is not None and last.prediction is None and "no classes" in last.reason
    assert messages(window) == []


def test_after_a_crash_a_model_built_by_hand_is_back(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave_module, "INTERVAL", 0.01)
    workspace = window.workspace
    first = Autosave(workspace, window.jobs)
    assert first.folder is not None
    folder = first.folder
    built = build_model(TEMPLATES["mnist-convnet"].architecture, seed=5)
    workspace.add_model(built)
    workspace.add_model(digits)
    workspace.select_model(workspace.models[0].id)

    def written() -> list[Path]:
        return sorted(folder.glob("*.keras"))

    qtbot.waitUntil(lambda: len(written()) == 1 and has_work(folder), timeout=LONG)
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    files, stamp = written(), written()[0].stat().st_mtime_ns
    workspace.edit_lab(workspace.lab.with_stage(stride=3), "Change stride")
    qtbot.waitUntil(lambda: kept_lab(folder) == workspace.lab, timeout=LONG)
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    assert written() == files and files[0].stat().st_mtime_ns == stamp, "written once"
    snapshot = kept(folder)
    assert list(snapshot.models) == [built.id, digits.id]
    assert snapshot.models[digits.id] == NamedModel("digits")
    workspace.remove_model(workspace.models[0].id)
    workspace.remove_model(workspace.models[0].id)
    assert workspace.model is None
    # What a next window does: its first writing comes before the engine has opened the file.
    restore(workspace, replace(snapshot, models={built.id: snapshot.models[built.id]}))
    qtbot.waitUntil(lambda: list(kept(folder).models) == [built.id], timeout=LONG)
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    assert written() == files
    window.sources.engine.bring_back()
    qtbot.waitUntil(lambda: workspace.model is not None, timeout=LONG)
    back = workspace.model
    assert (
        back is not None
        and back.id == built.id
        and back.name == "MNIST convnet 32-64-64"
        and back.source == built.source
    )
    assert back.notes == built.notes and back.classes == built.classes
    pairs = zip(back.keras.get_weights(), built.keras.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    qtbot.waitUntil(lambda: len(kept(folder).models) == 1, timeout=LONG)
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    assert written() == files and files[0].stat().st_mtime_ns == stamp, "not written again"
    workspace.remove_model(workspace.models[0].id)
    qtbot.waitUntil(lambda: not written(), timeout=LONG)
    qtbot.waitUntil(window.jobs.idle, timeout=LONG)
    first.close()
    assert not has_work(folder) and not written(), "a proper end forgets it"


def kept(folder: Path) -> WorkspaceSnapshot:
    """What is on the disk."""
    recovered = load_work(folder)
    return recovered.snapshot if recovered is not None else WorkspaceSnapshot()


def kept_lab(folder: Path) -> Lab | None:
    """The lab on the disk."""
    lab = kept(folder).parts.get("lab")
    return from_json(Lab, lab) if lab is not None else None


def test_after_a_crash_models_data_and_the_draft_are_known_again(
    window: MainWindow,
    digits: OpenedModel,
    garments: OpenedModel,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(autosave_module, "INTERVAL", 0.01)
    workspace = window.workspace
    first = Autosave(workspace, window.jobs)
    workspace.add_model(garments)
    workspace.add_model(digits)
    workspace.select_model(workspace.models[0].id)
    draft = workspace.architecture.insert(1, "Dropout")
    workspace.edit_architecture(draft, "Add a Dropout layer")
    window.sources.engine.open_dataset("digits")
    qtbot.waitUntil(lambda: workspace.dataset is not None, timeout=LONG)
    assert first.folder is not None
    folder = first.folder

    def written() -> bool:
        return kept(folder).dataset == "digits"

    qtbot.waitUntil(written)
    qtbot.waitUntil(window.jobs.idle)
    snapshot = kept(folder)
    assert snapshot.models == {garments.id: NamedModel("garments"), digits.id: NamedModel("digits")}
    assert snapshot.parts["models"]["current"] == workspace.models[0].id
    # The process dies: its lock goes with it, nothing else happens.
    assert first._lock is not None
    first._timer.stop()
    first._lock.unlock()
    fresh = Workspace(workspace.images)
    second = Autosave(fresh, window.jobs)
    restored = second.load(Task())
    assert restored is not None
    restore(fresh, restored.snapshot)
    second.restored()
    assert fresh.architecture == draft
    qtbot.waitUntil(window.jobs.idle)
    second.close()


@pytest.mark.parametrize("order", ["together", "layers first", "weights first"])
def test_a_description_and_its_weights_become_one_model(
    order: str, window: MainWindow, digits: OpenedModel, tmp_path: Path, qtbot: QtBot
) -> None:
    """From folders of their own, so that neither is found beside the other."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    layers, weights = tmp_path / "a" / "net.json", tmp_path / "b" / "net.weights.h5"
    layers.write_text(digits.keras.to_json(), encoding="utf-8")
    digits.keras.save_weights(weights)

    def settled() -> bool:
        return not window.sources.engine.opening and window.jobs.idle()

    if order == "together":
        window.open_paths([weights, layers])
    else:
        for path in (layers, weights) if order == "layers first" else (weights, layers):
            window.open_path(path)
            qtbot.waitUntil(settled, timeout=LONG)
    qtbot.waitUntil(settled, timeout=LONG)
    model = window.workspace.model
    assert model is not None and model.source.weights == "net.weights.h5"
    for ours, theirs in zip(model.keras.get_weights(), digits.keras.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(window.workspace.models) == (2 if order == "layers first" else 1)


def test_after_a_crash_a_model_is_opened_as_it_was(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Its size was lost, and the classifier that it did not have came back with all of its weights."""
    bare = open_model("MobileNetV2", include_top=False, input_shape=(64, 48, 3))
    small = open_model("lenet-5", input_shape=(40, 44, 1))
    for model in (bare, small):
        window.workspace.add_model(model)
    save_work(tmp_path / "work", take(window.workspace))
    snapshot = kept(tmp_path / "work")
    named = {
        bare.id: NamedModel("MobileNetV2", "", False, (64, 48, 3)),
        small.id: NamedModel("lenet-5", "", True, (40, 44, 1)),
    }
    assert {each: snapshot.models[each] for each in named} == named
    for model in (bare, small):
        window.workspace.remove_model(model.id)
    window.restore(snapshot)
    qtbot.waitUntil(
        lambda: {"MobileNetV2 base", small.name} <= {model.name for model in window.workspace.models},
        timeout=LONG,
    )
    shapes = {model.name: model.input_shape for model in window.workspace.models}
    assert shapes["MobileNetV2 base"] == (64, 48, 3) and shapes[small.name] == (40, 44, 1)
    assert {
        model.source.asked.include_top for model in window.workspace.models if model.name != "digits"
    } == {
        False,
        True,
    }
