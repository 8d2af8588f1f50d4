"""The window as a whole: panels, images, failures, theme, size, and its end."""

from __future__ import annotations

import threading
import time
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QToolButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import FakePanel, WindowMaker, messages, opened, press, small_images

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.main_window import MainWindow
from convscope.ui.panels import PANELS
from convscope.ui.settings import Settings
from convscope.ui.window.about import versions
from convscope.ui.window.layout import fitted
from convscope.workspace.workspace import Workspace


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with two pictures, a text file and a damaged picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        assert cv2.imwrite(str(folder / name), np.full((5, 7, 3), 40 * number, np.uint8))
    (folder / "notes.txt").write_text("no picture")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    return folder


# -- panels --------------------------------------------------------------------------------------------------


def test_the_first_panel_is_shown_and_the_navigation_goes_between_them(
    window: MainWindow, qtbot: QtBot
) -> None:
    first = window.panel()
    assert isinstance(first, FakePanel) and first.isVisible()
    press(qtbot, window, "nav.second")
    second = window.panel()
    assert isinstance(second, FakePanel) and second is not first
    assert window.findChild(QToolButton, "nav.second").isChecked()
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.panel() is first


def test_a_panels_shortcut_works_while_it_is_on_show(window: MainWindow, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    first = window.panel()
    qtbot.keyClick(window, Qt.Key.Key_J, control)
    window.show_panel("second")
    second = window.panel()
    qtbot.keyClick(window, Qt.Key.Key_J, control)
    assert isinstance(first, FakePanel) and isinstance(second, FakePanel)
    assert first.ran == ["wave"] and second.ran == ["wave"]


def test_the_first_paint_is_told_once(make_window: WindowMaker, qtbot: QtBot) -> None:
    window = make_window(show=False)
    told: list[bool] = []
    window.first_painted.connect(lambda: told.append(window.isVisible()))
    qtbot.wait(20)
    assert told == []
    window.show()
    qtbot.waitUntil(lambda: told == [True])
    window.repaint()
    qtbot.wait(20)
    assert told == [True]


def test_a_panel_that_cannot_be_made_is_reported_and_the_others_stay(window: MainWindow) -> None:
    first = window.panel()
    window.show_panel("broken")
    assert window.panel() is first
    assert "RuntimeError" in messages(window)[0]


def test_a_panel_that_is_not_there_is_a_clear_error(window: MainWindow) -> None:
    with pytest.raises(UserError, match=r"no panel called 'train': choose one of kernels, second, broken"):
        window.show_panel("train")


def test_every_control_has_a_name_for_scripts_and_one_for_people(window: MainWindow) -> None:
    for button in window.findChildren(QToolButton):
        if button.objectName().startswith("qt_") or not button.isVisible():
            continue
        assert button.objectName(), button.text()
        assert button.accessibleName(), button.objectName()


# -- images --------------------------------------------------------------------------------------------------


def test_the_header_names_the_image_its_size_and_what_was_converted(make_window: WindowMaker) -> None:
    noted = Image(
        np.zeros((30, 40, 3), np.uint8), "scan.tif", Path("/x/scan.tif"), ("16 bits became 8", "turned")
    )
    window = make_window([noted, *small_images()])
    button = window.findChild(QToolButton, "header.image")
    assert "scan.tif" in button.text() and "30×40" in button.text()
    assert "16 bits became 8" in button.toolTip() and "turned" in button.toolTip()
    notes = window.findChild(QLabel, "header.notes")
    assert notes.text() == "16 bits became 8  (+1)"
    window.workspace.select_image(window.workspace.images[1].id)
    assert notes.text() == "" and "image 0" in button.text()
    assert window.windowTitle().startswith("image 0")


def test_the_headers_menu_switches_the_image(window: MainWindow) -> None:
    menu = window.findChild(QToolButton, "header.image").menu()
    menu.aboutToShow.emit()
    menu.actions()[2].trigger()
    assert window.workspace.current == 2


def test_open_path_takes_an_image_and_makes_it_current(
    window: MainWindow, pictures: Path, qtbot: QtBot
) -> None:
    window.open_path(pictures / "b.png")
    opened(qtbot, window)
    assert window.workspace.image.name == "b.png"
    assert len(window.workspace.images) == 4
    assert window.settings.recent == [str(pictures / "b.png")]
    window.open_path(str(pictures / "b.png"))
    opened(qtbot, window)
    assert len(window.workspace.images) == 4


def test_open_path_takes_a_folder(window: MainWindow, pictures: Path, qtbot: QtBot) -> None:
    window.open_path(pictures)
    opened(qtbot, window)
    assert [image.name for image in window.workspace.images[-2:]] == ["a.png", "b.png"]
    assert window.workspace.image.name == "a.png"
    assert not messages(window)


def test_bad_files_are_one_sentence_each_and_the_current_image_stays(
    window: MainWindow, pictures: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    before = window.workspace.image
    (tmp_path / "empty").mkdir()
    window.open_paths([tmp_path / "bad.png", tmp_path / "missing.png", tmp_path / "empty"])
    opened(qtbot, window)
    assert window.workspace.image is before
    shown = messages(window)
    assert len(shown) == 3
    for name in ("bad.png", "missing.png", "empty"):
        assert any(name in message for message in shown)


def test_many_bad_files_do_not_bury_the_window(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.open_paths([tmp_path / f"missing-{number}.png" for number in range(60)])
    opened(qtbot, window)
    shown = messages(window)
    assert len(shown) == 4 and shown[-1] == "57 more files could not be opened."


def test_good_files_open_beside_bad_ones(
    window: MainWindow, pictures: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_paths([tmp_path / "bad.png", pictures / "a.png"])
    opened(qtbot, window)
    assert window.workspace.image.name == "a.png"
    assert len(messages(window)) == 1


def test_a_model_file_that_is_not_there_is_said(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.open_path(tmp_path / "gone.keras")
    opened(qtbot, window)
    assert messages(window) == [f"There is no model file {tmp_path / 'gone.keras'}."]
    assert window.workspace.model is None


def test_a_drop_of_several_files_opens_all(window: MainWindow, pictures: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(pictures / name)) for name in ("a.png", "b.png")])
    drop = QDropEvent(
        QPointF(500, 300),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    opened(qtbot, window)
    assert [image.name for image in window.workspace.images[-2:]] == ["a.png", "b.png"]


def test_a_drag_is_welcome_if_it_holds_files_or_a_picture(window: MainWindow, tmp_path: Path) -> None:
    def welcome(mime: QMimeData) -> bool:
        enter = QDragEnterEvent(
            QPoint(500, 300),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        enter.ignore()
        window.dragEnterEvent(enter)
        return enter.isAccepted()

    words, link, files, picture = (QMimeData() for _ in range(4))
    words.setText("words")
    link.setUrls([QUrl("https://example.org/cat.png")])
    files.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    picture.setImageData(QImage(2, 2, QImage.Format.Format_RGB32))
    assert [welcome(mime) for mime in (words, link, files, picture)] == [False, False, True, True]


def test_paste_takes_a_picture_and_lays_transparency_over_white(window: MainWindow, qtbot: QtBot) -> None:
    picture = QImage(3, 2, QImage.Format.Format_ARGB32)
    picture.fill(0x80FF0000)  # half transparent red
    QGuiApplication.clipboard().setImage(picture)
    qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    opened(qtbot, window)
    image = window.workspace.image
    assert image.name == "pasted image" and image.notes == ("transparency laid over white",)
    assert image.values.shape == (2, 3, 3)
    # 255·(128/255) + 255·(127/255) = 255 for red; 255·(127/255) = 127 for the others.
    assert image.values[1, 2].tolist() == [255, 127, 127]
    window.sources.paste()
    opened(qtbot, window)
    assert window.workspace.image.name == "pasted image 2"


def test_paste_takes_copied_files_and_says_when_there_is_nothing(
    window: MainWindow, pictures: Path, qtbot: QtBot
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(pictures / "a.png"))])
    QGuiApplication.clipboard().setMimeData(mime)
    window.run_command("image.paste")
    opened(qtbot, window)
    assert window.workspace.image.name == "a.png"
    QGuiApplication.clipboard().setText("words")
    window.run_command("image.paste")
    assert messages(window) == ["There is no image to paste: copy a picture or an image file first."]


def test_paste_before_anything_was_copied(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    clipboard = types.SimpleNamespace(mimeData=lambda: None)
    monkeypatch.setattr(QGuiApplication, "clipboard", lambda: clipboard)
    window.run_command("image.paste")
    assert messages(window) == ["There is no image to paste: copy a picture or an image file first."]


def test_ctrl_v_belongs_to_what_has_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    pasted: list[str] = []

    class Grid(QWidget):
        def paste(self) -> None:
            pasted.append(QGuiApplication.clipboard().text())

    grid = Grid(window.panel())
    grid.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    grid.show()
    grid.setFocus()
    QGuiApplication.clipboard().setText("1 2; 3 4")
    qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert pasted == ["1 2; 3 4"] and messages(window) == []


def test_the_open_dialog_does_not_block_and_opens_what_is_chosen(
    window: MainWindow, pictures: Path, qtbot: QtBot
) -> None:
    press(qtbot, window, "strip.open")
    dialog = window.findChild(QFileDialog, "sources.files")
    assert dialog is not None and dialog.isVisible()
    dialog.setDirectory(str(pictures))
    dialog.selectFile(str(pictures / "b.png"))
    dialog.accept()
    opened(qtbot, window)
    assert window.workspace.image.name == "b.png"
    window.run_command("image.open_folder")
    assert window.findChild(QFileDialog, "sources.folder").isVisible()
    window.findChild(QFileDialog, "sources.folder").reject()


# -- undo, theme, size ---------------------------------------------------------------------------------------


def test_undo_and_redo_say_what_they_would_do(window: MainWindow, qtbot: QtBot) -> None:
    undo = window.findChild(QToolButton, "header.undo")
    redo = window.findChild(QToolButton, "header.redo")
    assert not undo.isEnabled() and not redo.isEnabled()
    before = window.workspace.lab
    window.workspace.edit_lab(before.with_stage(stride=2), "Change stride")
    assert undo.isEnabled() and undo.toolTip() == "Undo change stride (Ctrl+Z)"
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert window.workspace.lab == before and redo.toolTip() == "Redo change stride (Ctrl+Shift+Z)"
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(window, Qt.Key.Key_Y, control)
    assert window.workspace.lab.stage.stride == 2
    qtbot.keyClick(window, Qt.Key.Key_Z, control)
    assert window.workspace.lab == before
    titles = [command.title for command in window.commands()]
    assert "Redo: Change stride" in titles


def test_enlarge_shrink_and_back(window: MainWindow, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    width = window.nav.width()
    qtbot.keyClick(window, Qt.Key.Key_Plus, control)
    assert window.settings.zoom == 1.1 and window.nav.width() > width
    for _ in range(20):
        qtbot.keyClick(window, Qt.Key.Key_Minus, control)
    assert window.settings.zoom == 0.8 and window.nav.width() < width
    qtbot.keyClick(window, Qt.Key.Key_0, control)
    assert window.settings.zoom == 1.0 and window.nav.width() == width


def test_light_and_dark_also_reach_the_icons(window: MainWindow, qtbot: QtBot) -> None:
    button = window.findChild(QToolButton, "header.search")

    def lightest() -> int:
        icon = button.icon().pixmap(20, 20).toImage()
        shown = [icon.pixelColor(x, y) for x in range(20) for y in range(20)]
        return max(colour.lightness() for colour in shown if colour.alpha() == 255)

    assert not theme.tokens().dark and lightest() < 100
    press(qtbot, window, "header.theme")
    try:
        assert theme.tokens().dark and lightest() > 150
        assert window.settings.theme == "dark"
    finally:
        window.set_theme("light")
    assert not theme.tokens().dark and lightest() < 100
    window.set_theme("system")
    window.system_theme_changed()
    assert window.settings.theme == "system"


def test_a_small_window_folds_the_inspector_first_and_then_the_strip(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.panel()
    assert isinstance(panel, FakePanel)
    assert not panel.folds[-1]
    tall = window.strip.height()
    window.resize(1024, 900)
    qtbot.waitUntil(lambda: panel.folds[-1])
    assert window.strip.height() == tall
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.strip.height() < tall)
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: window.strip.height() == tall and not panel.folds[-1])


def test_everything_stays_inside_at_the_smallest_size(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.width() == 1024)
    for name in ("header", "strip", "status", "strip.camera", "header.theme"):
        part = window.findChild(QWidget, name)
        corner = part.mapTo(window, QPoint(part.width(), part.height()))
        assert corner.x() <= 1024 and corner.y() <= 700, name


# -- toasts, status, jobs ------------------------------------------------------------------------------------


def test_a_toast_shows_its_detail_on_a_click_and_stays_inside(window: MainWindow, qtbot: QtBot) -> None:
    window.toast("Something was done.", "line\n" * 100)
    window.notify("Another.")
    toast = window.toasts.toasts()[0]
    assert toast.accessibleName() == "Something was done." and not toast.detail.isVisible()
    qtbot.mouseClick(toast.details, Qt.MouseButton.LeftButton)
    assert toast.detail.isVisible()
    assert toast.rect().contains(toast.detail.geometry())
    area = QRect(toast.mapTo(window, QPoint(0, 0)), toast.size())
    assert window.rect().contains(area)
    qtbot.mouseClick(toast.findChild(QToolButton, "toast.close"), Qt.MouseButton.LeftButton)
    assert messages(window) == ["Another."]
    press(qtbot, window, "toast.close")
    assert messages(window) == [] and not window.toasts.isVisible()


def test_a_toast_goes_by_itself_and_one_without_detail_has_no_button(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.ui.window.toast.SECONDS", 0.05)
    window.notify("Copied.")
    assert not window.toasts.toasts()[0].details.isVisible()
    qtbot.waitUntil(lambda: messages(window) == [])


def test_the_same_message_is_shown_once_and_a_crowd_is_limited(window: MainWindow) -> None:
    for _ in range(3):
        window.notify("Copied.")
    assert messages(window) == ["Copied."]
    for number in range(10):
        window.notify(f"message {number}")
    assert messages(window) == [f"message {number}" for number in range(6, 10)]


def test_a_bug_is_reported_with_its_traceback_behind_details(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise ZeroDivisionError("of all things")
    except ZeroDivisionError as error:
        window.report(error)
    (toast,) = window.toasts.toasts()
    assert "ZeroDivisionError" in toast.message
    assert "of all things" in toast.detail.toPlainText()
    assert "of all things" in caplog.text


def test_a_failed_job_that_nobody_took_is_a_toast(window: MainWindow, qtbot: QtBot) -> None:
    def work(task: Task) -> None:
        raise UserError("The kernel is too large.", detail="31 is the most")

    window.jobs.submit("imaging", work, title="Filter")
    qtbot.waitUntil(lambda: messages(window) == ["The kernel is too large."])


def test_the_status_bar_lists_running_jobs_and_cancels_them(window: MainWindow, qtbot: QtBot) -> None:
    go = threading.Event()

    def work(task: Task) -> None:
        task.progress(0.25, "epoch 1/4")
        while not go.wait(0.005):
            task.check()

    quiet = window.jobs.submit("imaging", work, title="Live work", quiet=True)
    job = window.jobs.submit("training", work, title="Training garments")
    qtbot.waitUntil(lambda: job.fraction == 0.25)
    rows = window.status.findChildren(QWidget, "status.job")
    assert [row.accessibleName() for row in rows] == ["Training garments"]
    assert rows[0].bar.value() == 250
    assert "epoch 1/4" in rows[0].title.text()
    press(qtbot, window, "status.job.cancel")
    qtbot.waitUntil(lambda: job.finished)
    assert job.state == "cancelled"
    qtbot.waitUntil(lambda: not window.status.findChildren(QWidget, "status.job"))
    go.set()
    qtbot.waitUntil(lambda: quiet.finished)


def test_closing_while_jobs_run_cancels_them_and_ends_the_panels(window: MainWindow, qtbot: QtBot) -> None:
    entered = threading.Event()

    def work(task: Task) -> None:
        entered.set()
        while True:
            task.check()
            time.sleep(0.002)

    job = window.jobs.submit("training", work, title="Training")
    assert entered.wait(300)
    panel = window.panel()
    assert isinstance(panel, FakePanel)
    with qtbot.waitSignal(window.closed):
        window.close()
    assert job.state == "cancelled" and panel.ended and window.threads_ended
    window.workspace.add_images(small_images(1))


def test_a_job_that_does_not_stop_cannot_keep_the_window_open(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.ui.main_window.SHUTDOWN_SECONDS", 0.05)
    entered, go = threading.Event(), threading.Event()

    def deaf(task: Task) -> None:
        entered.set()
        go.wait(300)

    window.jobs.submit("engine", deaf, title="Deaf")
    assert entered.wait(300)
    with qtbot.waitSignal(window.closed):
        window.close()
    assert not window.threads_ended
    go.set()
    assert window.jobs.shutdown(300)


def test_many_jobs_do_not_stretch_the_window(window: MainWindow, qtbot: QtBot) -> None:
    gate = threading.Event()
    width = window.minimumSizeHint().width()
    for number in range(12):
        window.jobs.submit("files", lambda task: gate.wait(300), title=f"A job with a long name, {number}")
    rows = window.status.findChildren(QWidget, "status.job")
    assert [row.isVisible() for row in rows] == [True] * 3 + [False] * 9
    more = window.findChild(QLabel, "status.more")
    assert more.text() == "+ 9 more" and more.toolTip().endswith("A job with a long name, 11")
    assert window.minimumSizeHint().width() < width + 1600
    gate.set()
    qtbot.waitUntil(window.jobs.idle)
    assert not more.isVisible()


# -- the engine ----------------------------------------------------------------------------------------------


def test_the_engine_starts_in_a_worker_and_says_so(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.engine import runtime

    threads: list[threading.Thread] = []

    def start() -> runtime.Runtime:
        threads.append(threading.current_thread())
        return runtime.Runtime("2.21", "3.15", (), 2, 0.1)

    monkeypatch.setattr(runtime, "start", start)
    # Somebody is faster: then no other model is opened behind their back.
    monkeypatch.setattr(type(window.sources.engine), "opening", True)
    label = window.findChild(QLabel, "status.engine")
    assert label.text() == ""
    window.start_engine()
    assert label.text() == "engine starting…"
    qtbot.waitUntil(lambda: label.text() == "engine ready · CPU")
    assert threads[0].name == "lane-engine"
    assert window.jobs.idle() and window.workspace.model is None


def test_an_engine_that_fails_is_a_sentence_and_the_window_lives(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.engine import runtime

    def start() -> runtime.Runtime:
        raise ImportError("libcudart is missing")

    monkeypatch.setattr(runtime, "start", start)
    window.start_engine()
    label = window.findChild(QLabel, "status.engine")
    qtbot.waitUntil(lambda: label.text() == "engine not available")
    (toast,) = window.toasts.toasts()
    assert "filtering images still works" in toast.message
    assert "libcudart is missing" in toast.detail.toPlainText()
    window.show_panel("second")
    assert window.panel() is not None


# -- settings ------------------------------------------------------------------------------------------------


def test_size_panel_splitters_theme_and_recent_files_are_remembered(
    make_window: WindowMaker, pictures: Path, qtbot: QtBot
) -> None:
    window = make_window()
    window.show_panel("second")
    panel = window.panel()
    assert isinstance(panel, FakePanel)
    panel.splitter.setSizes([300, 700])
    sizes = panel.splitter.sizes()
    window.resize(1100, 720)
    window.open_path(pictures / "a.png")
    opened(qtbot, window)
    window.close()
    settings = Settings.load()
    assert settings.panel == "second" and settings.recent == [str(pictures / "a.png")]
    assert settings.geometry is not None and settings.geometry[2:] == (1100, 720)
    again = make_window(settings=settings, show=False)
    # The offscreen screen is smaller than the remembered place may be; the size must not grow.
    assert again.width() <= 1100
    again.resize(1440, 900)
    again.show()
    second = again.panel()
    assert isinstance(second, FakePanel) and second is not panel
    share = second.splitter.sizes()[0] / sum(second.splitter.sizes())
    assert share == pytest.approx(sizes[0] / sum(sizes), abs=0.05)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 99, "zoom": 2.0}',
        '{"version": 1, "zoom": 99, "theme": "pink", "geometry": [1, 2], "recent": 5, "panel": 3}',
        '{"version": 1, "splitters": [], "maximized": 1, "geometry": [1, 2, 3, "4"]}',
    ],
)
def test_settings_that_make_no_sense_become_the_defaults(home: Path, text: str) -> None:
    Settings.path().write_text(text)
    assert Settings.load() == Settings()


def test_reset_forgets_everything(home: Path) -> None:
    settings = Settings(zoom=1.5, theme="dark")
    settings.save()
    assert Settings.load() == settings
    assert Settings.reset() == Settings() == Settings.load()
    Settings.reset()


def test_recent_files_are_few_and_each_is_there_once() -> None:
    settings = Settings()
    for number in [*range(20), 19, 5]:
        settings.remember(Path(f"/pictures/{number}.png"))
    assert settings.recent[:2] == ["/pictures/5.png", "/pictures/19.png"]
    assert len(settings.recent) == len(set(settings.recent)) == 12


SCREEN = QRect(0, 0, 1920, 1040)


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, QRect(240, 70, 1440, 900)),  # centred
        ((100, 50, 1200, 800), QRect(100, 50, 1200, 800)),  # as it was
        ((5000, 50, 1200, 800), QRect(360, 120, 1200, 800)),  # that screen is gone
        ((100, -600, 1200, 800), QRect(360, 120, 1200, 800)),  # its title would be out of reach
        ((0, 0, 4000, 3000), QRect(0, 0, 1920, 1040)),  # from a larger screen
    ],
)
def test_a_remembered_place_is_used_only_if_it_can_be_reached(
    geometry: tuple[int, int, int, int] | None, expected: QRect
) -> None:
    assert fitted(geometry, [SCREEN], (1440, 900)) == expected


def test_a_second_screen_keeps_its_window() -> None:
    second = QRect(1920, 0, 1280, 1024)
    assert fitted((2000, 30, 1000, 700), [SCREEN, second], (1440, 900)) == QRect(2000, 30, 1000, 700)


# -- help ----------------------------------------------------------------------------------------------------


def test_about_tells_the_versions_and_imports_nothing_for_it(window: MainWindow, qtbot: QtBot) -> None:
    window.run_command("help.about")
    dialog = window.findChild(QDialog, "about")
    table = dialog.findChild(QTreeWidget, "about.versions")
    shown = {
        table.topLevelItem(row).text(0): table.topLevelItem(row).text(1)
        for row in range(table.topLevelItemCount())
    }
    assert shown["numpy"] == np.__version__ and {"tensorflow", "keras", "Python", "Qt"} <= set(shown)
    qtbot.mouseClick(dialog.findChild(QWidget, "about.copy"), Qt.MouseButton.LeftButton)
    assert f"numpy {np.__version__}" in QGuiApplication.clipboard().text()
    assert dict(versions())["numpy"] == np.__version__
    dialog.close()


def test_the_list_of_shortcuts_has_every_shortcut(window: MainWindow) -> None:
    window.run_command("help.shortcuts")
    dialog = window.findChild(QDialog, "shortcuts")
    table = dialog.findChild(QTreeWidget, "shortcuts.table")
    groups = [table.topLevelItem(row) for row in range(table.topLevelItemCount())]
    titles = {group.child(row).text(0) for group in groups for row in range(group.childCount())}
    assert titles == {command.title for command in window.commands() if command.shortcut}
    dialog.close()


def test_no_two_commands_share_an_id_or_a_shortcut(qtbot: QtBot) -> None:
    window = MainWindow(Workspace(small_images(1)))
    qtbot.addWidget(window)
    for info in PANELS:
        window.show_panel(info.name)
        commands = window.commands()
        identities = [command.id for command in commands]
        keys = [sequence.toString() for command in commands for sequence in command.key_sequences()]
        assert len(set(identities)) == len(identities) > 20
        assert len(set(keys)) == len(keys) and "" not in keys
        assert all(command.title and command.group for command in commands)


def test_the_help_menu_and_the_open_menu_run_commands(window: MainWindow) -> None:
    window.settings.recent = ["/x/cat.png"]
    for menu, title in (
        (window.nav.help.menu(), "Theme: dark"),
        (window.strip.open.menu(), "Open recent: cat.png"),
    ):
        menu.aboutToShow.emit()
        texts = [action.text().split("\t")[0] for action in menu.actions()]
        assert title in texts
    next(a for a in window.nav.help.menu().actions() if a.text().startswith("Make everything")).trigger()
    assert window.settings.zoom == 0.9
    window.set_zoom(1.0)
