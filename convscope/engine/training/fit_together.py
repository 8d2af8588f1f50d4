"""Keras's `fit` for several machines: the same callbacks around steps of our own.

Keras 3's own cannot: it feeds what TensorFlow's strategy for several machines does not take (keras issue
20585). Here each worker reads its part of every batch; sums over all of them (of the loss, of the counts
behind the metrics, and of the gradients, which Keras's optimizer sums itself) make the step that one machine
would make with the whole batch, however unequal the parts are.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.keras_compat import all_layers
from convscope.engine.training.control import Control
from convscope.engine.training.fit_request import FitRequest
from convscope.engine.training.loss import make_loss, make_metrics
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.runs.checkpoint import seed_variables

# The first numbers of what a step sums: the loss over its images, how many they are, who wants to stop.
_LOSS, _IMAGES, _STOP, _STATES = range(4)


def fit_together(request: FitRequest, workers: Workers, callbacks: list[Any], control: Control) -> None:
    """Train as `model.fit` would, from the epochs that are done to the last one.

    Args:
        request: its model was made, and is compiled, in the scope of the workers' strategy.
        callbacks: as `fit` takes them, the same on each worker.
        control: is told to stop where another worker wants that.

    Raises:
        UserError: a worker is gone.
    """
    import keras

    model = request.model
    calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=request.last, verbose=0)
    with workers.told():
        with synchronised(model):
            steps = _Steps(request, workers)
        model.stop_training = False
        calls.on_train_begin()
        for epoch in range(len(request.done), request.last):
            logs = _epoch(request, steps, calls, epoch)
            if logs is None:
                control.stop()
                return
            calls.on_epoch_end(epoch, logs)
            if workers.total(np.array([model.stop_training], np.float32))[0]:
                if not model.stop_training:
                    control.stop()
                break
        calls.on_train_end()


def _epoch(request: FitRequest, steps: _Steps, calls: Any, epoch: int) -> dict[str, float] | None:
    """One epoch and its validation; None where it was cut short."""
    model = request.model
    calls.on_epoch_begin(epoch)
    totals, logs = steps.nothing(), {}
    for number, batch in enumerate(request.train.data):
        calls.on_train_batch_begin(number)
        made = steps.train(batch, stop=model.stop_training)
        totals += made
        logs = steps.logs(totals)
        calls.on_train_batch_end(number, logs)
        # A wish of one reaches the others with the next step; a loss that is no number is seen by all.
        if made[_STOP] or not math.isfinite(logs["loss"]):
            return None
    if request.validation is None:
        return logs
    calls.on_test_begin()
    totals = steps.nothing()
    for number, batch in enumerate(request.validation.data):
        calls.on_test_batch_begin(number)
        totals += steps.validate(batch)
        calls.on_test_batch_end(number, {})
    checked = steps.logs(totals)
    calls.on_test_end(checked)
    return {**logs, **{f"val_{name}": value for name, value in checked.items()}}


class _Steps:
    """One step, traced once and now: workers that trace at different times would wait for each other."""

    def __init__(self, request: FitRequest, workers: Workers) -> None:
        import tensorflow as tf

        self._model, self._workers = request.model, workers
        self._loss = make_loss(request.loss)
        self._loss.reduction = None
        # Only what they count is used of them: that can be summed, over workers and over batches.
        self._metrics = make_metrics(request.loss, request.settings.metrics)
        self._shapes = [[tuple(v.shape) for v in metric.variables] for metric in self._metrics]
        self._weights = _table(request.class_weight)
        images, labels = request.train.data.element_spec
        stop = tf.TensorSpec((), tf.float32)
        self._train = tf.function(self._all(self._learn), input_signature=[images, labels, stop])
        self._validate = tf.function(self._all(self._look), input_signature=[images, labels, stop])
        for step in (self._train, self._validate):
            step.get_concrete_function()

    def nothing(self) -> NDArray[np.float64]:
        """What an epoch begins with."""
        return np.zeros(_STATES + sum(math.prod(shape) for shapes in self._shapes for shape in shapes))

    def train(self, batch: tuple[Any, Any], *, stop: bool) -> NDArray[np.float64]:
        """Learn from this worker's part of a batch; what it came to over all of them."""
        return np.asarray(self._train(*batch, np.float32(stop)), np.float64)

    def validate(self, batch: tuple[Any, Any]) -> NDArray[np.float64]:
        """The same without learning."""
        return np.asarray(self._validate(*batch, np.float32(0)), np.float64)

    def logs(self, totals: NDArray[np.float64]) -> dict[str, float]:
        """What Keras would say after these batches: means over their images."""
        logs = {"loss": float(totals[_LOSS] / totals[_IMAGES])}
        at = _STATES
        for metric, shapes in zip(self._metrics, self._shapes, strict=True):
            states = []
            for shape in shapes:
                size = math.prod(shape)
                states.append(totals[at : at + size].reshape(shape).astype(np.float32))
                at += size
            logs[metric.name] = float(metric.stateless_result(states))
        return logs

    def _all(self, part: Any) -> Any:
        """A function of this worker's images that each of its replicas does a part of."""
        import tensorflow as tf

        strategy, replicas = self._workers.strategy, self._workers.replicas

        def mine(images: Any, labels: Any, stop: Any) -> Any:
            number = tf.distribute.get_replica_context().replica_id_in_sync_group % replicas
            count = tf.shape(images)[0]
            first, last = count * number // replicas, count * (number + 1) // replicas
            # Of one worker one wish.
            return part(images[first:last], labels[first:last], stop / replicas)

        def step(images: Any, labels: Any, stop: Any) -> Any:
            told = strategy.run(mine, args=(images, labels, stop))
            return strategy.experimental_local_results(told)[0]

        return step

    def _learn(self, images: Any, labels: Any, stop: Any) -> Any:
        import tensorflow as tf

        variables = [variable.value for variable in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            told = self._told(images, labels, stop, training=True)
            loss = told[_LOSS]
        gradients = tape.gradient(loss, variables)
        summed = self._workers.all_reduce(told)
        # The optimizer sums them over all replicas.
        shares = [None if one is None else one / summed[_IMAGES] for one in gradients]
        self._model.optimizer.apply_gradients(zip(shares, self._model.trainable_variables, strict=True))
        return summed

    def _look(self, images: Any, labels: Any, stop: Any) -> Any:
        return self._workers.all_reduce(self._told(images, labels, stop, training=False))

    def _told(self, images: Any, labels: Any, stop: Any, *, training: bool) -> Any:
        """The sums over some images, flat: see `_LOSS`; then what each metric counts."""
        import tensorflow as tf

        predicted = self._model(images, training=training)
        each = self._loss(labels, predicted)
        if training and self._weights is not None:
            each *= tf.gather(self._weights, _numbers(labels))
        count = tf.cast(tf.shape(images)[0], tf.float32)
        loss = tf.reduce_sum(each)
        if self._model.losses:
            # Of the weights, not of the images: whole, however the images are shared out.
            loss += count * tf.add_n([tf.cast(one, tf.float32) for one in self._model.losses])
        parts = [tf.stack([loss, count, stop])]
        for metric in self._metrics:
            empty = [tf.zeros(v.shape, v.dtype) for v in metric.variables]
            states = metric.stateless_update_state(empty, labels, predicted)
            parts += [tf.reshape(tf.cast(state, tf.float32), (-1,)) for state in states]
        return tf.concat(parts, 0)


def _table(weights: Mapping[int, float] | None) -> NDArray[np.float32] | None:
    if weights is None:
        return None
    table = np.ones(max(weights) + 1, np.float32)
    table[list(weights)] = list(weights.values())
    return table


def _numbers(labels: Any) -> Any:
    """The class of each image, whatever form the labels have."""
    import tensorflow as tf

    if labels.shape.rank == 1:
        return labels
    if labels.shape[-1] == 1:
        return tf.cast(tf.round(labels[:, 0]), tf.int32)
    return tf.argmax(labels, axis=-1, output_type=tf.int32)


@contextlib.contextmanager
def synchronised(model: Any) -> Iterator[None]:
    """What is traced inside takes the means of batch normalisation over the whole batch, not over a part."""
    layers = [layer for layer in all_layers(model) if hasattr(layer, "synchronized")]
    before = [layer.synchronized for layer in layers]
    for layer in layers:
        layer.synchronized = True
    try:
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.synchronized = was


def seeds_apart(model: Any, workers: Workers) -> None:
    """Let dropout and its like draw other numbers on each worker; the chief's stay as they are."""
    for variable in seed_variables(model):
        state = variable.numpy()
        state[0] += workers.cluster.index
        variable.assign(state)


def draws(model: Any) -> bool:
    """Whether anything in it is random while it is trained."""
    return bool(seed_variables(model))
