"""A model's configuration, looked through before Keras sees it: only names from the allow-list may occur."""

from __future__ import annotations

from typing import Any

from convscope.engine.models.files import allowed
from convscope.engine.models.files.keras2_parts import FUNCTIONS, LAYERS
from convscope.errors import UserError

_DEEPEST = 200
_LARGEST = 1 << 31
# Whole numbers of any size that are no size of anything.
_MARKS = ("shared_object_id", "seed")
_OLD_INITIALIZERS = "tensorflow.python.ops.init_ops_v2"
# Any of these words brings code, or reads other files, whatever else the file says.
_REASONS = {
    "Lambda": "a Lambda layer, which is Python code in the file",
    "__lambda__": "a Python function as bytes, which would be run",
    "__typespec__": "a type of TensorFlow by name",
    "TorchModuleWrapper": "a PyTorch module, whose loading runs what the file says",
    "FlaxLayer": "a Flax module, which is code",
    "JaxLayer": "a JAX function, which is code",
    "TFSMLayer": "a path to another model to be loaded",
    "StringLookup": "a vocabulary, which may name any file on this machine",
    "IntegerLookup": "a vocabulary, which may name any file on this machine",
    "TextVectorization": "a vocabulary, which may name any file on this machine",
}


def check_config(config: Any, name: str, *, legacy: bool = False) -> Any:
    """The configuration without its training settings, when all that it names is known to be harmless.

    Args:
        config: what `json.loads` made of it.
        name: the file's, for the sentence.
        legacy: Keras 2 wrote it: its TensorFlow functions are let through by name, as `legacy_ops` turns
            the few that it knows into layers and looks none up.

    Raises:
        UserError: it names something else: custom code, a function outside Keras, a loading exploit.
    """
    return _checked(config, name, legacy, 0)


def _checked(value: Any, name: str, legacy: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        raise UserError(f"{name} is nested too deeply to be a model.")
    if isinstance(value, list):
        return [_checked(item, name, legacy, depth + 1) for item in value]
    if not isinstance(value, dict):
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise UserError(f"{name} asks for a layer of size {value:,}, which no machine holds.")
        return value
    if "class_name" in value:
        _check_object(value, name, legacy)
    # Optimizer and losses are not needed to look at a model, and would be deserialised.
    return {
        key: item if key in _MARKS and isinstance(item, int) else _checked(item, name, legacy, depth + 1)
        for key, item in value.items()
        if key != "compile_config"
    }


def _check_object(value: dict[str, Any], name: str, legacy: bool) -> None:
    kind, module = value["class_name"], value.get("module")
    if not isinstance(kind, str):
        raise UserError(f"{name} is damaged: the name of a layer's kind is {kind!r}.")
    if legacy and kind in allowed.LEGACY_OPERATIONS:
        return
    if kind in _REASONS:
        raise _refusal(name, _REASONS[kind])
    if kind in allowed.VALUES:
        return
    if legacy and module == _OLD_INITIALIZERS and kind in allowed.INITIALIZERS:
        # As in the EfficientNetV2 of Keras 2; built by its kind alone.
        return
    if kind in LAYERS or LAYERS.get(str(value.get("registered_name"))) == kind:
        # The app's own: Keras looks them up by their registered name alone.
        return
    if module is not None and not _is_home(module):
        raise _refusal(name, f"{module}.{kind}, code outside Keras")
    registered = value.get("registered_name")
    if registered not in (None, "", kind) and not _is_own(registered, kind):
        raise _refusal(name, f"the custom object {registered}")
    if kind == "function":
        _check_function(value, name)
        return
    if kind in allowed.APPLICATION_LAYERS:
        return
    groups = (
        allowed.MODELS,
        allowed.LAYERS,
        allowed.INITIALIZERS,
        allowed.REGULARIZERS,
        allowed.CONSTRAINTS,
        allowed.POLICIES,
    )
    if any(kind in group for group in groups) or (legacy and kind in allowed.LEGACY_LAYERS):
        return
    if kind in allowed.OPERATIONS and str(module).startswith(("keras.ops", "keras.src.ops")):
        return
    raise _refusal(name, f"{kind}, which is not a part of Keras that convscope knows")


def _check_function(value: dict[str, Any], name: str) -> None:
    function = value.get("config")
    if isinstance(function, str) and function in FUNCTIONS:
        return
    if not isinstance(function, str) or function not in allowed.ACTIVATIONS:
        raise _refusal(name, f"the function {function}, which is no activation")


def _is_home(module: Any) -> bool:
    return isinstance(module, str) and (module in allowed.HOMES or module.startswith(allowed.HOME_PREFIXES))


def _is_own(registered: Any, kind: str) -> bool:
    """Keras registers a few layers of its own under "keras>Name"; functions under their own names."""
    return isinstance(registered, str) and (
        registered in allowed.ACTIVATIONS
        or registered.lower() in (f"keras>{kind.lower()}", f"keras.src>{kind.lower()}")
    )


def _refusal(name: str, what: str) -> UserError:
    return UserError(f"{name} is not opened, because it contains {what}; nothing of it was run.")
