"""Several machines that train one network: who they are, how they meet, and what is told when one is gone.

The same command is started on each. TF_CONFIG tells it the addresses of all and which one it is; under Slurm
its own variables do. The first is the chief: it keeps the run, the others only read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import parse_json
from convscope.core.task import Task
from convscope.engine.keras_compat import set_worker_patience, stop_looking_after_workers

_EXAMPLE = '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, "task": {"type": "worker", "index": 0}}'
_PORT = 12345  # under Slurm
_WORDS = 8  # of a fingerprint, 16 bits each: sums of them are exact in float32


@dataclass(frozen=True)
class Cluster:
    """Who takes part.

    Attributes:
        tasks: (job, index within it) of each, as TensorFlow names it, the chief first.
        addresses: host:port of each.
        index: which of them this process is.
    """

    tasks: tuple[tuple[str, int], ...]
    addresses: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this process keeps the run."""
        return self.index == 0

    def name(self, index: int) -> str:
        """What a person calls one of them: "worker 1 (host2:12345)"."""
        return f"{'the chief' if index == 0 else f'worker {index}'} ({self.addresses[index]})"


@dataclass(frozen=True)
class Patience:
    """How long the others are waited for.

    Attributes:
        start: seconds until all have to be there.
        silence: seconds after which one that does not answer counts as gone, about.
        stall: seconds after which one that answers, but is not done with its step, counts as stuck.
    """

    start: int = 300
    silence: int = 45
    stall: int = 600


def patience(environment: Mapping[str, str]) -> Patience:
    """As CONVSCOPE_WORKERS_START, …_SILENCE and …_STALL say, in whole seconds.

    Raises:
        UserError: they are no such numbers.
    """
    told = {}
    for name in ("start", "silence", "stall"):
        variable = f"CONVSCOPE_WORKERS_{name.upper()}"
        text = environment.get(variable)
        if text is not None:
            if not (text.isdigit() and 3 <= int(text) <= 86_400):
                raise UserError(f"{variable} is {text}: it is a whole number of seconds from 3 to 86,400.")
            told[name] = int(text)
    return Patience(**told)


def cluster(environment: Mapping[str, str]) -> Cluster:
    """Who takes part, as TF_CONFIG says, or Slurm.

    Raises:
        UserError: neither says it, or TF_CONFIG is wrong.
    """
    text = environment.get("TF_CONFIG")
    if text is None:
        text = _from_slurm(environment)
    if text is None:
        raise UserError(
            "Training on several machines needs TF_CONFIG, which tells each of them the addresses of all and "
            f"which one it is, as in TF_CONFIG='{_EXAMPLE}'."
        )
    told = parse_json(text, "TF_CONFIG")
    try:
        jobs, task = told["cluster"], told["task"]
        kind, number = task.get("type", "worker"), int(task.get("index", 0))
        tasks, addresses = [], []
        for job in ("chief", "worker"):
            for index, address in enumerate(jobs.get(job, [])):
                host, _, port = address.rpartition(":")
                if not host or not 0 < int(port) < 65536:
                    raise ValueError(f"{address} is no host:port")
                tasks.append((job, index))
                addresses.append(address)
        mine = tasks.index((kind, number))
        if set(jobs) - {"chief", "worker"}:
            raise ValueError("only chief and worker take part")
        if len(set(addresses)) < len(addresses):
            raise ValueError("an address is there twice")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"TF_CONFIG does not tell who trains together ({error}): it is of the form {_EXAMPLE}."
        ) from error
    if len(tasks) < 2:
        raise UserError("TF_CONFIG names one machine only: leave --strategy multiworker away there.")
    return Cluster(tuple(tasks), tuple(addresses), mine)


def _from_slurm(environment: Mapping[str, str]) -> str | None:
    """What TF_CONFIG would be under `srun`; None where there is none."""
    try:
        index = int(environment["SLURM_PROCID"])
        nodes = _nodes(environment["SLURM_STEP_NODELIST"])
        each = _each(environment["SLURM_STEP_TASKS_PER_NODE"])
    except (KeyError, ValueError):
        return None
    if len(each) != len(nodes):
        return None
    # Slurm numbers them node by node.
    workers = [f"{node}:{_PORT + n}" for node, count in zip(nodes, each, strict=True) for n in range(count)]
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})


