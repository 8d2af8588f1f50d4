"""Everything that a model file may name. What is not here is not opened: it could be code.

Left out on purpose: Lambda and wrappers of other frameworks (they run what the file says), TFSMLayer and text
vocabularies (they read other files), operations that take functions.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = frozenset({"Sequential", "Functional", "Model"})

LAYERS = _words(
    """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast
    Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
    CategoryEncoding CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix Dense
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization
    Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxNumBoundingBoxes MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MixUp MultiHeadAttention
    Multiply Normalization PReLU Permute RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation
    RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN
    SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization UpSampling1D
    UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """
)

# Layers that keras.applications defines for itself, with the module of each.
APPLICATION_LAYERS = {
    "LayerScale": ("keras.src.applications.convnext",),
    "StochasticDepth": ("keras.src.applications.convnext",),
    "CustomScaleLayer": ("keras.src.applications.inception_resnet_v2",),
}

INITIALIZERS = _words(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal
    VarianceScaling Zeros
    """
)
REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
POLICIES = frozenset({"DTypePolicy", "FloatDTypePolicy", "Policy", "DTypePolicyMap"})

ACTIVATIONS = _words(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """
)

# Functions of keras.ops in a functional model's graph: arithmetic and shapes only.
OPERATIONS = _words(
    """
    Abs Absolute Add Average AveragePool BatchNormalization BroadcastTo Cast Celu Clip Concatenate Conv
    DepthwiseConv Divide DivideNoNan Einsum Elu Exp ExpandDims Expm1 Flip FloorDivide Gelu GetItem Glu
    HardSigmoid HardSilu HardShrink HardTanh Identity LeakyRelu Log Log1p LogSigmoid LogSoftmax Matmul Max
    MaxPool Maximum Mean Min Minimum Moveaxis Multiply Negative Normalize Pad Permute Power Prod Relu Relu6
    Repeat Reshape Resize Rsqrt Selu SeparableConv Sigmoid Sign Silu Softmax Softplus Softsign Split Sqrt
    Square Squeeze Stack Std Subtract Sum Swapaxes Take Tanh Tensordot Tile Transpose TrueDivide Var Where
    """
)

# Layers of Keras 2 alone, which `legacy` turns into others.
LEGACY_LAYERS = frozenset({"ThresholdedReLU", "RandomHeight", "RandomWidth"})

# How Keras 2 writes a TensorFlow function into a graph.
LEGACY_OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda"})

# What a config calls by these names is a value, not an object.
VALUES = frozenset(
    {"__keras_tensor__", "__numpy__", "__tensor__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__"}
)

# What such a value may consist of.
NUMBERS = _words(
    """
    bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 bfloat16 float32 float64
    """
)

# Where Keras 2 and 3 say that the names above live.
HOMES = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.dtype_policies",
    "keras.mixed_precision",
    "keras.ops",
    "builtins",
)
HOME_PREFIXES = (
    "keras.src.",
    "keras.ops.",
    "keras.layers.",
    "keras.engine.",
    "tensorflow.keras.",
    "tensorflow.python.keras.",
    "tf_keras.",
)
