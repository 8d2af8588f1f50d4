"""What stands in other people's files shows what it is, and steers no terminal."""

from __future__ import annotations

import pytest

from convscope.core.errors import UserError
from convscope.core.printable import one_line, printable


@pytest.mark.parametrize("text", ["cat.png", "Über straße.jpg", "日本 語.png", "👩‍👩‍👧.png", "می‌خواهم", "x²"])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == one_line(text) == text


@pytest.mark.parametrize(
    "sign",
    [
        *(
            "\x1b",
            "\n",
            "\r",
            "\t",
            "\b",
            "\0",
            "\x7f",
            "\x9b",
            "\x85",
            "\u2028",
            "\u2029",
            "\ufeff",
            "\u200b",
        ),
        *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200f"),
        *("\u061c", "\udcff", "\ud800", "\U000e0041"),
    ],
)
def test_what_nobody_sees_becomes_a_mark(sign: str) -> None:
    assert printable(f"a{sign}b") == "a�b"
    printable(f"a{sign}b").encode()


def test_bytes_that_are_no_text() -> None:
    assert printable(b"a\xffb\xc3\xa4".decode("utf-8", "surrogateescape")) == "a�bä"


def test_lines_stay_where_they_are_wanted() -> None:
    assert printable("a\n\tb\x1b[31m\u202e", lines=True) == "a\n\tb�[31m�"


def test_every_error_is_one_line_that_steers_nothing() -> None:
    error = UserError("\x1b[2Ja\nb\u202egnp.exe is damaged.", detail="one\ntwo\x07")
    assert error.message == str(error) == "�[2Ja b�gnp.exe is damaged."
    assert error.detail == "one\ntwo�"
