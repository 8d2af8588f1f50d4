"""Photographs of phones: HEIC and AVIF, upright once, of more than 8 bits, with alpha, everywhere."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from built import check, decode_image, saved
from PIL import Image as PillowImage
from profiles import P3, rgb_profile

from convscope.core.errors import DamagedError, KindNotReadError
from convscope.core.process_state import picture_formats
from convscope.engine.data.decode import decode, quick_check
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.resize import Target
from convscope.imaging.io.load import list_images, load_image, thumbnail
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.script import to_python

OPENED = "HEIC, opened by pillow-heif"
UPRIGHT = "turned upright, as the camera noted"
EXACT = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3)).astype(np.uint8)


def heic(pixels: np.ndarray, **options: object) -> bytes:
    """Without loss."""
    assert picture_formats.heif()
    return saved(PillowImage.fromarray(pixels), "HEIF", **{**EXACT, **options})


def wide_heic(values: np.ndarray, mode: str, *, deep: bool) -> bytes:
    """16-bit numbers, of which the file keeps the highest 10, or 12."""
    file = pillow_heif.from_bytes(mode=mode, size=values.shape[1::-1], data=values.tobytes())
    buffer = io.BytesIO()
    pillow_heif.options.SAVE_HDR_TO_12_BIT = deep
    try:
        file.save(buffer, **EXACT)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    return buffer.getvalue()


def test_a_heic_is_read_exactly() -> None:
    check(heic(PIXELS), PIXELS, OPENED)
    check(heic(PIXELS[..., 0]), PIXELS[..., 0], OPENED)


def test_transparency_is_laid_over_white() -> None:
    alpha = np.where(PIXELS[..., 0] > 99, 255, 51).astype(np.uint8)
    total = PIXELS * alpha[..., None].astype(int) + 255 * (255 - alpha[..., None].astype(int))
    check(heic(np.dstack([PIXELS, alpha])), (2 * total + 255) // 510, OPENED, "transparency laid over white")


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_more_than_8_bits_are_rounded(bits: int, mode: str) -> None:
    full = 2**bits - 1
    colours = np.random.default_rng(1).integers(0, full + 1, (16, 24, 3))
    expected = (colours * 255 + full // 2) // full
    values = colours
    notes = (OPENED, f"{bits} bits a channel reduced to 8")
    if mode == "RGBA":
        clear = np.arange(16 * 24).reshape(16, 24) % 3 == 0
        values = np.dstack([colours, np.where(clear, 0, full)])
        expected = np.where(clear[..., None], 255, expected)
        notes = (OPENED, "transparency laid over white", notes[1])
    data = wide_heic((values << (16 - bits)).astype(np.uint16), f"{mode};16", deep=bits == 12)
    check(data, expected, *notes)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_once(orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[274] = orientation
    # The file says it twice: in EXIF, and to its decoder.
    data = heic(PIXELS, exif=exif.tobytes())
    jpeg = saved(PillowImage.fromarray(PIXELS), "PNG", exif=exif.tobytes())
    notes = (OPENED, UPRIGHT) if orientation > 1 else (OPENED,)
    check(data, decode_image(jpeg, "x.png").values, *notes)
    np.testing.assert_array_equal(decode(data), decode_image(data, "x").values)


def test_an_exif_that_its_decoder_contradicts_is_no_reason_to_turn() -> None:
    """What HEIF itself says counts; the EXIF may be left over from before an edit."""
    exif = PillowImage.Exif()
    exif[274] = 6
    turned = heic(PIXELS, exif=exif.tobytes())
    # The decoder's own turn, made into free space.
    assert turned.count(b"irot") == 1
    check(turned.replace(b"irot", b"free"), PIXELS, OPENED)


def test_its_colours_become_srgb() -> None:
    profile = rgb_profile("Wide P3", P3, 2.2)
    png = saved(PillowImage.fromarray(PIXELS), "PNG", icc_profile=profile)
    expected = decode_image(png, "x.png")
    check(heic(PIXELS, icc_profile=profile), expected.values, OPENED, *expected.notes)


def test_of_several_pictures_the_main_one() -> None:
    assert picture_formats.heif()
    others = [PillowImage.fromarray(255 - PIXELS)]
    data = saved(
        PillowImage.fromarray(PIXELS), "HEIF", save_all=True, append_images=others, primary_index=1, **EXACT
    )
    check(data, 255 - PIXELS, OPENED, "the main one of several pictures")


def test_avif_of_10_bits_says_so_and_is_upright_once() -> None:
    smooth = np.dstack([np.add.outer(np.arange(24) * 20, np.arange(40) * 12)] * 3).astype(np.uint16)
    options = [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100]
    image = decode_image(cv2.imencode(".avif", smooth, options)[1].tobytes(), "x.avif")
    np.testing.assert_allclose(image.values[..., 0], smooth[..., 0] * (255 / 1023), atol=1.5)
    assert image.notes == ("10 bits a channel reduced to 8",)
    alpha = np.dstack([PIXELS, np.where(PIXELS[..., :1] > 99, 255, 0).astype(np.uint8)])
    image = decode_image(saved(PillowImage.fromarray(alpha), "AVIF", quality=100), "x.avif")
    assert (image.values[alpha[..., 3] == 0] == 255).all()
    assert image.notes == ("transparency laid over white",)


def test_everywhere_that_pictures_are_read(tmp_path: Path) -> None:
    for folder in ("cats", "dogs"):
        (tmp_path / folder).mkdir()
        for name in ("a.HEIC", "b.heif", "c.jpg", "d.avif"):
            picture = PIXELS if name != "d.avif" else np.full((24, 40, 3), 9, np.uint8)
            data = heic(picture) if name != "d.avif" else saved(PillowImage.fromarray(picture), "AVIF")
            (tmp_path / folder / name).write_bytes(data)
    names = [path.name for path in list_images(tmp_path / "cats")]
    assert names == ["a.HEIC", "b.heif", "c.jpg", "d.avif"]
    dataset = open_folder(tmp_path)
    assert len(dataset) == 8 and dataset.left_out == () and dataset.image_size == (24, 40)
    pixels, good = dataset.images.load(np.arange(3), Target(24, 40, 3))
    assert good.all()
    np.testing.assert_array_equal(pixels, [PIXELS] * 3)
    small = dataset.images.thumbnails([0], 20)[0]
    assert small is not None and small.shape == (12, 20, 3)
    assert thumbnail(tmp_path / "cats" / "a.HEIC", 20).shape == (12, 20, 3)


def test_a_preview_within_the_file_is_enough_for_a_thumbnail(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    smooth = cv2.resize(PIXELS, (800, 480), interpolation=cv2.INTER_CUBIC)
    (tmp_path / "x.heic").write_bytes(heic(smooth, thumbnails=[256], exif=exif.tobytes()))
    small = thumbnail(tmp_path / "x.heic", 100)
    assert small.shape == (100, 60, 3)
    whole = cv2.resize(np.rot90(smooth, -1), (60, 100), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - whole).mean() < 4


def test_a_script_of_it_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"  # as some programs name it
    path.write_bytes(heic(PIXELS))
    made: dict[str, object] = {}
    script = to_python(load_image(path), (Operation(),), "clip", str(tmp_path / "out.png"))
    assert "register_heif_opener()" in script
    exec(script, made)
    assert (tmp_path / "out.png").is_file()


# ---- what is refused ------------------------------------------------------------------------------------


def test_what_is_cut_is_damaged_and_found_without_decoding(tmp_path: Path) -> None:
    whole, path = heic(PIXELS), tmp_path / "x.heic"
    path.write_bytes(whole)
    assert quick_check(path) == ("image", "")
    for share in (0.05, 0.3, 0.6, 0.95):
        data = whole[: int(share * len(whole))]
        with pytest.raises(DamagedError, match=r"x\.heic is damaged or cut short"):
            decode_image(data, "x.heic")
        path.write_bytes(data)
        assert quick_check(path)[0] == "broken"


@pytest.mark.parametrize(
    ("brand", "why"), [(b"avci", "H.264"), (b"jpeg", "JPEG"), (b"j2ki", "JPEG 2000"), (b"vvic", "H.266")]
)
def test_containers_of_other_codings_are_told(brand: bytes, why: str) -> None:
    data = b"\0\0\0\x14ftyp" + brand + b"\0\0\0\0mif1" + b"\0\0\0\x08mdat"
    with pytest.raises(KindNotReadError, match=rf"x\.heic is a kind of HEIF .*\({why} inside\)"):
        decode_image(data, "x.heic")


def test_without_its_decoder_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_formats, "_heif", False)
    with pytest.raises(KindNotReadError, match=r"x\.heic is a HEIC photograph, which needs pillow-heif: pip"):
        decode_image(b"\0\0\0\x18ftypheic" + bytes(60), "x.heic")


def test_its_decoder_is_imported_with_the_first_of_them() -> None:
    code = (
        "import sys, convscope.imaging.io.load as load; assert 'pillow_heif' not in sys.modules\n"
        "load.load_image(sys.argv[1]); assert 'pillow_heif' not in sys.modules"
    )
    image = Path(__file__).parents[2] / "resources" / "images" / "digit-3.png"
    subprocess.run([sys.executable, "-c", code, str(image)], check=True)
