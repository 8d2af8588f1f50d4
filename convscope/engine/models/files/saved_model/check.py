"""A SavedModel before anything of TensorFlow's loads it: checked, and written anew with what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import check_budget, check_regular, is_there, read_bytes
from convscope.core.printable import printable

ENDPOINT = "serving_default"
Shape = tuple[int | None, ...]
_NUMBERS = frozenset(
    [
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
    ]
)
_LARGEST_GRAPH = 1 << 30
# A byte of it makes so many in memory, where its parts are small.
_READ_BYTES = 8


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Operations that only compute. Reading and writing files, Python functions, and tables are not among them.
_HARMLESS = _words(
    """
    Abs Add AddN AddV2 AdjustContrastv2 AdjustHue AdjustSaturation All Any ArgMax ArgMin Assert
    AssignAddVariableOp AssignSubVariableOp AssignVariableOp AvgPool AvgPool3D BatchMatMul BatchMatMulV2
    BatchMatMulV3 BatchToSpaceND BiasAdd Bitcast BroadcastGradientArgs BroadcastTo Cast Ceil ClipByValue
    Concat ConcatV2 Const Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos CropAndResize
    Cumsum DepthToSpace DepthwiseConv2dNative Div DivNoNan Einsum Elu EluGrad EmptyTensorList Enter
    Equal Erf Exit Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2
    FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual HSVToRGB Identity IdentityN If
    ImageProjectiveTransformV3 Inv InvGrad L2Loss LeakyRelu Less LessEqual LinSpace Log Log1p LogicalAnd
    LogicalNot LogicalOr LogSoftmax LoopCond LRN MatMul Max Maximum MaxPool MaxPool3D MaxPoolV2 Mean
    Merge Min Minimum MirrorPad Mul Neg NextIteration NoOp NotEqual OneHot OnesLike Pack Pad PadV2
    PartitionedCall Placeholder PlaceholderWithDefault Pow PreventGradient Prod RandomStandardNormal
    RandomUniform RandomUniformInt Range Rank ReadVariableOp RealDiv Reciprocal ReciprocalGrad Relu
    Relu6 Relu6Grad ReluGrad Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
    ReverseV2 RGBToHSV RngReadAndSkip Round Rsqrt RsqrtGrad Select SelectV2 SelfAdjointEigV2 Selu
    SeluGrad Shape ShapeN Sigmoid SigmoidGrad Sign Sin Size Slice Snapshot Softmax Softplus SoftplusGrad
    Softsign SpaceToBatchND SpaceToDepth Split SplitV Sqrt SqrtGrad Square SquaredDifference Squeeze
    StatefulPartitionedCall StatelessIf StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
    StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt
    StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormal
    StatelessTruncatedNormalV2 StatelessWhile StopGradient StridedSlice Sub Sum Switch Tan Tanh TanhGrad
    TensorListConcat TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather
    TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve
    TensorListResize TensorListScatter TensorListScatterV2 TensorListSetItem TensorListSplit
    TensorListStack Tile TopKV2 Transpose TruncatedNormal Unpack VarHandleOp VarIsInitializedOp Where
    While Xdivy Xlogy ZerosLike
    """
)


# Rarer arithmetic; and what the functions hold that train recurrent layers, which Keras 2 writes beside them.
_RARER = _words(
    """
    AccumulateNV2 Acos Acosh Angle ApproximateEqual Asin Asinh Atan Atan2 Atanh AvgPool3DGrad
    AvgPoolGrad BatchToSpace BesselI0e BesselI1e Betainc BiasAddGrad BiasAddV1 Bincount BitwiseAnd
    BitwiseOr BitwiseXor BroadcastArgs Bucketize Case CheckNumerics Cholesky
    CombinedNonMaxSuppression Complex ComplexAbs ConcatOffset Conj ConjugateTranspose
    Conv2DBackpropFilter Conv3DBackpropFilterV2 Cosh CropAndResizeGradBoxes CropAndResizeGradImage
    Cross CudnnRNN CudnnRNNBackprop CudnnRNNBackpropV2 CudnnRNNBackpropV3 CudnnRNNV2 CudnnRNNV3
    Cumprod CumulativeLogsumexp DataFormatDimMap DataFormatVecPermute DenseBincount
    DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Diag DiagPart Digamma
    Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput DynamicPartition DynamicStitch
    EnsureShape Erfc Erfinv EuclideanNorm ExtractImagePatches FakeQuantWithMinMaxArgs
    FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsGradient
    FakeQuantWithMinMaxVarsPerChannel FakeQuantWithMinMaxVarsPerChannelGradient FFT FFT2D FFT3D
    FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 Gather HistogramFixedWidth IFFT
    IFFT2D IFFT3D Igamma Igammac Imag InTopK InTopKV2 Invert InvertPermutation IRFFT IRFFT2D
    IsFinite IsInf IsNan LeakyReluGrad LeftShift Lgamma ListDiff LowerBound LRNGrad MatrixBandPart
    MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2
    MatrixDiagV3 MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve
    MatrixTriangularSolve MaxPool3DGrad MaxPoolGrad MaxPoolGradV2 MaxPoolGradWithArgmax
    MaxPoolWithArgmax MirrorPadGrad Mod MulNoNan Ndtri NextAfter NonMaxSuppression
    NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NthElement
    OptionalFromValue OptionalGetValue OptionalHasValue OptionalNone ParallelDynamicStitch Polygamma
    PopulationCount Qr QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 Real
    ResizeBicubicGrad ResizeBilinearGrad ResizeNearestNeighborGrad Reverse ReverseSequence RFFT
    RFFT2D RightShift Rint Roll ScaleAndTranslate ScaleAndTranslateGrad ScatterNd SegmentMax
    SegmentMean SegmentMin SegmentProd SegmentSum Sinh SoftmaxCrossEntropyWithLogits SoftsignGrad
    SpaceToBatch SparseSoftmaxCrossEntropyWithLogits SparseToDense StatelessCase StridedSliceGrad
    Svd TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate
    TensorStridedSliceUpdate TopK TruncateDiv TruncateMod Unique UniqueV2 UniqueWithCounts
    UniqueWithCountsV2 UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
    UnsortedSegmentSum UpperBound Xlog1py Zeta
    """
)
ALLOWED = _HARMLESS | _RARER


# TensorFlow's own functions for writing and reading the variables; whoever loads the graph does not get them.
_SAVING = re.compile(r"__inference_+_?traced_(save|restore)_\d+")


@dataclass(frozen=True)
class CheckedGraph:
    """What a folder serves.

    Attributes:
        graph: its file, anew: what predicting needs, and nothing else.
        input: the name, shape and dtype of what it takes.
        outputs: shapes and dtypes by name.
        weights: how many numbers the variables hold that it reads.
    """

    graph: bytes
    input: tuple[str, Shape, str]
    outputs: Mapping[str, tuple[Shape, str]]
    weights: int


def check(folder: Path) -> CheckedGraph:
    """Read a SavedModel without loading it, and leave only what predicting needs.

    TensorFlow imports every function of a file on loading, called or not, and evaluates what is constant in
    it: so every node of every function is looked at here, and those that are not needed are left out.

    Raises:
        UserError: the folder is none, it serves nothing, or its graph does more than compute.
    """
    file = folder / "saved_model.pb"
    if not is_there(file):
        raise UserError(f"The folder {folder.name} holds no model: a SavedModel has a file saved_model.pb.")
    size = check_regular(file, "a SavedModel's graph", _LARGEST_GRAPH)
    check_budget(_READ_BYTES * size, f"{folder.name}/saved_model.pb takes")
    data = read_bytes(file, _LARGEST_GRAPH, "a SavedModel's graph")
    try:
        return _checked(data, folder)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # A number in it may lead to a part that is not there, or be of none.
        raise UserError(
            f"{folder.name}/saved_model.pb is damaged: get it again.", detail=repr(error)[:1000]
        ) from error


def _checked(data: bytes, folder: Path) -> CheckedGraph:
    message = _message(data, folder.name)
    graph = message.meta_graphs[0]
    signature = graph.signature_def[ENDPOINT]
    if len(signature.inputs) != 1:
        raise UserError(
            f"{folder.name} takes {len(signature.inputs)} inputs; convscope opens SavedModels with one."
        )
    if not signature.outputs:
        raise UserError(f"{folder.name} puts nothing out: its {ENDPOINT} signature has no outputs.")
    for each in (*signature.inputs, *signature.outputs):
        if printable(each) != each:
            raise UserError(
                f"{folder.name} is not opened, because it calls an input or output {printable(each)[:80]}: "
                "names of lines or of codes for a terminal are made to deceive."
            )
    (key, tensor), *_ = signature.inputs.items()
    outputs = {name: _described(signature.outputs[name], folder.name) for name in sorted(signature.outputs)}
    _strip(graph)
    described = (key, *_described(tensor, folder.name))
    return CheckedGraph(message.SerializeToString(), described, outputs, _weights(graph.object_graph_def))


def _weights(objects: Any) -> int:
    """How many numbers the variables hold that the served function reads."""
    function = objects.concrete_functions[_served(objects).bare_concrete_function.concrete_function_name]
    shapes = (
        objects.nodes[number].variable.shape
        for number in set(function.bound_inputs)
        if objects.nodes[number].WhichOneof("kind") == "variable"
    )
    return sum(prod(max(size.size, 0) for size in shape.dim) for shape in shapes)


def _described(tensor: Any, name: str) -> tuple[Shape, str]:
    import tensorflow as tf

    try:
        dtype = tf.dtypes.as_dtype(tensor.dtype).name
    except TypeError as error:
        raise UserError(f"{name} has an input or output of an unknown type.", detail=str(error)) from error
    if dtype not in _NUMBERS:
        raise UserError(f"{name} takes or puts out {dtype}, not numbers: convscope cannot show that.")
    if tensor.tensor_shape.unknown_rank:
        raise UserError(f"{name} does not say how many dimensions its input and outputs have.")
    shape = tuple(None if size.size < 0 else size.size for size in tensor.tensor_shape.dim)
    return shape, dtype


def _strip(graph: Any) -> None:
    """Leave the signature's function, those that it calls, their gradients, constants and variables."""
    objects, library = graph.object_graph_def, graph.graph_def.library
    served = _served(objects).bare_concrete_function.concrete_function_name
    functions = {function.signature.name: function for function in library.function}
    kept = _called(functions, [served], _gradients(library))
    _keep(library.function, lambda function: function.signature.name in kept)
    _keep(library.gradient, lambda pair: pair.function_name in kept and pair.gradient_func in kept)
    _keep(library.registered_gradients, lambda each: each.gradient_func in kept)
    # Constants that functions have captured are looked up among these nodes.
    _keep(graph.graph_def.node, lambda node: node.op == "Const")
    for name in [name for name in objects.concrete_functions if name != served]:
        del objects.concrete_functions[name]
    signatures = _child(objects, objects.nodes[0], "signatures")
    _keep(signatures.children, lambda child: child.local_name == ENDPOINT)
    signatures.user_object.identifier = "signature_map"
    for node in objects.nodes:
        # What an optimizer kept beside the variables is of no use here, and TensorFlow cannot bring it back.
        for field in ("slot_variables", "saveable_objects", "registered_saver"):
            node.ClearField(field)
        kind = node.WhichOneof("kind")
        if kind == "function":
            node.function.ClearField("concrete_functions")
        elif kind == "bare_concrete_function":
            if node.bare_concrete_function.concrete_function_name != served:
                _make_plain(node)
        elif kind == "user_object" and node is not signatures:
            _make_plain(node)
    for name in [name for name in graph.signature_def if name != ENDPOINT]:
        del graph.signature_def[name]
    for field in ("saver_def", "collection_def", "asset_file_def"):
        graph.ClearField(field)


