"""Starts `worker`, hears how far it is, and ends it when nobody wants the copy any more."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import convscope
from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.export.refused import RefusedError

_LOG = "worker.log"


def convert_in_process(folder: Path, title: str, name: str, task: Task, part: tuple[float, float]) -> Any:
    """Let the worker do what is ordered in a folder.

    Args:
        folder: see `worker`.
        title: of the format, for sentences.
        name: of the network, for sentences.
        task: for progress; when it is cancelled the process is ended.
        part: of the whole work, from and to.

    Returns:
        What `worker.work` does.

    Raises:
        RefusedError: the format lacks an operation.
        UserError: the converter failed, or its process did.
    """
    package = str(Path(convscope.__file__).parent.parent)
    found = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(found), "TF_CPP_MIN_LOG_LEVEL": "3"}
    # Converters do not compute, and a graphics card's memory belongs to the training beside it.
    environment["CUDA_VISIBLE_DEVICES"] = "-1"
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "convscope.engine.models.export.worker", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
        )
    assert process.stdout is not None
    heard: queue.Queue[dict[str, Any] | None] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True)
    listener.start()
    try:
        return _wait(heard, title, name, task, part, folder)
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stdout.close()


def _listen(stream: IO[bytes], heard: queue.Queue[dict[str, Any] | None]) -> None:
    for line in stream:
        try:
            heard.put(json.loads(line))
        except ValueError:
            continue
    heard.put(None)


def _wait(
    heard: queue.Queue[dict[str, Any] | None],
    title: str,
    name: str,
    task: Task,
    part: tuple[float, float],
    folder: Path,
) -> Any:
    start, end = part
    while True:
        try:
            facts = heard.get(timeout=0.05)
        except queue.Empty:
            task.check()
            continue
        if facts is None:
            log = (folder / _LOG).read_text(encoding="utf-8", errors="replace")
            raise UserError(
                f"{name} could not be written as {title}: its converter crashed. Another precision, "
                "another format or more memory may do.",
                detail=log[-8000:],
            )
        if "done" in facts:
            return facts["done"]
        if "refused" in facts:
            raise RefusedError(tuple(facts["refused"]), facts["detail"])
        if "failed" in facts:
            raise UserError(
                f"{name} could not be written as {title}: its converter failed.",
                detail=f"{facts['failed']}\n{facts['detail']}",
            )
        task.progress(start + (end - start) * facts["fraction"], facts["text"])
