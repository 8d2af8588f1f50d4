"""Files that a command will write are looked at before any work, and never lie over what it reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from convscope.cli import main
from convscope.cli.outputs import check_output
from convscope.core.errors import UserError
from convscope.core.paths import resource_path

SEVEN = resource_path("images", "digit-7.png")
Said = pytest.CaptureFixture[str]


def refusal(path: Path, *inputs: Path) -> str:
    with pytest.raises(UserError) as caught:
        check_output(path, (".png", ".npy"), *inputs)
    return caught.value.message


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "image.png"
    image.write_bytes(b"a picture")
    link = tmp_path / "link.png"
    link.symlink_to(image)
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert "name it out.png" in refusal(tmp_path / "out.jpg")
    assert "another ending than .png or .npy" in refusal(tmp_path / "out")
    assert "is a folder" in refusal(folder) and "is a folder" in refusal(tmp_path)
    assert f"no folder {tmp_path / 'none'}; make it first" in refusal(tmp_path / "none" / "out.png")
    for same in (image, link, tmp_path / "folder.png" / ".." / "image.png"):
        assert "is the input itself" in refusal(same, image)
    check_output(tmp_path / "OUT.PNG", (".png",), image)
    check_output(None, (".png",))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "you may not write to" in refusal(tmp_path / "out.png")


@pytest.mark.parametrize(
    "words",
    [
        "maps digits {} --layer conv2d -o {}",
        "maps digits {} --layer conv2d --npy {}",
        "explain digits {} -o {}",
        "explain digits {} --report {}",
        "filter {} -o {}",
        "filter {} -o out.png --npy {}",
        "screenshot --image {} -o {}",
    ],
)
def test_no_command_writes_over_its_picture(words: str, tmp_path: Path, capsys: Said) -> None:
    image = tmp_path / "seven.png"
    shutil.copy(SEVEN, image)
    before = image.read_bytes()
    assert main(words.format(image, image).split()) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert image.read_bytes() == before
    assert list(tmp_path.iterdir()) == [image]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("maps digits {seven} --layer conv2d --npy {folder}/maps.txt", "name it maps.npy"),
        ("explain digits {seven} -o {folder}/why.jpg", "name it why.png"),
        ("explain digits {seven} --script {folder}/why.txt", "name it why.py"),
        ("explain digits {seven} --set steps=3", "--set steps is a setting of integrated-gradients only"),
        ("explain digits {seven} --layer convd", "is it conv2d"),
        ("mute digits {seven} --layer convd", "is it conv2d"),
        ("mute digits {seven} --layer conv2d --channels 3,77", "conv2d has channels 0 to 31, not 77"),
        ("mute digits {seven} --layer conv2d --channels x", "--channels is a list such as"),
        ("mute digits {seven} --layer conv2d --with mean", "--with is zero or mean-of FOLDER, not mean"),
        ("mute digits {seven} --layer conv2d --with mean-of {folder}", "has no pictures in it"),
        ("mute digits {seven} --layer dense_1", "is the network's answer"),
        ("patterns digits --layer convd -o {folder}/p.png", "is it conv2d"),
        ("patterns digits --layer conv2d -o {folder}/none/p.png", "no folder {folder}/none"),
        ("patterns imagenet --classes tabbi -o {folder}/p.png", "Did you mean tabby?"),
        ("summary lenet-5 --no-top", "--no-top is for the networks of keras.applications"),
        ("evaluate nothing", "nothing is not the folder of a run"),
        ("evaluate digits --data digits --worst -1", "--worst"),
        ("screenshot --panel model --model nothing -o {folder}/s.png", "There is no model nothing"),
        ("train --model mnist-small --data digits -o {seven}", "is a file"),
        ("train --model mnist-small --data digits -o {resources}", "is not empty"),
        ("train --model mnist-small --data digits --steps-per-epoch 0 -o {folder}/run", "at least 1"),
        # Which options differ from those kept is known only of a run.
        ("train --resume {folder} --lr 3 --model lenet-5", "is not a run of convscope"),
    ],
)
def test_one_sentence_before_any_work(words: str, told: str, tmp_path: Path, capsys: Said) -> None:
    places = {"seven": SEVEN, "folder": tmp_path, "resources": SEVEN.parent}
    assert main(words.format(**places).split()) == 2
    caught = capsys.readouterr()
    assert told.format(**places) in caught.err
    assert caught.err.startswith("convscope: ") and caught.err.count("\n") == 1
    assert caught.out == ""
    assert not list(tmp_path.iterdir())


def test_what_was_converted_is_told_beside_the_answer(tmp_path: Path, capsys: Said) -> None:
    from PIL import Image

    clear = np.zeros((28, 28, 4), np.uint8)
    clear[8:20, 12:16] = 255
    Image.fromarray(clear).save(tmp_path / "one.png")
    assert main(["predict", "digits", str(tmp_path / "one.png"), "--json"]) == 0
    assert "transparency laid over white" in capsys.readouterr().err
    assert main(["filter", str(tmp_path / "one.png"), "-o", str(tmp_path / "out.png"), "--json"]) == 0
    assert capsys.readouterr().err == "transparency laid over white\n"
