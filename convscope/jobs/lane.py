"""A lane: a queue and the one thread that serves it."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from convscope.jobs.job import Job


class Lane:
    """Runs jobs one after the other on a thread of its own.

    The thread starts with the first job and is a daemon, so that a job stuck in a library call cannot keep
    the process alive after the window has closed.

    Args:
        name: the lane's, and its thread's, name.
        perform: called on the lane's thread with each job.
        nice: how far it steps back where processors are short, as `nice(1)` has it. Threads that it starts,
            TensorFlow's among them, do so too. On Linux, where threads have that of their own.
    """

    def __init__(self, name: str, perform: Callable[[Job], None], nice: int = 0) -> None:
        self.name = name
        self._perform = perform
        self._nice = nice
        self._waiting: deque[Job] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, job: Job) -> None:
        """Queue a job. One with the same key that still waits is dropped by the caller, by `remove`."""
        with self._wake:
            if self._closed:
                return
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=f"lane-{self.name}", daemon=True)
                self._thread.start()
            self._wake.notify()

    def remove(self, job: Job) -> bool:
        """Take a job back that has not started; False if it is too late for that."""
        with self._wake:
            try:
                self._waiting.remove(job)
            except ValueError:
                return False
            return True

    def close(self) -> None:
        """Take no more jobs and end the thread after the job in hand."""
        with self._wake:
            self._closed = True
            self._waiting.clear()
            self._wake.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end; False if it is still in a job after that time."""
        thread = self._thread
        if thread is None:
            return True
        thread.join(max(0.0, seconds))
        return not thread.is_alive()

    def _serve(self) -> None:
        self._step_back()
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                job = self._waiting.popleft()
            self._perform(job)
            # A waiting thread must not hold on to the last job's pictures.
            del job

    def _step_back(self) -> None:
        if self._nice and sys.platform == "linux":
            # Where it is not allowed all goes on as before.
            with suppress(OSError):
                now = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), now + self._nice)
