"""A graph in another process as a Keras layer: it predicts and has a gradient, and cannot be looked into."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from convscope.core.errors import UserError
from convscope.engine.models.files.saved_model.check import Shape
from convscope.engine.models.files.saved_model.process import GraphProcess


@lru_cache(maxsize=1)
def layer_class() -> Any:
    """The class; Keras is imported late."""
    import keras
    import tensorflow as tf

    class TFSMLayer(keras.layers.Layer):
        """Called as Keras calls its layer for such graphs.

        Args:
            process: runs the graph.
            shapes, dtypes: of its outputs, by name in the order of the alphabet.
            hidden_weights: how many numbers it has learned, none of which is seen here.
        """

        def __init__(
            self,
            process: GraphProcess,
            shapes: dict[str, Shape],
            dtypes: dict[str, str],
            hidden_weights: int = 0,
            **more: Any,
        ) -> None:
            super().__init__(trainable=False, autocast=False, **more)
            self._process, self._shapes, self._dtypes = process, shapes, dtypes
            self.hidden_weights = hidden_weights

        @property
        def output_names(self) -> tuple[str, ...]:
            """What its outputs are called, in their order."""
            return tuple(self._shapes)

        @property
        def failure(self) -> UserError | None:
            """Why there was no answer last: TensorFlow hands on an error's words, not its type."""
            return self._process.failure

        def compute_output_spec(self, inputs: Any) -> Any:
            return {
                name: keras.KerasTensor(shape, dtype=self._dtypes[name])
                for name, shape in self._shapes.items()
            }

        def call(self, inputs: Any) -> Any:
            names = list(self._shapes)
            kinds = [tf.as_dtype(self._dtypes[name]) for name in names]
            process = self._process

            @tf.custom_gradient
            def run(batch: Any) -> Any:
                made = tf.numpy_function(lambda x: tuple(process.predict(x)), [batch], kinds)
                outputs = list(made) if isinstance(made, list | tuple) else [made]
                for output, name in zip(outputs, names, strict=True):
                    output.set_shape(self._shapes[name])

                def gradient(*upstream: Any) -> Any:
                    found = tf.numpy_function(
                        lambda x, *given: process.gradient(x, list(given)), [batch, *upstream], batch.dtype
                    )
                    found.set_shape(batch.shape)
                    return found

                return tuple(outputs), gradient

            return dict(zip(names, run(inputs), strict=True))

    return TFSMLayer
