"""Operations in .h5 files of Keras 3 (`y * 2.0`, `keras.ops.relu(y)`), which Keras writes and does not open.

The file has the name of their class alone, which may be that of a layer, too: Multiply, Add.
"""

from __future__ import annotations

from typing import Any

from convscope.engine.keras_compat import operation_home
from convscope.engine.models.files import allowed

_DEEPEST = 100


def with_homes(config: Any, found: set[str], depth: int = 0) -> Any:
    """A configuration as it stands in the file, its operations with the module that they are in.

    Args:
        found: gets the names of their classes.
    """
    if depth > _DEEPEST:
        return config
    if isinstance(config, list):
        return [with_homes(item, found, depth + 1) for item in config]
    if not isinstance(config, dict):
        return config
    made = {key: with_homes(value, found, depth + 1) for key, value in config.items()}
    if _is_operation(made):
        kind = made["class_name"]
        home = operation_home(kind)
        if home is not None:
            found.add(kind)
            made |= {"module": home, "registered_name": kind}
    return made


def _is_operation(spec: dict[str, Any]) -> bool:
    settings = spec.get("config")
    return (
        isinstance(spec.get("class_name"), str)
        and spec["class_name"] in allowed.OPERATIONS
        and "module" not in spec
        and "inbound_nodes" in spec
        and isinstance(settings, dict)
        # Every layer tells both.
        and not {"trainable", "dtype"} & set(settings)
    )
