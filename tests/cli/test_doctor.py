"""doctor: says what is there, names what is missing with its install line, and outlives a broken Qt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convscope.cli import doctor, main


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
    ended = subprocess.run(
        [sys.executable, "-m", "convscope", "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    found = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
    assert found["Qt"]["good"] is False
    assert "libEGL.so.1: cannot open shared object file" in found["Qt"]["found"]
    assert found["TensorFlow"]["good"] is True


def test_a_probe_that_hangs_or_dies_is_an_answer() -> None:
    assert doctor._probe("import time; time.sleep(30)", 0.2) == (-1, "no answer within 0 s")
    code, _ = doctor._probe("import os; os.abort()", 20)
    assert code != 0


def test_plain_terminals_get_plain_letters() -> None:
    checks = [doctor.Check("Qt", False, "missing", "install it"), doctor.Check("Cache", True, "é")]
    text = doctor.report(checks, plain=True)
    assert text.isascii()
    assert text.splitlines()[0] == "FAIL Qt     missing"
    assert "The window cannot open yet: see Qt." in text
    assert "✗ Qt     missing" in doctor.report(checks, plain=False)


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    def find() -> Path:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    check = doctor._folder("Cache", find)
    assert check.good is False and str(tmp_path) in check.found
