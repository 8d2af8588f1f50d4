"""A run is a folder: settings, history, checkpoints, the script. This reads, lists and writes it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import UNFINISHED, open_to_append, write_whole
from convscope.core.folder_lock import is_locked, locked
from convscope.core.opening import GB, MB, is_folder, is_regular, is_there, parse_json, read_bytes, read_json
from convscope.core.paths import data_dir
from convscope.core.printable import one_line, printable
from convscope.core.records import to_json
from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.training.record import EpochRecord, epoch_of
from convscope.engine.training.runs.checkpoint import has_checkpoint
from convscope.engine.training.settings import TrainingSettings, from_plain

State = Literal["new", "running", "finished", "stopped", "diverged", "failed", "interrupted"]
_FORMAT = "convscope run 1"
# A hundred thousand epochs; and each value of ten million batches.
_LARGEST, _LARGEST_BATCHES = 64 * MB, GB
_LONGEST_NAME = 200
_MODELS = ("initial", "last", "best", "model", "composed", "head", "head-best")
_FILES = frozenset(
    (
        *("settings.json", "status.json", "history.jsonl", "batches.jsonl", "lock"),
        *("script.py", "split.npz", "data.npz"),
        *(name + suffix for name in _MODELS for suffix in (".keras", ".json", ".classes.json")),
    )
)
# A file that was being written when the process died.
# Of older versions of convscope, too.
_PART = re.compile(rf"\.part-|.*\.part$|{UNFINISHED.pattern}")
Row = TypeVar("Row")


@dataclass(frozen=True)
class ModelOfRun:
    """What a run remembers of its network.

    Attributes:
        name: for people.
        spec: what `open_model` opened it by; "" when it was built by hand.
        parameters: all weights.
        weights: what it began with, in words; "" where an older convscope has not kept that.
    """

    name: str
    spec: str
    parameters: int
    weights: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.parameters < 2**63:
            raise ValueError("no network has so many parameters")


@dataclass(frozen=True)
class DataOfRun:
    """What a run remembers of its data.

    Attributes:
        reference: what `open_dataset` opens it by.
        title: for people.
        classes: names by index.
        fingerprint: changes with any image name, label or split; see `data_fingerprint`.
    """

    reference: str
    title: str
    classes: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class RunDetails:
    """What stands in a run's settings.json.

    Attributes:
        name: for people; can be changed.
        created: UTC, ISO 8601.
        settings: of the training.
        model, data: what was trained on what.
        preprocessing: from pixels to the network's input.
        transfer: how a pretrained base was used, as `TransferSettings` writes it; None: not at all.
    """

    name: str
    created: str
    settings: TrainingSettings
    model: ModelOfRun
    data: DataOfRun
    preprocessing: Preprocessing
    transfer: Mapping[str, Any] | None = None

    @property
    def head_epochs(self) -> int:
        """Epochs of the new classifier alone, before the base is unfrozen; 0 where it is not."""
        how = self.transfer or {}
        return int(how.get("head_epochs", 0)) if how.get("way") == "finetune" else 0

    def to_json(self) -> str:
        # ASCII: a folder's name may hold what UTF-8 cannot.
        return json.dumps({"format": _FORMAT, **to_json(self)}, indent=1)


class Run:
    """One run's folder. Nothing of it is kept in memory: two processes may look at the same run.

    Files: settings.json, status.json, history.jsonl (a line an epoch), batches.jsonl (a line an epoch, every
    batch's values), initial.keras, last.keras + last.json (see `checkpoint`), best.keras, model.keras (what
    came out), NAME.classes.json beside each, script.py, split.npz, lock. While a fine-tuning run's
    classifier learns alone: composed.keras (the whole before it), head.keras + head.json, head-best.keras.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def create(folder: Path, details: RunDetails) -> Run:
        """A new run in a folder that is empty, does not exist yet, or holds a run that failed at its start.

        Raises:
            UserError: there is something in it, or it cannot be written.
        """
        try:
            if failed_at_start(folder):
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                kind = "holds a run already: resume it" if is_run(folder) else "is not empty"
                raise UserError(f"{folder} {kind}, or choose another folder for the new run.")
            run = Run(folder)
            write_whole(folder / "settings.json", details.to_json())
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror or error}.") from error
        run.set_status("new", "It has not been trained yet.")
        return run

    @staticmethod
    def open(folder: Path) -> Run:
        """An existing run.

        Raises:
            UserError: the folder is none.
        """
        if not is_folder(folder):
            what = "it is a file" if is_there(folder) else "the folder does not exist"
            raise UserError(f"There is no run in {folder}: {what}.")
        if not is_run(folder):
            raise UserError(f"{folder} is not a run of convscope: it has no settings.json of one.")
        return Run(folder)

    @property
    def details(self) -> RunDetails:
        """What stands in settings.json.

        Raises:
            UserError: it is damaged.
        """
        path = self.folder / "settings.json"
        data = _read_json(path)
        try:
            # Which sampling there was is told since there are several.
            pixels = Preprocessing.from_dict({"sampling": "bilinear", **data.pop("preprocessing")})
            data.pop("format", None)
            told = from_plain(RunDetails, {**data, "preprocessing": to_json(pixels)}, "run")
            known = told.data
            return replace(
                told,
                name=one_line(told.name)[:_LONGEST_NAME],
                created=one_line(told.created),
                model=replace(told.model, name=printable(told.model.name)),
                data=replace(
                    known, title=printable(known.title), classes=tuple(map(printable, known.classes))
                ),
                preprocessing=pixels,
                transfer=_transfer(told.transfer),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UserError(f"{path} is damaged: {error} is missing or wrong.") from error
        except UserError as error:
            raise UserError(f"{path} is damaged: {error.message}", detail=error.detail) from error

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The epochs so far; a line that a crash has cut off does not count, nor what comes after it."""
        return tuple(_read_lines(self.folder / "history.jsonl", _LARGEST, epoch_of))

    @property
    def planned(self) -> int:
        """How many epochs it has when it is through, those of a classifier alone among them."""
        return self.details.settings.epochs + self.details.head_epochs

    @property
    def batches(self) -> dict[str, list[float]]:
        """Every batch's own values since the start, by name."""
        joined: dict[str, list[float]] = {}
        for row in _read_lines(self.folder / "batches.jsonl", _LARGEST_BATCHES, _numbers):
            for name, values in row.items():
                joined.setdefault(name, []).extend(values)
        return joined

    @property
    def state(self) -> State:
        """How it stands; "interrupted" if it was running when its process died."""
        state = str(_read_json(self.folder / "status.json").get("state", "new"))
        if state == "running" and not is_locked(self.folder):
            return "interrupted"
        return next((known for known in get_args(State) if known == state), "failed")

    @property
    def sentence(self) -> str:
        """How it ended, in words."""
        if self.state == "interrupted":
            return f"It was interrupted after {len(self.history)} of {self.planned} epochs."
        return one_line(str(_read_json(self.folder / "status.json").get("sentence", "")))

    @property
    def test(self) -> Mapping[str, float] | None:
        """What was measured on the test images at the end, if anything."""
        measured: Any = _read_json(self.folder / "status.json").get("test")
        try:
            told = {name: float(measured[name]) for name in ("accuracy", "loss", "images")}
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        sound = 0 <= told["accuracy"] <= 1 and 0 <= told["images"] < 2**53
        return told if sound else None

    @property
    def seconds(self) -> float:
        """All that was waited for it, features and validation and testing too, but no pauses."""
        history = self.history
        told = _read_json(self.folder / "status.json").get("seconds", 0.0)
        elapsed = max((record.elapsed for record in history), default=0.0)
        known = max(_seconds(told), _seconds(elapsed))
        # A run of an older convscope has measured its steps only.
        return known or _seconds(sum(record.seconds for record in history))

    @property
    def can_resume(self) -> bool:
        """Whether it can go on: from its last epoch, or from the start if it was cut off in the first."""
        return self.starts_again or (
            has_checkpoint(self.folder) and self.state not in ("running", "finished")
        )

    @property
    def starts_again(self) -> bool:
        """Whether it ended before its first epoch was over, so that going on is starting once more."""
        if has_checkpoint(self.folder) or not is_regular(self.start_path):
            return False
        return self.state in ("new", "interrupted", "stopped", "failed")

    @property
    def start_path(self) -> Path:
        """The network as it was before the first step; of fine-tuning, before the base was unfrozen."""
        initial, composed = self.folder / "initial.keras", self.folder / "composed.keras"
        if is_regular(composed) and not has_checkpoint(self.folder):
            # Not even the classifier alone has learned: what was made for its base's turn is no start.
            return composed
        return initial if is_regular(initial) else composed

    @property
    def model_path(self) -> Path | None:
        """The model that came out, else the last checkpoint, else None.

        The checkpoints of a classifier on features take no images: that is no model to open.
        """
        apart = (self.details.transfer or {}).get("way") == "features"
        for name in ("model.keras",) if apart else ("model.keras", "last.keras"):
            if is_regular(self.folder / name):
                return self.folder / name
        return None

    def set_status(
        self,
        state: State,
        sentence: str,
        test: Mapping[str, float] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Say how it stands, and what it has taken; None: that has not changed."""
        known = self.seconds if seconds is None else seconds
        data = {
            "state": state,
            "sentence": sentence,
            "test": None if test is None else dict(test),
            "seconds": round(known, 3),
        }
        write_whole(self.folder / "status.json", json.dumps(data))

    def start_history(self, epochs: tuple[EpochRecord, ...]) -> None:
        """Make the history be just these epochs, before going on from the last of them."""
        rows = [json.dumps(to_json(record)) + "\n" for record in epochs]
        write_whole(self.folder / "history.jsonl", "".join(rows))
        kept = _read_lines(self.folder / "batches.jsonl", _LARGEST_BATCHES, _numbers)[: len(epochs)]
        write_whole(self.folder / "batches.jsonl", "".join(json.dumps(row) + "\n" for row in kept))

    def add_epoch(self, record: EpochRecord, batches: Mapping[str, list[float]]) -> None:
        """Append an epoch to the history."""
        rounded = {name: [float(f"{value:.6g}") for value in values] for name, values in batches.items()}
        for name, row in (("batches.jsonl", rounded), ("history.jsonl", to_json(record))):
            with open_to_append(self.folder / name) as file:
                file.write(f"{json.dumps(row)}\n".encode())

    def locked(self) -> AbstractContextManager[None]:
        """Hold the run while training; see `folder_lock`."""
        return locked(self.folder)

    def rename(self, name: str) -> None:
        """Give it another name; the folder keeps its own.

        Raises:
            UserError: an empty name.
        """
        if not name.strip():
            raise UserError("A run needs a name.")
        self.set_details(replace(self.details, name=name.strip()))

    def set_details(self, details: RunDetails) -> None:
        write_whole(self.folder / "settings.json", details.to_json())

    def delete(self) -> None:
        """Remove the folder and all that is in it.

        Raises:
            UserError: it is running, or is not a run.
        """
        if not is_run(self.folder):
            raise UserError(f"{self.folder} is not a run of convscope, so it is left alone.")
        if self.state == "running":
            raise UserError(f"{self.details.name} is running: stop it first.")
        shutil.rmtree(self.folder)


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    try:
        return _read_json(folder / "settings.json").get("format") == _FORMAT
    except UserError:
        return False


def failed_at_start(folder: Path) -> bool:
    """Whether a folder holds just a run in which nothing was learned: another may take its place."""
    # Killed while features were extracted, say: there is nothing to go on with.
    states = ("new", "failed", "interrupted")
    if not is_run(folder) or has_checkpoint(folder) or Run(folder).state not in states:
        return False
    # What somebody else has put there is not thrown away with it.
    return all(entry.name in _FILES or _PART.match(entry.name) for entry in folder.iterdir())


def runs_folder() -> Path:
    """Where runs are kept unless told otherwise."""
    folder = data_dir() / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class DamagedRun:
    """A folder that holds a run which cannot be read.

    Attributes:
        folder: where it is.
        why: a sentence.
    """

    folder: Path
    why: str


def list_runs(parent: Path | None = None) -> tuple[Run, ...]:
    """All runs in a folder (`runs_folder()` by default), the newest first, without those that are damaged."""
    return find_runs(parent)[0]


def find_runs(parent: Path | None = None) -> tuple[tuple[Run, ...], tuple[DamagedRun, ...]]:
    """All runs in a folder (`runs_folder()` by default), the newest first; and what is damaged, by name.

    Raises:
        UserError: the folder itself cannot be read.
    """
    found: list[tuple[str, str, Run]] = []
    damaged: list[DamagedRun] = []
    within = parent or runs_folder()
    try:
        folders = sorted(entry for entry in within.iterdir() if is_folder(entry))
    except OSError as error:
        raise UserError(f"{within} cannot be read: {error.strerror or error}.") from error
    for folder in folders:
        path = folder / "settings.json"
        if not is_there(path) and not path.is_symlink():
            continue
        try:
            if _read_json(path).get("format") != _FORMAT:
                raise UserError(f"{path} is damaged: it is not that of a run.")
            found.append((Run(folder).details.created, folder.name, Run(folder)))
        except UserError as error:
            damaged.append(DamagedRun(folder, error.message))
    runs = tuple(run for *_, run in sorted(found, key=lambda row: row[:2], reverse=True))
    return runs, tuple(damaged)


def new_folder(name: str, parent: Path | None = None) -> Path:
    """A folder for a new run, named by the time and the name; not made yet."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "run"
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{plain}"
    within = parent or runs_folder()
    folder, number = within / stem, 2
    while folder.exists():
        folder, number = within / f"{stem}-{number}", number + 1
    return folder


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = read_json(path, _LARGEST, "the facts of a run")
    except MissingFileError:
        return {}
    except UserError as error:
        raise UserError(f"{path} is damaged or cannot be read.", detail=error.message) from error
    if not isinstance(data, dict):
        raise UserError(f"{path} is damaged: it holds no table.")
    return data


def _read_lines(path: Path, limit: int, read: Callable[[Any], Row]) -> list[Row]:
    """What `read` makes of each line of JSON, up to the first that is damaged.

    Raises:
        UserError: it is no ordinary file, or larger than any such file.
    """
    rows: list[Row] = []
    try:
        lines = read_bytes(path, limit, "the history of a run").splitlines()
    except MissingFileError:
        return []
    for line in lines:
        try:
            rows.append(read(parse_json(line, path.name)))
        except (UserError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
            break
    return rows


def _transfer(data: Any) -> Mapping[str, Any] | None:
    """What a run tells of its pretrained base, as far as this room reads it."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise TypeError('"transfer"')
    if not isinstance(data.get("way", ""), str) or not 0 <= int(data.get("head_epochs", 0)) <= 100_000:
        raise ValueError('"transfer"')
    return data


def _seconds(told: Any) -> float:
    """A stretch of time that a file tells; 0 where that is none."""
    return float(told) if isinstance(told, int | float) and 0 <= told < 1e12 else 0.0


def _numbers(row: Any) -> dict[str, list[float]]:
    return {str(name): [float(value) for value in values] for name, values in row.items()}