def _make_plain(node: Any) -> None:
    """An object that only holds others together."""
    node.user_object.Clear()
    node.user_object.identifier = "_generic_user_object"
    node.user_object.version.producer = 1
    node.user_object.version.min_consumer = 1


def _keep(repeated: Any, wanted: Callable[[Any], bool]) -> None:
    for index in reversed(range(len(repeated))):
        if not wanted(repeated[index]):
            del repeated[index]


def _message(data: bytes, name: str) -> Any:
    """The file, once all that loading or predicting may run is known to be harmless."""
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
    if ENDPOINT not in graph.signature_def or endpoint is None:
        raise UserError(f"{name} serves nothing: it has no {ENDPOINT} signature.")
    if any(child.local_name == ENDPOINT for child in objects.nodes[0].children):
        raise UserError(f"{name} is not opened, because it calls something else {ENDPOINT}, too.")
    for operation in sorted(_operations(graph)):
        if operation not in ALLOWED:
            raise UserError(f"{name} is not opened, because its graph does more than compute ({operation}).")
    return message


def _served(objects: Any) -> Any:
    """The object that is called for predictions, None without."""
    found = objects.nodes[0] if objects.nodes else None
    for name in ("signatures", ENDPOINT):
        found = _child(objects, found, name) if found is not None else None
    return found


