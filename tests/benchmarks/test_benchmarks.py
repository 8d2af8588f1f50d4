"""Every benchmark runs on a small size and compares equal things; no time is ever asserted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.registry import Benchmark, Case, Measured, Reading, benchmarks, measure
from tests.processes import run_process


@pytest.mark.parametrize("line", benchmarks(), ids=lambda line: line.name)
def test_a_benchmark_compares_equal_things(line: Benchmark) -> None:
    case = line.make(True)
    if isinstance(case, Reading):
        assert case.unit
        return
    results = [case.ours()]
    if case.reference is not None:
        results.append(case.reference())
    assert case.check is not None or case.reference is None
    if case.check is not None:
        case.check(*results)


def test_names_are_told_apart() -> None:
    names = [(line.name, line.target) for line in benchmarks()]
    assert len(set(names)) == len(names)


def test_ours_and_the_reference_take_turns() -> None:
    order: list[str] = []
    case = Case(ours=lambda: order.append("ours"), reference=lambda: order.append("theirs"))
    measured = measure(Benchmark("turns", "none", None, lambda small: case), seconds=0)
    assert order == ["ours", "theirs"] * 6
    assert measured.kept is None


def test_what_a_limit_limits() -> None:
    line = Benchmark("limit", "≤ 0.5", 0.5, lambda small: Reading(0, "MB"))
    assert Measured(line, ours=1.0, reference=3.0).kept
    assert not Measured(line, ours=2.0, reference=3.0).kept
    assert Measured(line, ours=0.0004).kept
    assert not Measured(line, ours=0.001).kept
    assert measure(line).kept


def test_one_command_prints_the_table() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "mosaic of 512", "--seconds", "0"]
    done = run_process(command, cwd=Path(__file__).parents[2])
    assert "mosaic of 512 maps" in done.stdout
    assert "target" in done.stdout
