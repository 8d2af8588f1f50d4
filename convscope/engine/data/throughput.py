"""How many images a second a pipeline delivers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from convscope.core.task import Task
from convscope.engine.data.pipeline import Stream


@dataclass(frozen=True)
class Throughput:
    """What was measured.

    Attributes:
        images: how many came, the first batch (which starts the threads) not counted.
        seconds: how long they took.
    """

    images: int
    seconds: float

    @property
    def images_per_second(self) -> float:
        """Images per second; 0 if nothing came."""
        return self.images / self.seconds if self.seconds else 0.0


def measure_throughput(stream: Stream, seconds: float = 2.0, task: Task | None = None) -> Throughput:
    """Read batches for so long, and no longer than it takes to see every image twice. Nothing is trained.

    The stream's `epoch` is as before afterwards.
    """
    task = task or Task()
    before = stream.epoch
    images, started = 0, None
    try:
        for epoch in (before, before + 1):
            stream.epoch = epoch
            for batch, _ in stream.data:
                now = time.perf_counter()
                if started is None:
                    started = now
                    continue
                images += int(batch.shape[0])
                task.progress(min(1.0, (now - started) / seconds), f"{images:,} images")
                if now - started >= seconds:
                    return Throughput(images, now - started)
    finally:
        stream.epoch = before
    return Throughput(images, time.perf_counter() - (started or 0.0))