def _nodes(text: str) -> list[str]:
    """ "node[01-03,7],big" as Slurm writes it: node01, node02, node03, node7, big."""
    found = []
    for item in re.findall(r"[^,\[]+(?:\[[^\]]*\])?", text):
        whole = re.fullmatch(r"([^\[]+)\[([^\]]*)\]", item)
        if whole is None:
            found.append(item)
            continue
        for part in whole[2].split(","):
            first, _, last = part.partition("-")
            numbers = range(int(first), int(last or first) + 1)
            found += [f"{whole[1]}{number:0{len(first)}}" for number in numbers]
    return found


def _each(text: str) -> list[int]:
    """ "2(x3),1": 2, 2, 2, 1."""
    counts = []
    for item in text.split(","):
        found = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", item)
        if found is None:
            raise ValueError(item)
        counts += [int(found[1])] * int(found[2] or 1)
    return counts


class Workers:
    """The machines, met; one for the process.

    Attributes:
        cluster: who they are.
        strategy: TensorFlow's.
        replicas: of this process: its graphics cards, or 1.
    """

    def __init__(self, cluster: Cluster, strategy: Any, stall: int) -> None:
        self.cluster, self.strategy, self._stall = cluster, strategy, stall
        self._sum: Any = None

    @property
    def share(self) -> tuple[int, int]:
        """Which part of each batch is this process's: (number, of how many)."""
        return self.cluster.index, len(self.cluster.tasks)

    def all_reduce(self, vector: Any) -> Any:
        """The sum over all replicas, inside of one."""
        import tensorflow as tf

        return tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM,
            vector,
            tf.distribute.experimental.CommunicationOptions(timeout_seconds=self._stall),
        )

    def total(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum numbers over all workers, each of which has to ask. float32 (n,), the same shape."""
        import tensorflow as tf

        if self._sum is None:
            strategy = self.strategy
            spec = tf.TensorSpec((None,), tf.float32)

            def add(vector: Any) -> Any:
                context = tf.distribute.get_replica_context()
                first = tf.cast(tf.equal(context.replica_id_in_sync_group % self.replicas, 0), tf.float32)
                return self.all_reduce(vector * first)

            def summed(vector: Any) -> Any:
                return strategy.experimental_local_results(strategy.run(add, args=(vector,)))[0]

            self._sum = tf.function(summed, input_signature=[spec])
        with self.told():
            return np.asarray(self._sum(tf.constant(values, tf.float32)), np.float32)

    @property
    def replicas(self) -> int:
        """Graphics cards of this process, or 1."""
        return int(self.strategy.num_replicas_in_sync) // len(self.cluster.tasks)

    def agree(self, what: str) -> None:
        """Make sure that all train the same.

        Args:
            what: model, data and settings, as a text that must be the same everywhere.

        Raises:
            UserError: it is another one elsewhere; on all of them.
        """
        digest = hashlib.blake2b(what.encode(), digest_size=2 * _WORDS).digest()
        mine = np.frombuffer(digest, ">u2").astype(np.float32)
        count = len(self.cluster.tasks)
        differs = not np.array_equal(self.total(mine), mine * count)
        if self.total(np.array([differs], np.float32))[0]:
            raise UserError(
                "The workers do not train the same: model, data or settings differ. Start the same "
                "command on each, on the same data."
            )

    def from_chief(self, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """The chief's numbers, for arrays of the same shapes."""
        scale = np.float32(self.cluster.is_chief)
        return [
            self.total(array.astype(np.float32).reshape(-1) * scale).reshape(array.shape).astype(array.dtype)
            for array in arrays
        ]

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn what TensorFlow says of a worker that is gone into a sentence.

        Raises:
            UserError: that one.
        """
        import tensorflow as tf

        errors = tf.errors
        gone = (
            errors.UnavailableError,
            errors.FailedPreconditionError,
            errors.DeadlineExceededError,
            errors.AbortedError,
            errors.CancelledError,
        )
        try:
            yield
        except gone as error:
            raise lost(self.cluster, str(error)) from error

    def leave(self) -> None:
        """The others may end now: nobody looks after them any more."""
        stop_looking_after_workers(self.strategy)


def lost(cluster: Cluster, detail: str) -> UserError:
    """What is told when a worker is gone; TensorFlow's words name it as a rule."""
    named = re.findall(r"/job:(\w+)/replica:\d+/task:(\d+)", detail)
    others = [
        cluster.tasks.index((job, int(number)))
        for job, number in named
        if (job, int(number)) in cluster.tasks and cluster.tasks.index((job, int(number))) != cluster.index
    ]
    who = cluster.name(others[0]) if others else "one of the other workers"
    return UserError(
        f"{who[0].upper()}{who[1:]} is gone, or cannot be reached any more, and nobody can go on without it: "
        "start all of them again with --resume, which goes on after the last whole epoch.",
        detail=detail,
    )


_met: Workers | None = None


def meet(task: Task | None = None, environment: Mapping[str, str] | None = None) -> Workers:
    """Wait until all are there; once for the process, before TensorFlow has computed anything.

    Raises:
        UserError: TF_CONFIG is missing or wrong, not all have come in time, or TensorFlow was used before.
        Cancelled: the task was.
    """
    global _met
    if _met is not None:
        return _met
    environment, task = os.environ if environment is None else environment, task or Task()
    found, wait = cluster(environment), patience(environment)
    _gather(found, wait.start, task)
    # TensorFlow reads it itself.
    os.environ["TF_CONFIG"] = json.dumps(
        {
            "cluster": {
                job: [a for (j, _), a in zip(found.tasks, found.addresses, strict=True) if j == job]
                for job in dict.fromkeys(job for job, _ in found.tasks)
            },
            "task": dict(zip(("type", "index"), found.tasks[found.index], strict=True)),
        }
    )
    task.progress(None, "Starting together")
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _watched(found, wait.start):
            strategy = _strategy(wait)
    except Exception as error:
        raise _not_met(error) from error
    if threading.current_thread() is threading.main_thread():
        # TensorFlow takes this signal for itself and does nothing: nobody could end the process.
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
    _met = Workers(found, strategy, wait.stall)
    return _met


def _gather(found: Cluster, seconds: int, task: Task) -> None:
    """Wait until every other worker has been there once. TensorFlow's own waiting has no end, nor a way out.

    Raises:
        UserError: not all have come in time, or this one's port is taken.
        Cancelled: the task was.
    """
    missing = [index for index in range(len(found.tasks)) if index != found.index]
    end = time.monotonic() + seconds
    with _listening(found.addresses[found.index]):
        while True:
            task.progress(None, f"Waiting for {', '.join(map(found.name, missing))}")
            missing = [index for index in missing if not _answers(found.addresses[index])]
            if not missing:
                return
            if time.monotonic() > end:
                names = ", ".join(map(found.name, missing))
                raise UserError(
                    f"Not all workers have come within {seconds:,} seconds: {names} cannot be reached. Start "
                    "the same command on each, and look whether a firewall is between them."
                )
            time.sleep(0.2)


@contextlib.contextmanager
def _listening(address: str) -> Iterator[None]:
    """Let the others see that this one is there; TensorFlow's server takes the port over."""
    port = int(address.rpartition(":")[2])
    try:
        if socket.has_dualstack_ipv6():
            listening = socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=1024, dualstack_ipv6=True
            )
        else:
            listening = socket.create_server(("", port), backlog=1024)
    except OSError as error:
        raise UserError(
            f"Port {port}, which TF_CONFIG gives to this machine, cannot be used: choose another one for it, "
            "on all of them.",
            detail=str(error),
        ) from error
    with listening:
        yield


