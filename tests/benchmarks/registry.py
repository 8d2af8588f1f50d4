"""Benchmarks: a function, a name and a target each; measured side by side with what they are held against.

A benchmark is one function with one decorator, in any module of this package:

    @benchmark("3×3 on 1080p RGB", target="≤ 1.1 × cv2.filter2D", most=1.1)
    def three_by_three(small: bool) -> Case:
        image = ...  # a small one, if `small`, for the tests
        return Case(ours=lambda: ..., reference=lambda: ..., check=np.testing.assert_allclose)

`most` is a limit on ours/reference; without a reference it is one on our milliseconds. What is no duration
(memory, say) returns a `Reading`, measured by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tests.benchmarks


@dataclass(frozen=True)
class Case:
    """What is timed.

    Attributes:
        ours: one round of our code.
        reference: one round of what it is held against, on the same input; None to time ours alone.
        check: called with both results (or ours alone): raises when they differ.
    """

    ours: Callable[[], Any]
    reference: Callable[[], Any] | None = None
    check: Callable[..., None] | None = None


@dataclass(frozen=True)
class Reading:
    """A number that a benchmark measured by itself, such as 3.2 MB."""

    value: float
    unit: str


@dataclass(frozen=True)
class Benchmark:
    """One line of the table.

    Attributes:
        name: what is done, on what.
        target: in words, as the table shows it.
        most: the largest ours/reference (or milliseconds, or reading) that keeps the target; None without.
        make: builds the inputs; called with True for a small size.
    """

    name: str
    target: str
    most: float | None
    make: Callable[[bool], Case | Reading]


@dataclass(frozen=True)
class Measured:
    """One measured line: seconds for ours and the reference, or a reading."""

    benchmark: Benchmark
    ours: float | None = None
    reference: float | None = None
    reading: Reading | None = None

    @property
    def figure(self) -> float:
        """What `most` limits: the ratio, our milliseconds, or the reading."""
        if self.reading is not None:
            return self.reading.value
        assert self.ours is not None
        return self.ours * 1e3 if self.reference is None else self.ours / self.reference

    @property
    def kept(self) -> bool | None:
        """Whether the target is kept; None where there is no limit."""
        return None if self.benchmark.most is None else self.figure <= self.benchmark.most


_REGISTERED: list[Benchmark] = []
_Make = Callable[[bool], Case | Reading]


def benchmark(name: str, *, target: str, most: float | None = None) -> Callable[[_Make], _Make]:
    """Register the decorated function as a benchmark."""

    def register(make: _Make) -> _Make:
        _REGISTERED.append(Benchmark(name, target, most, make))
        return make

    return register


def benchmarks() -> tuple[Benchmark, ...]:
    """All of them: every module of this package is looked at."""
    for module in pkgutil.iter_modules(tests.benchmarks.__path__):
        if module.name != "__main__" and not module.name.startswith("test_"):
            importlib.import_module(f"tests.benchmarks.{module.name}")
    return tuple(_REGISTERED)


def measure(line: Benchmark, seconds: float = 2.0) -> Measured:
    """Time ours and the reference in turn, so that both meet the same weather, and take the medians."""
    case = line.make(False)
    if isinstance(case, Reading):
        return Measured(line, reading=case)
    # The first round loads and allocates; it does not count.
    case.ours()
    if case.reference is not None:
        case.reference()
    ours: list[float] = []
    theirs: list[float] = []
    end = time.perf_counter() + seconds
    while len(ours) < 5 or (time.perf_counter() < end and len(ours) < 101):
        ours.append(_timed(case.ours))
        if case.reference is not None:
            theirs.append(_timed(case.reference))
    return Measured(line, statistics.median(ours), statistics.median(theirs) if theirs else None)


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
