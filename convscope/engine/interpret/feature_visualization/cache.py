"""Finished patterns on disk, so that a second look is instant: by the network's weights and all settings."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.files import write_whole
from convscope.core.paths import cache_dir
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import Pattern, State
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# To be raised when the same settings give another picture, or other facts of it, than before.
VERSION = 5
LIMIT = 256 * 2**20  # bytes


class PatternCache:
    """Patterns of one network under one choice of settings.

    Args:
        model: the network; its weights of now are part of every key.
        settings: of the patterns.
        start: the pixels that they start from; None: noise.
        limit: bytes that all patterns on disk take together; the longest unused go first.
    """

    def __init__(
        self,
        model: OpenedModel,
        settings: PatternSettings,
        start: NDArray[Any] | None = None,
        limit: int = LIMIT,
    ) -> None:
        self._limit = limit
        facts = {
            "version": VERSION,
            "model": model.fingerprint(),
            "preprocessing": model.preprocessing.to_dict(),
            "settings": {**settings.to_dict(), "steps": settings.steps_for(model)},
            "start": None if start is None else [start.shape, _digest(np.ascontiguousarray(start).tobytes())],
        }
        self._facts = json.dumps(facts, sort_keys=True)
        self._answer = (model.answer.name, model.answer.kind)
        self._diverse = settings.diversity > 0

    @staticmethod
    def folder() -> Path:
        path = cache_dir() / "patterns"
        path.mkdir(exist_ok=True)
        return path

    def path(self, objective: Objective, batch: Sequence[Objective] = ()) -> Path:
        """The file of an objective; pictures that push each other apart depend on the whole batch."""
        objectives = [asdict(one) for one in ((objective, *batch) if self._diverse else (objective,))]
        text = f"{self._facts}\n{json.dumps(objectives, sort_keys=True)}"
        if objective.kind == "class":
            # Of which output, where a network has several.
            text += f"\n{self._answer}"
        return self.folder() / f"{_digest(text.encode())}.npz"

    def load(self, objective: Objective, batch: Sequence[Objective] = ()) -> Pattern | None:
        """The pattern, or None when it is not there or cannot be read."""
        path = self.path(objective, batch)
        try:
            file, _ = load_archive(path, LIMIT)
            score, moved, flat = (float(number) for number in file["facts"])
            pattern = Pattern(
                objective, file["pixels"], file["values"], score, moved, file["curve"], flat=bool(flat)
            )
            path.touch()
        except UNREADABLE:
            return None
        return pattern

    def load_state(self, objective: Objective) -> State | None:
        """Where the pattern's ascent stood at its end, if that was stored with it."""
        try:
            file, _ = load_archive(self.path(objective), LIMIT)
            step, octave, since, count = (int(number) for number in file["state"])
            variables = tuple(file[f"variable{number}"] for number in range(count))
            return State(step, octave, since, variables, file["curve"][:, None], file["alive"])
        except UNREADABLE:
            return None

    def store(self, patterns: Sequence[Pattern], state: State | None = None) -> None:
        """Write patterns, each whole or not at all; a full or read-only disk is no failure.

        Args:
            patterns: of one batch.
            state: at their end, so that they can be continued.
        """
        batch = [pattern.objective for pattern in patterns]
        for number, pattern in enumerate(patterns):
            if pattern.dead:
                # Its cross is there at once.
                continue
            arrays: dict[str, NDArray[Any]] = {
                "pixels": pattern.pixels,
                "values": pattern.values,
                "curve": pattern.curve,
                "facts": np.array([pattern.score, pattern.moved, pattern.flat], np.float64),
            }
            if state is not None:
                own = state.only(number)
                arrays["state"] = np.array([own.step, own.octave, own.since, len(own.variables)])
                arrays["alive"] = own.alive
                arrays |= {f"variable{place}": array for place, array in enumerate(own.variables)}
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)  # type: ignore[arg-type]
            try:
                write_whole(self.path(pattern.objective, batch), buffer.getvalue())
            except OSError:
                return
        self._make_room()

    def _make_room(self) -> None:
        found = []
        for path in self.folder().glob("*.npz"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            found.append((facts.st_mtime_ns, facts.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= size


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