_WATCH = """
import os, signal, sys, threading
waiting = threading.Thread(target=sys.stdin.read, daemon=True)
waiting.start()
waiting.join(float(sys.argv[2]))
if waiting.is_alive():
    print(sys.argv[3], file=sys.stderr, flush=True)
    os.kill(int(sys.argv[1]), getattr(signal, "SIGKILL", signal.SIGTERM))
    os._exit(0)
"""


@contextlib.contextmanager
def _watched(found: Cluster, seconds: int) -> Iterator[None]:
    """End this process if what is inside has no end; no thread could: TensorFlow stops all of them."""
    names = " or ".join(found.name(index) for index in range(len(found.tasks)) if index != found.index)
    said = f"convscope: Training together has not begun within {seconds:,} seconds: {names} has gone again."
    arguments = [sys.executable, "-c", _WATCH, str(os.getpid()), str(seconds), said]
    # It ends when its input does: with this process, too.
    with subprocess.Popen(arguments, stdin=subprocess.PIPE):
        yield


def _strategy(wait: Patience) -> Any:
    import tensorflow as tf

    set_worker_patience(wait.start, max(1, wait.silence // 9), max(1, wait.silence // 4))
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=wait.stall)
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def _not_met(error: Exception) -> UserError:
    why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return UserError(
        f"The workers could not begin together ({why}): start convscope train --strategy multiworker on each "
        "once more, as the first thing that a process computes.",
        detail=str(error),
    )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
            return True
    except OSError:
        return False
