"""A model's configuration, looked through before Keras sees it: only names from the allow-list may occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.engine.models.configuration import check_layers
from convscope.engine.models.files import allowed
from convscope.engine.models.files.keras2.operations import NUMBER
from convscope.engine.models.files.keras2.own_parts import FUNCTIONS, LAYERS

_DEEPEST = 200
_LARGEST = 1 << 31
_LAYERS = (
    allowed.LAYERS,
    allowed.MODELS,
    allowed.OPERATIONS,
    allowed.APPLICATION_LAYERS,
    allowed.LEGACY_LAYERS,
    allowed.LEGACY_OPERATIONS,
    LAYERS,
)
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
    checked = _checked(config, _ConfigRead(name, legacy), 0)
    # As often as above: some layers are called more than once.
    check_layers(_steps(checked) // 2, name)
    return checked


@dataclass
class _ConfigRead:
    """The file, and how much of it has been seen."""

    name: str
    legacy: bool
    layers: int = 0
    calls: int = 0

    def count(self, value: dict[str, Any]) -> None:
        """Count a layer and its calls."""
        kind, nodes = value["class_name"], value.get("inbound_nodes")
        if isinstance(kind, str) and any(kind in group for group in _LAYERS):
            self.layers += 1
        if isinstance(nodes, list):
            self.calls += len(nodes)
        # Some layers are called more than once.
        check_layers(max(self.layers, self.calls // 2), self.name)


def _checked(value: Any, look: _ConfigRead, depth: int) -> Any:
    name, legacy = look.name, look.legacy
    if depth > _DEEPEST:
        raise UserError(f"{name} is nested too deeply to be a model.")
    if isinstance(value, list):
        return [_checked(item, look, depth + 1) for item in value]
    if isinstance(value, str):
        # Layers are called so on the terminal and in the window. What refers to them changes in the same way.
        return printable(value)
    if not isinstance(value, dict):
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise UserError(f"{name} asks for a layer of size {value:,}, which no machine holds.")
        return value
    if "class_name" in value:
        look.count(value)
        _check_object(value, name, legacy)
        _check_calls(value, look)
    # Optimizer and losses are not needed to look at a model, and would be deserialised.
    checked = {
        key: item if key in _MARKS and isinstance(item, int) else _checked(item, look, depth + 1)
        for key, item in value.items()
        if key != "compile_config"
    }
    if checked.get("stateful") is True:
        # Whoever looks at one image begins anew: the same numbers, and no memory between the images.
        checked["stateful"] = False
    return checked


def _steps(value: Any) -> int:
    """How many layers are computed one after the other.

    A network that is called twice, in one that is called twice, in one …: thirty of them are a billion.
    """
    if isinstance(value, list):
        return sum(map(_steps, value))
    if not isinstance(value, dict):
        return 0
    inner = sum(map(_steps, value.values()))
    kind, nodes = value.get("class_name"), value.get("inbound_nodes")
    if not isinstance(kind, str) or not any(kind in group for group in _LAYERS):
        return inner
    return max(1, inner) * (max(1, len(nodes)) if isinstance(nodes, list) else 1)


def _check_calls(value: dict[str, Any], look: _ConfigRead) -> None:
    """Refuse a call on constants alone: Keras would run it, at any size, while it builds the network."""
    nodes = value.get("inbound_nodes")
    for node in nodes if isinstance(nodes, list) else ():
        if not (_has_tensor(node) if isinstance(node, dict) and "args" in node else _has_reference(node)):
            called = value.get("name") or value["class_name"]
            raise UserError(
                f"{look.name} is not opened, because it calls {called} on numbers alone, not on what a layer "
                "puts out: that would be run while the network is built."
            )


def _has_tensor(value: Any, depth: int = 0) -> bool:
    """Whether Keras 3 finds another layer's output among these arguments, where it looks for it."""
    if isinstance(value, list) and depth < _DEEPEST:
        return any(_has_tensor(item, depth + 1) for item in value)
    if not isinstance(value, dict) or depth > _DEEPEST:
        return False
    kind, config = value.get("class_name"), value.get("config")
    if "class_name" not in value or "config" not in value:
        return any(_has_tensor(item, depth + 1) for item in value.values())
    if kind == "__tuple__" and isinstance(config, dict):
        return _has_tensor(config.get("value"), depth + 1)
    return kind == "__keras_tensor__" and isinstance(config, dict) and bool(config.get("keras_history"))


def _has_reference(node: Any, depth: int = 0) -> bool:
    """Whether there is another layer's output as Keras 1 and 2 name it: [name, number, number]."""
    if depth > _DEEPEST or not isinstance(node, list | dict):
        return False
    if isinstance(node, dict):
        return any(_has_reference(item, depth + 1) for item in node.values())
    told = len(node) in (3, 4) and isinstance(node[0], str) and node[0] != NUMBER
    if told and type(node[1]) is int and type(node[2]) is int:
        return True
    return any(_has_reference(item, depth + 1) for item in node)


def _check_object(value: dict[str, Any], name: str, legacy: bool) -> None:
    kind, module = value["class_name"], value.get("module")
    if not isinstance(kind, str):
        raise UserError(f"{name} is damaged: the name of a layer's kind is {kind!r}.")
    if legacy and kind in allowed.LEGACY_OPERATIONS:
        return
    if kind in _REASONS:
        raise _refusal(name, _REASONS[kind])
    if kind in allowed.VALUES:
        _check_value(value, name)
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


def _check_value(value: dict[str, Any], name: str) -> None:
    """NumPy takes types of any size: "S1000000000" is a text of a gigabyte, "(9999,9999)f4" a field."""
    config = value.get("config")
    dtype = config.get("dtype") if isinstance(config, dict) else None
    if dtype is not None and not (isinstance(dtype, str) and dtype in allowed.NUMBERS):
        raise UserError(f"{name} is damaged: it has a value of the type {str(dtype)[:40]!r}, not numbers.")


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