def _child(objects: Any, node: Any, name: str) -> Any:
    number = {child.local_name: child.node_id for child in node.children}.get(name)
    return objects.nodes[number] if number is not None and 0 <= number < len(objects.nodes) else None


def _operations(graph: Any) -> set[str]:
    """The operations of every function of the file, called or not, but for those that save and restore."""
    library = graph.graph_def.library
    functions = {function.signature.name: function for function in library.function}
    called = [*graph.object_graph_def.concrete_functions]
    for node in graph.object_graph_def.nodes:
        called += [*node.function.concrete_functions, node.bare_concrete_function.concrete_function_name]
        for saveable in node.saveable_objects.values():
            called += _names_of(graph.object_graph_def, saveable.save_function, saveable.restore_function)
    # A name alone excuses nothing: what anything calls is looked at, whatever it is called.
    reached = _called(functions, called, _gradients(library))
    looked_at = [
        function for name, function in functions.items() if name in reached or not _SAVING.fullmatch(name)
    ]
    return {node.op for function in looked_at for node in function.node_def if node.op not in functions}


def _names_of(objects: Any, *numbers: int) -> list[str]:
    """The functions of some objects that are such; 0 is none of them."""
    found = []
    for number in numbers:
        if 0 < number < len(objects.nodes):
            node = objects.nodes[number]
            found += [*node.function.concrete_functions, node.bare_concrete_function.concrete_function_name]
    return [name for name in found if not _SAVING.fullmatch(name)]


def _gradients(library: Any) -> list[str]:
    return [gradient.gradient_func for gradient in (*library.registered_gradients, *library.gradient)]


def _called(functions: Mapping[str, Any], names: Iterable[str], more: Iterable[str]) -> set[str]:
    """These functions and all that they call, functions within functions included."""
    called, done = [*names, *more], set[str]()
    while called:
        name = called.pop()
        if name in done or name not in functions:
            continue
        done.add(name)
        for node in functions[name].node_def:
            called += _functions_of(node)
    return done


def _functions_of(node: Any) -> list[str]:
    names = [node.op]
    for value in node.attr.values():
        if value.HasField("func"):
            names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return names
