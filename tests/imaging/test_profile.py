"""Embedded colour profiles: the colours of a photograph, not its numbers, are what opens."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from built import decode_image
from PIL import Image as PillowImage
from PIL import ImageCms
from profiles import ADOBE, P3, SRGB, cmyk_profile, gray_profile, rgb_profile

from convscope.engine.data.decode import decode, read_thumbnail
from convscope.engine.data.resize import Target
from convscope.imaging.image import Image
from convscope.imaging.io.load import list_images, load_image, thumbnail
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.script import to_python

WIDE = rgb_profile("Wide P3", P3, 2.2)
ADOBE_RGB = rgb_profile("Adobe alike", ADOBE, 563 / 256)
COLOURS = np.array(
    [[[200, 100, 50], [30, 160, 220], [90, 90, 90]], [[255, 255, 255], [0, 0, 0], [120, 60, 180]]], np.uint8
)
BECAME = "colour profile “{}” became sRGB"
IGNORED = "its colour profile is damaged or of another kind, and was not used"
# Of all 16 mixtures: paper is white, ink is darker, and mixtures darker still.
INKS = {
    (c, m, y, k): (95 * 0.55 ** (c + m + y) * 0.1**k, -40 * c + 60 * m - 4 * y, -45 * c - 5 * m + 80 * y)
    for c in (0, 1)
    for m in (0, 1)
    for y in (0, 1)
    for k in (0, 1)
}
INKS = {inks: (lab if not inks[3] else (lab[0], 0, 0)) for inks, lab in INKS.items()}
PRESS = cmyk_profile("A press", INKS)


def saved(picture: PillowImage.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def srgb_of(xyz: np.ndarray) -> np.ndarray:
    """CIE XYZ under D50 as sRGB's numbers, cut off at its gamut."""
    light = np.clip(xyz @ np.linalg.inv(np.array(SRGB)), 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def by_hand(colours: np.ndarray, primaries: tuple[tuple[float, ...], ...], gamma: float) -> np.ndarray:
    """To light, to XYZ, to sRGB."""
    return srgb_of((colours / 255.0) ** gamma @ np.array(primaries))


def by_lab(lab: tuple[float, float, float]) -> np.ndarray:
    """CIE Lab under D50, to XYZ, to sRGB."""
    y = (lab[0] + 16) / 116
    roots = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    linear = 3 * (6 / 29) ** 2 * (roots - 4 / 29)
    return srgb_of(np.where(roots > 6 / 29, roots**3, linear) * (0.9642, 1.0, 0.8249))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("profile", "name", "primaries", "gamma"),
    [(WIDE, "Wide P3", P3, 2.2), (ADOBE_RGB, "Adobe alike", ADOBE, 563 / 256)],
    ids=["P3", "Adobe"],
)
def test_wide_gamuts_become_srgb(
    file_format: str, profile: bytes, name: str, primaries: tuple[tuple[float, ...], ...], gamma: float
) -> None:
    options: dict[str, object] = {"lossless": True} if file_format == "WEBP" else {}
    data = saved(PillowImage.fromarray(COLOURS), file_format, icc_profile=profile, **options)
    image = decode_image(data, "photo")
    np.testing.assert_allclose(image.values, by_hand(COLOURS, primaries, gamma), atol=1.6)
    assert np.abs(image.values.astype(int) - COLOURS).max() > 10
    assert image.notes == (BECAME.format(name),)
    # In a data set it is the same photograph.
    assert np.array_equal(decode(data), image.values)


def test_srgb_itself_stays_as_it_is() -> None:
    built_in = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(PillowImage.fromarray(COLOURS), "PNG", icc_profile=built_in)
    image = decode_image(data, "photo")
    assert np.array_equal(image.values, COLOURS)
    assert image.notes == ()


def test_a_jpeg_of_a_phone(tmp_path: Path) -> None:
    """Whole, as a preview, in a data set, and there also shrunk and gray."""
    flat = np.full((160, 240, 3), (200, 100, 50), np.uint8)
    data = saved(PillowImage.fromarray(flat), "JPEG", quality=100, icc_profile=WIDE)
    path = tmp_path / "phone.jpg"
    path.write_bytes(data)
    expected = by_hand(flat[:1, :1], P3, 2.2)[0, 0]
    for pixels in (
        load_image(path).values,
        thumbnail(path, 32),
        decode(data),
        decode(data, Target(16, 16, 3)),
        read_thumbnail(path, 24),
    ):
        np.testing.assert_allclose(pixels.reshape(-1, 3).mean(axis=0), expected, atol=3)
    gray = expected @ [0.299, 0.587, 0.114]
    assert abs(decode(data, Target(16, 16, 1)).mean() - gray) < 3


def test_a_cmyk_photograph_shows_its_inks() -> None:
    for inks in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 1, 1, 0)):
        picture = PillowImage.new("CMYK", (16, 16), tuple(255 * ink for ink in inks))
        # Paper becomes white and the darkest ink black, which brightens all between a little.
        expected = by_lab(INKS[inks]), by_lab((INKS[inks][0] * 100 / 95, *INKS[inks][1:]))
        for file_format in ("TIFF", "JPEG"):
            data = saved(picture, file_format, icc_profile=PRESS)
            image = decode_image(data, "print")
            assert image.values.shape == (16, 16, 3)
            assert (image.values[8, 8] >= np.minimum(*expected) - 12).all()
            assert (image.values[8, 8] <= np.maximum(*expected) + 12).all()
            assert image.notes == ("CMYK became RGB", BECAME.format("A press"))
            np.testing.assert_allclose(decode(data), image.values, atol=1)
    paper = PillowImage.new("CMYK", (16, 16))
    assert decode_image(saved(paper, "TIFF", icc_profile=PRESS), "print").values.min() >= 235
    picture = PillowImage.new("CMYK", (16, 16), (0, 0, 255, 0))
    plain = decode_image(saved(picture, "TIFF"), "print")
    assert plain.notes == ("CMYK became RGB",)
    assert plain.values[0, 0].tolist() == [255, 255, 0]


