"""doctor: says what is there, names what is missing with its install line, and outlives a broken Qt."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from convscope.cli import doctor, main
from tests.processes import run_process


def test_on_a_machine_where_the_suite_runs_qt_and_the_engine_are_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    # A machine without a screen may lack the X libraries; all else is needed here too.
    bad = {check["name"] for check in report["checks"] if check["good"] is False}
    assert bad <= {"System libraries"}
    assert code == (1 if bad else 0) and report["ok"] is not bool(bad)
    found = {check["name"]: check["found"] for check in report["checks"]}
    assert "PySide6 6." in found["Qt"]
    assert "Keras 3." in found["TensorFlow"] and "GPU" in found["TensorFlow"]
    assert "MB used" in found["Cache"]


def test_what_exports_need_is_told_and_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    told = doctor.exports()
    assert (told.good, told.found) == (True, "Keras 3, HDF5, SavedModel, ONNX, LiteRT")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told = doctor.exports()
    assert (told.good, told.mend) == (None, "pip install 'convscope[export]'")
    assert told.found == "ONNX lacks tf2onnx, onnx, onnxruntime"


def test_missing_libraries_are_named_with_one_install_line() -> None:
    lacking = {"libqxcb.so": {"libxcb-cursor.so.0", "libxcb-icccm.so.4"}, "libQt6Gui.so.6": {"libEGL.so.1"}}
    check = doctor.libraries(lambda file: lacking.get(file.name, set()))
    assert check.good is False
    assert check.found == "missing: libEGL.so.1, libxcb-cursor.so.0, libxcb-icccm.so.4"
    assert check.mend == "sudo apt-get install libegl1 libxcb-cursor0 libxcb-icccm4"


def test_a_library_of_unknown_package_is_named_too() -> None:
    check = doctor.libraries(lambda file: {"libstrange.so.9"} if file.name == "libqxcb.so" else set())
    assert check.mend == "find the packages that hold libstrange.so.9"


def test_ldd_finds_what_is_missing_and_what_is_not() -> None:
    assert doctor.missing_of(Path(sys.executable)) == set()


def test_it_works_when_qt_cannot_be_loaded(tmp_path: Path) -> None:
    broken = tmp_path / "PySide6"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    ended = run_process(
        [sys.executable, "-m", "convscope", "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        code=1,
    )
    found = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
    assert found["Qt"]["good"] is False
    assert "libEGL.so.1: cannot open shared object file" in found["Qt"]["found"]
    assert found["TensorFlow"]["good"] is True


def test_a_probe_that_hangs_or_dies_is_an_answer() -> None:
    assert doctor._probe("import time; time.sleep(30)", 0.2) == (-1, "no answer within 0.2 s")
    assert doctor._probe("import os; os.abort()", 300) == (-6, "it ended with code -6")
    assert doctor._probe("1 / 0", 300) == (1, "ZeroDivisionError: division by zero")


def test_plain_terminals_get_plain_letters() -> None:
    checks = [doctor.Check("Qt", False, "missing", "install it"), doctor.Check("Cache", True, "é")]
    text = doctor.report(checks, plain=True)
    assert text.isascii()
    assert text.splitlines()[0] == "FAIL Qt     missing"
    assert text.splitlines()[-1] == "Something that convscope needs is missing: see Qt."
    assert "✗ Qt     missing" in doctor.report(checks, plain=False)


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    def find() -> Path:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    check = doctor._folder("Cache", find)
    assert check.good is False and str(tmp_path) in check.found


def test_a_folder_without_a_home_is_told() -> None:
    def find() -> Path:
        raise RuntimeError("Could not determine home directory.")

    check = doctor._folder("Cache", find)
    assert check.good is False and "home directory" in check.found


def test_libraries_of_x_are_needed_on_an_x_display_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(file: Path) -> set[str]:
        return {"libxcb-cursor.so.0"} if file.name == "libqxcb.so" else set()

    monkeypatch.setenv("DISPLAY", ":0")
    assert doctor.libraries(lacking) == doctor.Check(
        "System libraries", False, "missing: libxcb-cursor.so.0", "sudo apt-get install libxcb-cursor0"
    )
    monkeypatch.delenv("DISPLAY")
    check = doctor.libraries(lacking)
    assert check.good is None and "X display" in check.found
    assert check.mend == "sudo apt-get install libxcb-cursor0"


def test_without_ldd_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    check = doctor.libraries()
    assert check.good is None and "no ldd" in check.found


def test_every_library_that_qt_names_has_a_package(tmp_path: Path) -> None:
    listing = "\n".join(f"\t{soname} => not found" for soname in doctor.PACKAGES)
    fake = tmp_path / "ldd"
    fake.write_text(
        f"#!/bin/sh\ncat <<'EOF'\n\tlinux-vdso.so.1 (0x1)\n{listing}\nlibc.so.6 => /x (0x2)\nEOF\n"
    )
    fake.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert doctor.missing_of(Path("libany.so")) == set(doctor.PACKAGES)
        check = doctor.libraries()
    assert check.mend.startswith("sudo apt-get install libdbus-1-3 libegl1 libfontconfig1")
    assert check.mend.count("libglib2.0-0") == 1
    # What platform-facts lists as needed for offscreen and for a real display is on the line.
    assert {"libgl1", "libxkbcommon0", "libxcb-cursor0", "libxkbcommon-x11-0"} <= set(check.mend.split())


def test_display(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.display() == doctor.Check("Display", True, "QT_QPA_PLATFORM=offscreen")
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    none = doctor.display()
    assert none.good is None
    assert doctor.report([none], plain=True).endswith(
        "The commands can run here; the window needs a display."
    )
    monkeypatch.setenv("DISPLAY", ":4711")
    unreachable = doctor.display()
    assert unreachable.good is False and "DISPLAY=:4711, but Qt cannot open a window" in unreachable.found


def test_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.cameras(tmp_path).found == "none"
    for name in ("video0", "video1", "tty0"):
        (tmp_path / name).touch()
    assert doctor.cameras(tmp_path).found == f"{tmp_path / 'video0'}, {tmp_path / 'video1'}"
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path.name != "video1")
    refused = doctor.cameras(tmp_path)
    assert refused.found == "you may not open video1" and "usermod" in refused.mend


def test_it_works_where_qt_is_not_installed_and_stdout_knows_no_unicode(tmp_path: Path) -> None:
    # In this process and the probes' alike, these are found nowhere.
    (tmp_path / "sitecustomize.py").write_text(
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "absent = ('PySide6', 'tensorflow')\n"
        "PathFinder.find_spec = lambda name, *rest: None if name in absent else find(name, *rest)\n"
    )
    ended = run_process(
        [sys.executable, "-m", "convscope", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "ascii"},
        code=1,
    )
    assert ended.stderr == ""
    assert ended.stdout.isascii()
    assert "FAIL Qt" in ended.stdout and "PySide6 is not installed" in ended.stdout
    assert "FAIL TensorFlow" in ended.stdout and "No module named 'tensorflow'" in ended.stdout
    assert "ok   Cache" in ended.stdout
