"""Several machines: who they are, how they meet, and what is told of one that is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.training.machines import distribution as distributing
from convscope.engine.training.machines import workers as meeting
from convscope.engine.training.machines.workers import (
    Cluster,
    Patience,
    Workers,
    cluster,
    lost,
    meet,
    patience,
)


def config(index: int = 0, kind: str = "worker", **jobs: list[str]) -> dict[str, str]:
    """An environment with TF_CONFIG."""
    told = {"cluster": jobs or {"worker": ["a:1", "b:2"]}, "task": {"type": kind, "index": index}}
    return {"TF_CONFIG": json.dumps(told)}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_who_takes_part() -> None:
    second = cluster(config(1))
    assert second == Cluster((("worker", 0), ("worker", 1)), ("a:1", "b:2"), 1)
    assert not second.is_chief and cluster(config()).is_chief
    assert [second.name(index) for index in (0, 1)] == ["the chief (a:1)", "worker 1 (b:2)"]
    named = cluster(config(0, chief=["c:9"], worker=["[::1]:1", "b:2"]))
    assert named.addresses == ("c:9", "[::1]:1", "b:2") and (named.index, named.is_chief) == (1, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "TF_CONFIG is damaged: it is no JSON"),
        ("[]", "does not tell who trains together"),
        ("[" * 100_000, "TF_CONFIG is damaged: it is nested more than"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}}', "'task'"),
        (config(2)["TF_CONFIG"], "is not in"),
        (config(worker=["a:1", "b"])["TF_CONFIG"], "b is no host:port"),
        (config(worker=["a:1", "b:70000"])["TF_CONFIG"], "b:70000 is no host:port"),
        (config(worker=["a:1", "a:1"])["TF_CONFIG"], "an address is there twice"),
        (config(worker=["a:1"], ps=["b:2"])["TF_CONFIG"], "only chief and worker take part"),
        (config(worker=["a:1"])["TF_CONFIG"], "names one machine only: leave --strategy multiworker away"),
    ],
)
def test_what_is_wrong_with_it_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        cluster({"TF_CONFIG": text})


def test_without_it_an_example_is_told() -> None:
    with pytest.raises(UserError, match=r"needs TF_CONFIG.*which one it is, as in TF_CONFIG='\{") as told:
        cluster({})
    example = told.value.message.split("'")[1]
    assert cluster({"TF_CONFIG": example}).addresses == ("host1:12345", "host2:12345")


def test_slurm_says_it_too() -> None:
    told = {
        "SLURM_PROCID": "3",
        "SLURM_STEP_NODELIST": "node[08-10,12],big",
        "SLURM_STEP_TASKS_PER_NODE": "2,1(x3),1",
    }
    found = cluster(told)
    assert found.addresses == (
        "node08:12345",
        "node08:12346",
        "node09:12345",
        "node10:12345",
        "node12:12345",
        "big:12345",
    )
    assert found.index == 3
    for name in told:
        with pytest.raises(UserError, match="needs TF_CONFIG"):
            cluster({key: value for key, value in told.items() if key != name})
    with pytest.raises(UserError, match="needs TF_CONFIG"):
        cluster({**told, "SLURM_STEP_TASKS_PER_NODE": "many"})
    with pytest.raises(UserError, match="needs TF_CONFIG"):
        cluster({**told, "SLURM_STEP_TASKS_PER_NODE": "1"})


def test_how_long_is_waited_can_be_said() -> None:
    assert patience({}) == Patience(300, 45, 600)
    assert patience({"CONVSCOPE_WORKERS_STALL": "7"}).stall == 7
    with pytest.raises(UserError, match="CONVSCOPE_WORKERS_START is soon: it is a whole number of seconds"):
        patience({"CONVSCOPE_WORKERS_START": "soon"})


def test_who_does_not_come_is_named() -> None:
    mine, other = free_port(), free_port()
    environment = {
        **config(worker=[f"127.0.0.1:{mine}", f"127.0.0.1:{other}"]),
        "CONVSCOPE_WORKERS_START": "3",
    }
    told: list[str] = []
    said = rf"within 3 seconds: worker 1 \(127\.0\.0\.1:{other}\) cannot be reached"
    with pytest.MonkeyPatch.context() as patched, pytest.raises(UserError, match=said):
        patched.setattr("time.sleep", lambda _seconds: None)
        clock = iter(range(10_000))
        patched.setattr("time.monotonic", lambda: float(next(clock)))
        meet(Task(lambda _fraction, text: told.append(text)), environment)
    assert set(told) == {f"Waiting for worker 1 (127.0.0.1:{other})"}
    # Ctrl+C is heard while it waits.
    stopped = Task(lambda _fraction, _text: stopped.cancel())
    with pytest.raises(Cancelled):
        meet(stopped, environment)
    with socket.create_server(("", mine)), pytest.raises(UserError, match=f"Port {mine}, which TF_CONFIG"):
        meet(None, environment)


def test_workers_wait_for_each_other_whoever_comes_first() -> None:
    addresses = tuple(f"127.0.0.1:{free_port()}" for _ in range(3))
    done: list[int] = []

    def come(index: int) -> None:
        tasks = tuple(("worker", number) for number in range(3))
        meeting._gather(Cluster(tasks, addresses, index), 60, Task())
        done.append(index)
        # TensorFlow's server takes the port over.
        with meeting._listening(addresses[index]):
            all_there.wait(60)

    all_there = threading.Event()
    threads = [threading.Thread(target=come, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    while len(done) < 3 and any(thread.is_alive() for thread in threads):
        threads[0].join(0.01)
    all_there.set()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 1, 2]


def test_a_start_without_end_is_ended() -> None:
    code = (
        "import time; from convscope.engine.training.machines.workers import *; "
        "from convscope.engine.training.machines import workers; "
        "c = Cluster((('worker', 0), ('worker', 1)), ('a:1', 'b:2'), 0)\n"
        "with workers._watched(c, 60): pass\n"
        "with workers._watched(c, 0): time.sleep(600)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert ended.returncode == -signal.SIGKILL
    said = "convscope: Training together has not begun within 0 seconds: worker 1 (b:2) has gone again.\n"
    assert ended.stderr == said


def test_a_start_that_fails_is_told() -> None:
    told = meeting._not_met(RuntimeError("Collective ops must be configured at program startup\nline 7"))
    assert "begin together (Collective ops must be configured at program startup): start" in told.message
    assert "as the first thing that a process computes" in told.message and told.detail.endswith("line 7")
    assert "(ValueError)" in meeting._not_met(ValueError()).message


class Told(Workers):
    """Workers of which the sums over all are given."""

    def __init__(self, *sums: list[float], index: int = 0) -> None:
        super().__init__(cluster(config(index)), SimpleNamespace(num_replicas_in_sync=2), 5)
        self.sums = list(sums)
        self.asked: list[NDArray[np.float32]] = []

    def total(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked.append(values)
        given = self.sums.pop(0)
        return np.array(given, np.float32) if given else values * 2


def test_all_train_the_same_or_nobody_does() -> None:
    same = Told([], [0.0])
    same.agree("model and data")
    assert same.asked[0].max() < 2**16 and same.asked[0].std() > 0
    assert (same.share, same.replicas) == ((0, 2), 1)
    here = Told([1.0] * 8, [1.0])
    with pytest.raises(UserError, match="do not train the same"):
        here.agree("model and data")
    assert here.asked[1].tolist() == [1.0], "it tells the others"
    there = Told([], [1.0])
    with pytest.raises(UserError, match="do not train the same"):
        there.agree("model and data")


def test_weights_are_the_chiefs() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    other = Told(values.reshape(-1).tolist(), index=1)
    assert np.array_equal(other.from_chief([np.zeros((2, 3), np.float32)])[0], values)
    assert other.asked[0].tolist() == [0.0] * 6


def test_who_is_gone_is_named_where_it_is_known() -> None:
    mine = cluster(config(0))
    detail = "from remote target /job:worker/replica:0/task:1: … on /job:worker/replica:0/task:0/device:CPU:0"
    told = lost(mine, detail)
    assert told.message.startswith("Worker 1 (b:2) is gone, or cannot be reached any more")
    assert "--resume" in told.message and told.detail == detail
    assert lost(cluster(config(1)), detail).message.startswith("The chief (a:1) is gone")
    assert lost(mine, "Deadline exceeded").message.startswith("One of the other workers is gone")


def test_batches_that_workers_cannot_share_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributing, "meet", lambda _task: Told())
    settings = SimpleNamespace(batch_size=16)
    for images, said in ((17, "has 1, fewer than the 2 workers"), (1, "has 1, fewer than the 2 workers")):
        dataset = SimpleNamespace(indices=lambda _part, images=images: range(images))
        with pytest.raises(UserError, match=said):
            distributing.distribution("multiworker", dataset, settings, Task())  # type: ignore[arg-type]
    dataset = SimpleNamespace(indices=lambda part: range(35 if part == "train" else 0))
    made = distributing.distribution("multiworker", dataset, settings, Task())  # type: ignore[arg-type]
    assert isinstance(made, Told)
