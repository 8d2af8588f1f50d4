"""SavedModel folders: TensorFlow's own graphs, opened as one layer that cannot be looked into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convscope.errors import UserError

_ENDPOINT = "serving_default"
_LARGEST_GRAPH = 1 << 30


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Operations that only compute. Reading and writing files, Python functions, and tables are not among them.
_HARMLESS = _words(
    """
    Abs Add AddN AddV2 All Any ArgMax ArgMin AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3
    BiasAdd BroadcastTo Cast Ceil ClipByValue Concat ConcatV2 Const Conv2D Conv2DBackpropInput Conv3D
    Conv3DBackpropInputV2 Cos Cumsum CropAndResize DepthwiseConv2dNative Div DivNoNan Einsum Elu Equal Erf
    Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
    GatherNd GatherV2 Greater GreaterEqual Identity IdentityN If LRN LeakyRelu Less LessEqual Log Log1p
    LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPool3D MaxPoolV2 Maximum Mean Merge
    Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot Pack Pad PadV2 PartitionedCall Placeholder
    PlaceholderWithDefault Pow PreventGradient Prod Range Rank ReadVariableOp RealDiv Reciprocal Relu Relu6
    Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt Select
    SelectV2 Selu Shape ShapeN Sigmoid Sign Sin Size Slice Snapshot Softmax Softplus Softsign
    SpaceToBatchND BatchToSpaceND DepthToSpace SpaceToDepth Split SplitV Sqrt Square SquaredDifference
    Squeeze StatefulPartitionedCall StatelessIf StatelessWhile StopGradient StridedSlice Sub Sum Switch Tan
    Tanh Tile TopKV2 Transpose Unpack VarHandleOp VarIsInitializedOp Where While ZerosLike OnesLike
    """
)


def open_saved_model(folder: Path) -> tuple[Any, list[str]]:
    """The serving function of a SavedModel as a Keras model of one opaque layer, and notes on it.

    Raises:
        UserError: the folder is none, it serves nothing, or its graph does more than compute.
    """
    file = folder / "saved_model.pb"
    if not file.is_file():
        raise UserError(f"The folder {folder.name} holds no model: a SavedModel has a file saved_model.pb.")
    if file.stat().st_size > _LARGEST_GRAPH:
        raise UserError(f"{folder.name}/saved_model.pb is too large to be a graph.")
    signature = _checked(file.read_bytes(), folder.name)
    return _wrapped(folder, signature), [
        "A SavedModel is a finished graph: it predicts, but its layers cannot be looked into or trained."
    ]


def _checked(data: bytes, name: str) -> Any:
    """The serving signature, once every operation that it may reach is known to be harmless."""
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel()
    try:
        message.ParseFromString(data)
    except Exception as error:
        # protobuf's DecodeError; its package has no types.
        raise UserError(f"{name}/saved_model.pb is damaged: get it again.", detail=str(error)) from error
    if not message.meta_graphs:
        raise UserError(f"{name} holds no graph.")
    graph = message.meta_graphs[0]
    if _ENDPOINT not in graph.signature_def:
        raise UserError(f"{name} serves nothing: it has no {_ENDPOINT} signature.")
    for node in graph.object_graph_def.nodes:
        kind = node.WhichOneof("kind")
        if kind in ("asset", "resource"):
            raise UserError(
                f"{name} is not opened, because it brings tables or files that are read on loading."
            )
    signature = graph.signature_def[_ENDPOINT]
    for operation in sorted(_reached(graph.graph_def, signature)):
        if operation not in _HARMLESS:
            raise UserError(f"{name} is not opened, because its graph does more than compute ({operation}).")
    return signature


def _reached(graph: Any, signature: Any) -> set[str]:
    """The operations that computing the signature's outputs may run, functions within functions included."""
    functions = {function.signature.name: function for function in graph.library.function}
    nodes = {node.name: node for node in graph.node}
    found: set[str] = set()
    wanted = [tensor.name.split(":")[0] for tensor in signature.outputs.values()]
    seen: set[str] = set()
    called: list[str] = []
    while wanted:
        name = wanted.pop().lstrip("^").split(":")[0]
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        found.add(nodes[name].op)
        called += _functions_of(nodes[name])
        wanted += nodes[name].input
    # Any function with the endpoint's object is traced when loading; all that it calls counts.
    done: set[str] = set()
    while called:
        name = called.pop()
        if name in done or name not in functions:
            continue
        done.add(name)
        for node in functions[name].node_def:
            found.add(node.op)
            called += _functions_of(node)
    return {operation for operation in found if operation not in functions}


def _functions_of(node: Any) -> list[str]:
    names = [node.op]
    for value in node.attr.values():
        if value.HasField("func"):
            names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return names


def _wrapped(folder: Path, signature: Any) -> Any:
    import keras
    import tensorflow as tf

    if len(signature.inputs) != 1:
        raise UserError(
            f"{folder.name} takes {len(signature.inputs)} inputs; convscope opens SavedModels with one."
        )
    (key, tensor), *_ = signature.inputs.items()
    shape = tuple(None if size.size < 0 else size.size for size in tensor.tensor_shape.dim)
    dtype = tf.dtypes.as_dtype(tensor.dtype).name
    try:
        layer = keras.layers.TFSMLayer(str(folder), call_endpoint=_ENDPOINT, name=_plain(folder.stem))
        inputs = keras.Input(batch_shape=(None, *shape[1:]), dtype=dtype, name=_plain(key))
        outputs = layer(inputs)
    except Exception as error:
        # TensorFlow raises many kinds of errors for folders that are incomplete or from another version.
        raise UserError(f"The SavedModel {folder.name} cannot be loaded.", detail=str(error)) from error
    if isinstance(outputs, dict):
        outputs = [outputs[name] for name in sorted(outputs)]
    return keras.Model(inputs, outputs, name=_plain(folder.stem))


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name) or "model"
