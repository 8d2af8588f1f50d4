"""Every network of `keras.applications`: its size, its published accuracy, and what it expects of an image.

Accuracies and sizes are those that keras.io/api/applications publishes: one network, one crop of each image
of ImageNet's validation set; MobileNetV3 from its Keras docstring; ConvNeXt Base, Large and XLarge saw
ImageNet-21k first. Parameters are Keras's own counts. Depths are counted as papers do, layers with weights on
the longest way (keras.io's own list counts activations and normalisation as well).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Application:
    """One row of the table.

    Attributes:
        name: of the function in `keras.applications`.
        year: of its paper.
        parameters: with the 1,000-class classifier.
        base_parameters, base_trained: without it; those of them that training changes.
        depth: layers with weights (convolutions and dense) on the longest way, its classifier with them.
        megabytes: of the weights file.
        top1, top5: published ImageNet accuracy in percent; None where nobody does.
        input_size: height and width of its default input.
        smallest: the smallest height and width it can take.
        channels: of its last maps.
        mode: how pixels are prepared: "caffe", "tf", "torch" (see `preprocessing`) or "raw" (by the network).
        shrink: how its maps shrink, step by step: c half rounded up, f half rounded down, s and v a 3×3
            window without padding (stride 2 and 1), q a quarter.
    """

    name: str
    year: int
    parameters: int
    base_parameters: int
    base_trained: int
    depth: int
    megabytes: int
    top1: float
    top5: float | None
    input_size: int
    smallest: int
    channels: int
    mode: str
    shrink: str


def shrunk(application: Application, size: int | None) -> int | None:
    """Height or width of the last maps for images of `size`; None where that is free."""
    if size is None:
        return None
    for step in application.shrink:
        if step == "c":
            size = -(-size // 2)
        elif step == "f":
            size //= 2
        elif step == "s":
            size = (size - 3) // 2 + 1
        elif step == "v":
            size -= 2
        else:
            size //= 4
    return size


def counted(application: Application, include_top: bool, size: tuple[int | None, ...]) -> int | None:
    """All weights of an application, with or without its classifier, for images of a size.

    Returns:
        None where they depend on a free size, or on other channels than red, green and blue.
    """
    if size[2:] != (3,):
        return None
    if not include_top:
        return application.base_parameters
    if not application.name.startswith("VGG"):
        # Their last maps are averaged before the classifier, whatever their size.
        return application.parameters
    height, width = (shrunk(application, side) for side in size[:2])
    if height is None or width is None:
        return None
    usual = shrunk(application, application.input_size) or 0
    units = 4096
    return application.parameters + (height * width - usual * usual) * application.channels * units


_TABLE = """\
name             year parameters      base base_trained depth   MB top1 top5 input least channels  mode shrink
Xception         2016   22910480  20861480     20806952    37   88 79.0 94.5   299    71     2048    tf svcccc
VGG16            2014  138357544  14714688     14714688    16  528 71.3 90.1   224    32      512 caffe fffff
VGG19            2014  143667240  20024384     20024384    19  549 71.3 90.0   224    32      512 caffe fffff
ResNet50         2015   25636712  23587712     23534592    50   98 74.9 92.1   224    32     2048 caffe ccccc
ResNet101        2015   44707176  42658176     42552832   101  171 76.4 92.8   224    32     2048 caffe ccccc
ResNet152        2015   60419944  58370944     58219520   152  232 76.6 93.1   224    32     2048 caffe ccccc
ResNet50V2       2016   25613800  23564800     23519360    50   98 76.0 93.0   224    32     2048    tf ccccc
ResNet101V2      2016   44675560  42626560     42528896   101  171 77.2 93.8   224    32     2048    tf ccccc
ResNet152V2      2016   60380648  58331648     58187904   152  232 78.0 94.2   224    32     2048    tf ccccc
InceptionV3      2015   23851784  21802784     21768352    48   92 77.9 93.7   299    75     2048   tf svsvsss
InceptionResNetV2 2016  55873736  54336736     54276192   176  215 80.3 95.3   299    75     1536   tf svsvsss
MobileNet        2017    4253864   3228864      3206976    28   16 70.4 89.5   224    32     1024    tf ccccc
MobileNetV2      2018    3538984   2257984      2223872    53   14 71.3 90.1   224    32     1280    tf ccccc
MobileNetV3Small 2019    2554968    939120       927008    54   10 68.1    -   224    32      576   raw ccccc
MobileNetV3Large 2019    5507432   2996352      2971952    64   21 75.6    -   224    32      960   raw ccccc
DenseNet121      2016    8062504   7037504      6953856   121   33 75.0 92.3   224    32     1024 torch ccfff
DenseNet169      2016   14307880  12642880     12484480   169   57 76.2 93.2   224    32     1664 torch ccfff
DenseNet201      2016   20242984  18321984     18092928   201   80 77.3 93.6   224    32     1920 torch ccfff
NASNetMobile     2017    5326716   4269716      4232978    58   23 74.4 91.9   224    32     1056    tf scccc
NASNetLarge      2017   88949818  84887922     84691590    76  343 82.5 96.0   331    32     4032    tf scccc
EfficientNetB0   2019    5330571   4049571      4007548    82   29 77.1 93.3   224    32     1280   raw ccccc
EfficientNetB1   2019    7856239   6575239      6513184   116   31 79.1 94.4   240    32     1280   raw ccccc
EfficientNetB2   2019    9177569   7768569      7700994   116   36 80.1 94.9   260    32     1408   raw ccccc
EfficientNetB3   2019   12320535  10783535     10696232   131   48 81.6 95.7   300    32     1536   raw ccccc
EfficientNetB4   2019   19466823  17673823     17548616   161   75 82.9 96.4   380    32     1792   raw ccccc
EfficientNetB5   2019   30562527  28513527     28340784   195  118 83.6 96.7   456    32     2048   raw ccccc
EfficientNetB6   2019   43265143  40960143     40735704   225  166 84.0 96.8   528    32     2304   raw ccccc
EfficientNetB7   2019   66658687  64097687     63786960   274  256 84.3 97.0   600    32     2560   raw ccccc
EfficientNetV2B0 2021    7200312   5919312      5858704    92   29 78.7 94.3   224    32     1280   raw ccccc
EfficientNetV2B1 2021    8212124   6931124      6860052   112   34 79.8 95.0   240    32     1280   raw ccccc
EfficientNetV2B2 2021   10178374   8769374      8687086   117   42 80.5 95.1   260    32     1408   raw ccccc
EfficientNetV2B3 2021   14467622  12930622     12821406   137   59 82.0 95.8   300    32     1536   raw ccccc
EfficientNetV2S  2021   21612360  20331360     20177488   171   88 83.9 96.7   384    32     1280   raw ccccc
EfficientNetV2M  2021   54431388  53150388     52858356   246  220 85.3 97.4   480    32     1280   raw ccccc
EfficientNetV2L  2021  119027848 117746848    117234272   340  479 85.7 97.5   480    32     1280   raw ccccc
ConvNeXtTiny     2022   28589128  27820128     27820128    59  109 81.3    -   224    32      768   raw qfff
ConvNeXtSmall    2022   50223688  49454688     49454688   113  192 82.3    -   224    32      768   raw qfff
ConvNeXtBase     2022   88591464  87566464     87566464   113  339 85.3    -   224    32     1024   raw qfff
ConvNeXtLarge    2022  197767336 196230336    196230336   113  755 86.3    -   224    32     1536   raw qfff
ConvNeXtXLarge   2022  350196968 348147968    348147968   113 1310 86.7    -   224    32     2048   raw qfff
"""


def _read() -> dict[str, Application]:
    rows = {}
    for line in _TABLE.splitlines()[1:]:
        name, *cells, shrink = line.split()
        year, parameters, base, trained, depth, size, top1, top5, pixels, least, channels, mode = cells
        rows[name] = Application(
            name,
            int(year),
            int(parameters),
            int(base),
            int(trained),
            int(depth),
            int(size),
            float(top1),
            None if top5 == "-" else float(top5),
            int(pixels),
            int(least),
            int(channels),
            mode,
            shrink,
        )
    return rows


APPLICATIONS: dict[str, Application] = _read()
