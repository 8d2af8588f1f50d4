"""The rows of an array shared out among threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

# Fewer values are not worth a second thread.
MANY = 1 << 20


@cache
def threads() -> int:
    """How many work at once."""
    return min(8, os.cpu_count() or 1)


@cache
def pool() -> ThreadPoolExecutor:
    """The threads; OpenCV and NumPy leave the interpreter to others while they work."""
    return ThreadPoolExecutor(threads(), thread_name_prefix="convscope-imaging")


def cuts(rows: int, values: int) -> list[int]:
    """Where the parts of so many rows begin and end; all in one part where there are few values."""
    count = threads() if values > MANY else 1
    return [rows * part // count for part in range(count + 1)]


def in_parts(ends: Sequence[int], work: Callable[[int, int], object]) -> None:
    """Call `work(first, last)` for every part, at once as far as there are threads.

    The caller's thread, which is none of the pool's, does its share.
    """
    left = deque(pairwise(ends))

    def serve() -> None:
        while True:
            try:
                first, last = left.popleft()
            except IndexError:
                return
            try:
                work(first, last)
            except BaseException:
                left.clear()
                raise

    others = [pool().submit(serve) for _ in range(min(threads(), len(left)) - 1)]
    try:
        serve()
    finally:
        # What the others write to is not given up under their hands; who has not begun has nothing to do.
        begun = [other for other in others if not other.cancel()]
        for other in begun:
            other.exception()
    for other in begun:
        other.result()
