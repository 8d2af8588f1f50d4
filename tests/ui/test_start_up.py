"""The application from start to end, each in a process of its own, as a person runs it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.ui.application import require_display
from tests.processes import run_process

# Runs `main(window)` when the engine would start: that is after the first paint.
PRELUDE = """
import json, os, sys, traceback
from PySide6.QtCore import QTimer
from convscope.ui import application
from convscope.ui.main_window import MainWindow
from convscope.ui.window import autosave
from convscope.workspace.recovery import load_work

autosave.INTERVAL = 0.05
real_start = MainWindow.start_engine

def tell(**facts):
    print(json.dumps(facts), flush=True)

def guarded(call, *arguments):
    # The application would show what goes wrong in here as a toast, and go on.
    try:
        return call(*arguments)
    except Exception:
        traceback.print_exc()
        os._exit(4)

def when(window, condition, then, tries=1200):
    if not tries:
        print("it never came to that:", condition, file=sys.stderr)
        os._exit(3)
    if guarded(condition):
        guarded(then)
    else:
        QTimer.singleShot(25, window, lambda: when(window, condition, then, tries - 1))

def heavy():
    return sorted({name.split(".")[0] for name in list(sys.modules)} & {"tensorflow", "keras"})

MainWindow.start_engine = lambda window: guarded(main, window)
"""


def start(script: str, home: Path, arguments: str = "[]", expected: int = 0) -> dict[str, Any]:
    """Run the application with a script inside; returns the facts that it told."""
    environment = {
        **os.environ,
        "CONVSCOPE_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = run_process(
        [sys.executable, "-c", f"{PRELUDE}\n{script}\nsys.exit(application.run_window({arguments}))"],
        env=environment,
        code=expected,
    )
    facts: dict[str, Any] = {"stderr": done.stderr}
    for line in done.stdout.splitlines():
        facts.update(json.loads(line))
    return facts


def test_the_first_paint_comes_before_tensorflow_and_shows_the_kernels_on_a_photograph(home: Path) -> None:
    facts = start(
        """
def main(window):
    tell(painted=window._painted, heavy=heavy(), panel=window.settings.panel,
         interval=sys.getswitchinterval(),
         image=window.workspace.image.name, count=len(window.workspace.images),
         made=type(window.panel()).__name__, toasts=[t.message for t in window.toasts.toasts()])
    window.close()
""",
        home,
    )
    assert facts["painted"] and facts["heavy"] == []
    assert (facts["panel"], facts["made"]) == ("kernels", "KernelsPanel")
    assert facts["image"] == "cat.jpg" and facts["count"] >= 8
    assert facts["interval"] == pytest.approx(0.0005)
    assert facts["toasts"] == []


def test_the_engine_gets_ready_behind_the_window(home: Path) -> None:
    facts = start(
        """
def main(window):
    real_start(window)
    tell(first=window.status.engine.text())
    def done():
        tell(then=window.status.engine.text(), heavy=heavy())
        window.close()
    when(window, lambda: "ready" in window.status.engine.text(), done)
""",
        home,
    )
    assert facts["first"] == "engine starting…"
    assert facts["then"].startswith("engine ready · ")
    assert facts["heavy"] == ["keras", "tensorflow"]


def test_closing_while_the_engine_starts_ends_the_process(home: Path) -> None:
    start(
        """
def main(window):
    real_start(window)
    when(window, heavy, window.close)
""",
        home,
    )


def test_paths_panel_and_theme_of_the_command_line(home: Path, tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "mine.png"), np.zeros((5, 6), np.uint8))
    facts = start(
        """
def main(window):
    def done():
        from convscope.ui import theme
        tell(image=window.workspace.image.name, dark=theme.tokens().dark)
        window.close()
    when(window, window.jobs.idle, done)
""",
        home,
        f"[{str(tmp_path / 'mine.png')!r}], panel='kernels', theme='dark'",
    )
    assert facts["image"] == "mine.png" and facts["dark"]
    # For this run only.
    assert json.loads((home / "config" / "settings.json").read_text())["theme"] == "system"


def test_reset_settings_starts_as_the_first_time(home: Path) -> None:
    script = """
def main(window):
    tell(zoom=window.settings.zoom)
    window.set_zoom(1.5)
    window.close()
