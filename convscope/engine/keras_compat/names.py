"""How Keras calls layers and what it warns of: any name is taken, and what is known is not repeated."""

from __future__ import annotations

import re
import warnings
from functools import wraps
from typing import Any

from convscope.engine.keras_compat.building import building

_NOT_IN_SCOPES = re.compile(r"[^A-Za-z0-9_.\\/>-]")


def take_any_name() -> None:
    """Let layers have names that Keras takes and TensorFlow's scopes do not: with spaces, in any script."""
    from keras.src.backend.tensorflow import core

    begin = core.name_scope.__init__

    @wraps(begin)
    def begin_plainly(self: Any, name: Any, **kwargs: Any) -> None:
        building.check()
        if not isinstance(name, str):
            begin(self, name, **kwargs)
            return
        plain = _NOT_IN_SCOPES.sub("_", name)
        begin(self, plain if re.match(r"[A-Za-z0-9.]", plain) else f"n{plain}", **kwargs)
        self.name = name

    core.name_scope.__init__ = begin_plainly


class _KerasWarnings:
    """Python's warnings without what Keras says of a softmax over one number: the app has a note for it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1) -> None:
        if not str(message).startswith("You are using a softmax over axis"):
            warnings.warn(message, category, stacklevel + 1)


def keep_quiet() -> None:
    from absl import logging
    from keras.src.ops import nn

    nn.warnings = _KerasWarnings()
    # What Keras advises whoever writes a script: that .h5 is "legacy", say.
    logging.set_verbosity(logging.ERROR)
