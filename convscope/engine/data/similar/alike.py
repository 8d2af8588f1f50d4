"""Images that are the same picture: equal pixels, whatever the file, and near duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.images import decoding_pool
from convscope.engine.data.similar.signatures import (
    BITS,
    ComparedSet,
    Signatures,
    digest,
    remember,
    signatures_of,
)

# Two hashes may differ by so many of 64 bits, ...
BITS_APART = 6
# ... the gray values must go up and down together so closely (their correlation), ...
LIKENESS = 0.995
# ... and be so alike in brightness and in the colour of every patch (of 255).
BRIGHTNESS, COLOUR = 64.0, 24.0
# Above so many images each pair would take too long: there only hashes that are equal are compared.
ALL_PAIRS = 150_000
_BLOCK, _PAIRS = 2048, 4096
# Below that spread of gray values there is no up and down to compare: only equal pixels count.
_FLAT = 4.0


@dataclass(frozen=True, eq=False)
class Alike:
    """Which images are the same picture.

    Attributes:
        equal: images of equal pixels, two or more each: indices, ascending; groups by their first index.
        near: images that are nearly so, two or more each, those of equal pixels among them; likewise.
        crowds: of `near` those that are too many to be kept together: in a film, or of a thing that never
            moves, all of them resemble one another.
    """

    equal: tuple[tuple[int, ...], ...] = ()
    near: tuple[tuple[int, ...], ...] = ()
    crowds: tuple[tuple[int, ...], ...] = ()

    @property
    def pictures(self) -> tuple[tuple[int, ...], ...]:
        """Every picture that is there more than once: disjoint groups."""
        return self._with_equal(self.near)

    @property
    def together(self) -> tuple[tuple[int, ...], ...]:
        """What a split keeps in one part: the same, but of crowds only equal pixels."""
        return self._with_equal(tuple(group for group in self.near if group not in self.crowds))

    def _with_equal(self, near: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        members = {index for group in near for index in group}
        return tuple(sorted((*near, *(group for group in self.equal if group[0] not in members))))


def find_alike(dataset: ComparedSet, task: Task | None = None) -> Alike:
    """Compare every image with every other.

    The same for the same images, whatever their order in time. Memory: about 1.4 kB an image.

    Raises:
        UserError: the files are not there any more.
        Cancelled: the task was.
    """
    task = task or Task()
    seen = signatures_of(dataset, task)
    if not seen.good.any():
        raise UserError(f"None of the files of {dataset.reference} can be read: has the folder gone?")
    spread = seen.gray.reshape(len(dataset), -1).std(axis=1)
    flat = np.flatnonzero(seen.good & (spread < _FLAT))
    pairs = _near(seen, np.flatnonzero(seen.good & (spread >= _FLAT)), task)
    equal = _equal(dataset, seen, np.unique(np.concatenate([pairs.ravel(), flat])), task)
    remember(dataset, seen)
    near = joined([*map(tuple, pairs.tolist()), *equal])
    known = set(equal)
    near = tuple(group for group in near if group not in known)
    crowd = max(8, len(dataset) // 20)
    return Alike(equal, near, tuple(group for group in near if len(group) > crowd))


def _near(seen: Signatures, chosen: NDArray[np.int64], task: Task) -> NDArray[np.int64]:
    """The pairs among the chosen images that are nearly the same, int64 (n, 2), the smaller index first."""
    hashes = seen.hashes()
    least = BITS - 2 * (BITS_APART if len(chosen) <= ALL_PAIRS else 0)
    order = chosen
    if len(chosen) > ALL_PAIRS:
        # Equal hashes lie side by side; a block meets only itself.
        order = chosen[np.lexsort(hashes[chosen].T)]
    starts = range(0, len(order), _BLOCK)
    found = [np.empty((0, 2), np.int64)]
    for number, start in enumerate(starts):
        # The later blocks have fewer to meet.
        task.progress(1 - (1 - number / len(starts)) ** 2, f"Comparing {start:,} of {len(order):,} images")
        mine = order[start : start + _BLOCK]
        for other in starts[number:] if least < BITS else (start,):
            task.check()
            theirs = order[other : other + _BLOCK]
            a, b = np.nonzero(hashes[mine] @ hashes[theirs].T >= least)
            if other == start:
                a, b = a[a < b], b[a < b]
            found.append(_alike(seen, np.stack([mine[a], theirs[b]], axis=1)))
    return np.sort(np.concatenate(found), axis=1)


def _alike(seen: Signatures, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of some pairs that stand a closer look."""
    kept = [pairs[:0]]
    for start in range(0, len(pairs), _PAIRS):
        some = pairs[start : start + _PAIRS]
        grays = seen.gray[some].reshape(len(some), 2, -1).astype(np.float32)
        means = grays.mean(axis=2, keepdims=True)
        rest = grays - means
        sizes = np.linalg.norm(rest, axis=2)
        likeness = (rest[:, 0] * rest[:, 1]).sum(axis=1) / np.maximum(sizes[:, 0] * sizes[:, 1], 1e-9)
        colours = 2 * np.abs(np.diff(seen.colour[some].astype(np.float32), axis=1)).max(axis=(1, 2, 3, 4))
        brightness = np.abs(means[:, 0, 0] - means[:, 1, 0])
        kept.append(some[(likeness >= LIKENESS) & (brightness <= BRIGHTNESS) & (colours <= COLOUR)])
    return np.concatenate(kept)


def _equal(
    dataset: ComparedSet, seen: Signatures, doubtful: NDArray[np.int64], task: Task
) -> tuple[tuple[int, ...], ...]:
    """Groups of equal pixels among images that look alike; those are decoded whole."""
    unknown = doubtful[~seen.digests[doubtful].any(axis=1)]

    def of(index: int) -> NDArray[np.uint8]:
        try:
            return digest(dataset.images.read(index))
        except UserError:
            # Damaged beyond what a small picture needs: equal to none.
            return digest(np.array([[index % 256, index >> 8 & 255, index >> 16 & 255, 1]], np.uint8))

    for start in range(0, len(unknown), 64):
        task.progress(start / len(unknown), f"Comparing the pixels of {start:,} of {len(unknown):,} images")
        some = unknown[start : start + 64].tolist()
        for index, made in zip(some, decoding_pool().map(of, some), strict=True):
            seen.digests[index] = made
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for index in doubtful.tolist():
        groups[seen.digests[index].tobytes()].append(index)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1))


def joined(groups: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Groups that share an image become one."""
    above: dict[int, int] = {}

    def top(index: int) -> int:
        while above.setdefault(index, index) != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    for group in groups:
        first = top(group[0])
        for index in group[1:]:
            other = top(index)
            above[max(first, other)] = min(first, other)
            first = min(first, other)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for index in above:
        members[top(index)].append(index)
    return tuple(sorted(tuple(sorted(group)) for group in members.values() if len(group) > 1))