"""
    assert start(script, home)["zoom"] == 1.0
    assert start(script, home)["zoom"] == 1.5
    assert start(script, home, "[], reset_settings=True")["zoom"] == 1.0


def test_a_panel_that_is_not_there_is_one_sentence(home: Path) -> None:
    done = run_process(
        [sys.executable, "-m", "convscope", "--panel", "nothing"],
        env={**os.environ, "CONVSCOPE_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        code=2,
    )
    assert done.stderr.startswith("convscope: There is no panel called 'nothing'")
    assert len(done.stderr.splitlines()) == 1


def test_without_a_display_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(UserError, match="no display"):
        require_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    require_display()
    monkeypatch.delenv("WAYLAND_DISPLAY")
    monkeypatch.setattr(sys, "platform", "darwin")
    require_display()


def test_an_exception_that_nobody_caught_is_a_toast_and_the_window_lives(home: Path) -> None:
    facts = start(
        """
import threading
def main(window):
    def slot():
        raise RuntimeError("in a slot")
    def thread():
        raise ValueError("in a thread")
    QTimer.singleShot(0, window, slot)
    threading.Thread(target=thread).start()
    def done():
        tell(toasts=sorted(t.message + t.detail.toPlainText() for t in window.toasts.toasts()))
        window.close()
    when(window, lambda: len(window.toasts.toasts()) == 2, done)
""",
        home,
    )
    first, second = facts["toasts"]
    assert "RuntimeError" in first and "in a slot" in first
    assert "ValueError" in second and "in a thread" in second


def test_a_crash_without_unsaved_work_is_told_once(home: Path) -> None:
    start("def main(window): os._exit(9)", home, expected=9)
    script = """
def main(window):
    tell(toasts=[t.message for t in window.toasts.toasts()])
    window.close()
"""
    assert start(script, home)["toasts"] == ["The last run of convscope ended unexpectedly."]
    assert start(script, home)["toasts"] == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ctrl_c_in_the_terminal_closes_the_window_as_it_should(home: Path, name: str) -> None:
    facts = start(
        f"""
import signal, threading
def main(window):
    window.closed.connect(lambda: tell(closed=True))
    # From another thread, while Qt's loop sleeps, as it comes from a terminal.
    threading.Timer(0.3, signal.raise_signal, [signal.{name}]).start()
""",
        home,
    )
    assert facts["closed"]
    assert not list((home / "state" / "logs").glob("running-*"))


def test_work_survives_a_crash_and_a_proper_end_leaves_nothing(home: Path) -> None:
    facts = start(
        """
import numpy as np
from convscope.imaging.image import Image
def main(window):
    lab = window.workspace.lab
    window.workspace.edit_lab(lab.with_stage(stride=3), "Change stride")
    window.workspace.add_images([Image(np.eye(28, dtype=np.uint8) * 255, "drawing")])
    window.show_panel("data")
    keeping = window.findChild(autosave.Autosave)
    def kept():
        found = load_work(keeping.folder)
        return (found is not None and found.snapshot.parts["lab"]["stages"][0]["stride"] == 3
                and found.snapshot.parts["panel"] == "data"
                and found.snapshot.images[-1].name == "drawing" and window.jobs.idle())
    when(window, kept, lambda: os._exit(9))
""",
        home,
        expected=9,
    )
    script = """
def main(window):
    def done():
        tell(stride=window.workspace.lab.stage.stride, image=window.workspace.image.name,
             panel=window.panel().name,
             corner=int(window.workspace.image.values[5, 5].max()),
             toasts=[t.message for t in window.toasts.toasts()],
             details=[t.detail.toPlainText() for t in window.toasts.toasts()])
        window.close()
    when(window, window.jobs.idle, done)
"""
    facts = start(script, home)
    assert any("did not end cleanly" in detail for detail in facts["details"])
    assert facts["stride"] == 3 and facts["panel"] == "data"
    assert facts["image"] == "drawing" and facts["corner"] == 255
    assert any("Your work is back" in message for message in facts["toasts"])
    facts = start(script, home)
    assert facts["stride"] == 1 and facts["image"] == "cat.jpg" and facts["toasts"] == []


def test_a_damaged_file_of_settings_is_told_and_the_window_starts(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.json").write_text("[" * 100_000)
    facts = start(
        """
def main(window):
    QTimer.singleShot(0, window, lambda: (
        tell(said=[toast.message for toast in window.toasts.toasts()]), window.close()))
""",
        home,
    )
    (said,) = facts["said"]
    assert said.startswith("The settings could not be read, so the file was set aside as ")
    assert facts["stderr"] == ""
