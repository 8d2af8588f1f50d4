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
    Abs Add AddN AddV2 AdjustContrastv2 AdjustHue AdjustSaturation All Any ArgMax ArgMin Assert
    AssignAddVariableOp AssignSubVariableOp AssignVariableOp AvgPool AvgPool3D BatchMatMul BatchMatMulV2
    BatchMatMulV3 BatchToSpaceND BiasAdd Bitcast BroadcastGradientArgs BroadcastTo Cast Ceil ClipByValue
    Concat ConcatV2 Const Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos CropAndResize Cumsum
    DepthToSpace DepthwiseConv2dNative Div DivNoNan Einsum Elu EluGrad Equal Erf Exp ExpandDims Expm1 Fill
    Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 GatherNd GatherV2 Greater
    GreaterEqual HSVToRGB Identity IdentityN If ImageProjectiveTransformV3 Inv InvGrad L2Loss LeakyRelu
    Less LessEqual LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr LogSoftmax LRN MatMul Max Maximum
    MaxPool MaxPool3D MaxPoolV2 Mean Merge Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot OnesLike
    Pack Pad PadV2 PartitionedCall Placeholder PlaceholderWithDefault Pow PreventGradient Prod
    RandomStandardNormal RandomUniform RandomUniformInt Range Rank ReadVariableOp RealDiv Reciprocal
    ReciprocalGrad Relu Relu6 Relu6Grad ReluGrad Reshape ResizeArea ResizeBicubic ResizeBilinear
    ResizeNearestNeighbor ReverseV2 RGBToHSV RngReadAndSkip Round Rsqrt RsqrtGrad Select SelectV2
    SelfAdjointEigV2 Selu SeluGrad Shape ShapeN Sigmoid SigmoidGrad Sign Sin Size Slice Snapshot Softmax
    Softplus SoftplusGrad Softsign SpaceToBatchND SpaceToDepth Split SplitV Sqrt SqrtGrad Square
    SquaredDifference Squeeze StatefulPartitionedCall StatelessIf StatelessRandomGetAlg
    StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
    StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformFullInt
    StatelessRandomUniformFullIntV2 StatelessRandomUniformInt StatelessRandomUniformIntV2
    StatelessRandomUniformV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 StatelessWhile
    StopGradient StridedSlice Sub Sum Switch Tan Tanh TanhGrad Tile TopKV2 Transpose TruncatedNormal
    Unpack VarHandleOp VarIsInitializedOp Where While Xdivy Xlogy ZerosLike
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
    """The serving signature, once all that loading or predicting may run is known to be harmless."""
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
    if len(message.meta_graphs) > 1 or not graph.HasField("object_graph_def"):
        raise UserError(
            f"{name} is not opened, because TensorFlow 1 wrote it: loading such a folder runs what it says."
        )
    objects = graph.object_graph_def
    if any(node.WhichOneof("kind") in ("asset", "resource") for node in objects.nodes):
        raise UserError(f"{name} is not opened, because it brings tables or files that are read on loading.")
    endpoint = _served(objects)
    if _ENDPOINT not in graph.signature_def or endpoint is None:
        raise UserError(f"{name} serves nothing: it has no {_ENDPOINT} signature.")
    if any(child.local_name == _ENDPOINT for child in objects.nodes[0].children):
        raise UserError(f"{name} is not opened, because it calls something else {_ENDPOINT}, too.")
    for operation in sorted(_reached(graph)):
        if operation not in _HARMLESS:
            raise UserError(f"{name} is not opened, because its graph does more than compute ({operation}).")
    return graph.signature_def[_ENDPOINT]


def _served(objects: Any) -> Any:
    """The object that is called for predictions, None without."""
    found = objects.nodes[0] if objects.nodes else None
    for name in ("signatures", _ENDPOINT):
        children = {child.local_name: child.node_id for child in found.children} if found else {}
        number = children.get(name)
        found = objects.nodes[number] if number is not None and number < len(objects.nodes) else None
    return found


def _reached(graph: Any) -> set[str]:
    """The operations that any function of the file's objects may run, functions within functions included.

    Loading calls more than the signature: an object's own way of being restored, for one, which can be any
    function by name; and explaining calls the gradients that the file brings along.
    """
    library = graph.graph_def.library
    functions = {function.signature.name: function for function in library.function}
    called = [*graph.object_graph_def.concrete_functions]
    for node in graph.object_graph_def.nodes:
        called += [*node.function.concrete_functions, node.bare_concrete_function.concrete_function_name]
    called += [gradient.gradient_func for gradient in library.registered_gradients]
    called += [gradient.gradient_func for gradient in library.gradient]
    found: set[str] = set()
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