def test_gray_stays_gray() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(4, axis=0)
    dark = gray_profile("Gamma 1.8", 1.8)
    expected = by_hand(ramp[..., None].repeat(3, axis=2), SRGB, 1.8)[..., 0]
    for wide in (False, True):
        picture = PillowImage.fromarray(ramp.astype(np.uint16) * 257 if wide else ramp)
        image = decode_image(saved(picture, "PNG", icc_profile=dark), "gray")
        assert image.channels == 1
        np.testing.assert_allclose(image.values, expected, atol=1.6)
        assert BECAME.format("Gamma 1.8") in image.notes
    # Some programs leave the RGB profile with a picture that they made gray.
    image = decode_image(saved(PillowImage.fromarray(ramp), "PNG", icc_profile=ADOBE_RGB), "gray")
    np.testing.assert_allclose(
        image.values, by_hand(ramp[..., None].repeat(3, 2), SRGB, 2.2)[..., 0], atol=1.6
    )


def test_palette_and_transparent_pictures() -> None:
    picture = PillowImage.new("P", (2, 1))
    picture.putpalette([200, 100, 50, 30, 160, 220])
    picture.putpixel((1, 0), 1)
    image = decode_image(saved(picture, "PNG", icc_profile=WIDE), "palette")
    np.testing.assert_allclose(image.values, by_hand(COLOURS[:1, :2], P3, 2.2), atol=1.6)
    half = PillowImage.fromarray(np.dstack([COLOURS, np.full((2, 3), 128, np.uint8)]))
    image = decode_image(saved(half, "PNG", icc_profile=WIDE), "half")
    alpha = 128 / 255
    np.testing.assert_allclose(image.values, by_hand(COLOURS, P3, 2.2) * alpha + 255 * (1 - alpha), atol=2)
    assert image.notes == (BECAME.format("Wide P3"), "transparency laid over white")


@pytest.mark.parametrize(
    "profile",
    [
        b"x",
        b"rubbish" * 100,
        WIDE[:200],
        WIDE[:128] + bytes(len(WIDE) - 128),
        PRESS,
        gray_profile("Gray", 1.8),
    ],
    ids=["a byte", "rubbish", "cut", "zeros", "for inks", "for grays"],
)
def test_a_profile_that_cannot_be_used_keeps_nothing_out(profile: bytes) -> None:
    data = saved(PillowImage.fromarray(COLOURS), "PNG", icc_profile=profile)
    image = decode_image(data, "photo")
    assert np.array_equal(image.values, COLOURS)
    assert image.notes == (IGNORED,)
    assert np.array_equal(decode(data), COLOURS)


def test_hundreds_of_damaged_profiles_open() -> None:
    random = np.random.default_rng(5)
    picture = PillowImage.fromarray(COLOURS)
    for number in range(200):
        damaged = bytearray(WIDE if number % 2 else PRESS)
        for place in random.integers(0, len(damaged), 4):
            damaged[place] = random.integers(256)
        source = picture if number % 2 else picture.convert("CMYK")
        data = saved(source, "TIFF", icc_profile=bytes(damaged))
        assert decode_image(data, "photo").values.shape == (2, 3, 3)


def test_a_name_is_one_short_line() -> None:
    profile = rgb_profile("two\nlines " + "x" * 500, P3, 2.2)
    image = decode_image(saved(PillowImage.fromarray(COLOURS), "PNG", icc_profile=profile), "photo")
    assert len(image.notes[0]) < 100 and "\n" not in image.notes[0]


@pytest.mark.parametrize("kind", ["RGB", "CMYK", "L"])
def test_a_script_does_the_same(kind: str, tmp_path: Path) -> None:
    picture = PillowImage.fromarray(COLOURS.repeat(4, axis=0).repeat(4, axis=1)).convert(kind)
    profile = {"RGB": WIDE, "CMYK": PRESS, "L": gray_profile("Gamma 1.8", 1.8)}[kind]
    path = tmp_path / "photo.tif"
    picture.save(path, icc_profile=profile)
    image: Image = load_image(path)
    made: dict[str, object] = {}
    exec(to_python(image, (Operation(),), "clip", str(tmp_path / "out.png")), made)
    np.testing.assert_allclose(made["result"], ChainRunner().run(image, (Operation(),))[-1].values, atol=1e-4)


def test_avif_opens_everywhere(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    blocks = COLOURS.repeat(16, axis=0).repeat(16, axis=1)
    data = saved(PillowImage.fromarray(blocks), "AVIF", quality=100, subsampling="4:4:4", exif=exif.tobytes())
    path = tmp_path / "photo.AVIF"
    path.write_bytes(data)
    image = load_image(path)
    np.testing.assert_allclose(image.values, np.rot90(blocks, -1), atol=4)
    assert image.notes == ("turned upright, as the camera noted",)
    assert list_images(tmp_path) == [path]
    assert np.array_equal(decode(data), image.values)


def test_avif_without_its_decoder_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.core.errors import UserError
    from convscope.imaging.io import decode as module

    monkeypatch.setattr(module, "AVIF", False)
    monkeypatch.setattr(module, "FORMATS", tuple(name for name in module.FORMATS if name != "AVIF"))
    with pytest.raises(UserError, match=r"photo\.avif is an AVIF picture, which needs Pillow 11\.3"):
        decode_image(b"\0\0\0\x20ftypavif" + bytes(100), "photo.avif")
