"""Small colour profiles (ICC version 2), written by the book, for the tests of opening photographs."""

from __future__ import annotations

import struct
from collections.abc import Mapping

# Columns: where red, green and blue lie in CIE XYZ under D50.
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
_WHITE = (0.9642, 1.0, 0.8249)


def _fixed(values: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _text(name: str) -> bytes:
    told = name.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(told)) + told + bytes(78)


def _whole(kind: bytes, space: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    directory, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header = struct.pack(">I4sI4s4s4s", 0, bytes(4), 0x02400000, kind, space, connection) + date + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(_WHITE)
    whole = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body
    return struct.pack(">I", len(whole)) + whole[4:]


def rgb_profile(name: str, primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    """Three primaries and a power law."""
    tags = {b"desc": _text(name), b"wtpt": _xyz(_WHITE)}
    for letter, place in zip("rgb", primaries, strict=True):
        tags[f"{letter}XYZ".encode()] = _xyz(place)
        tags[f"{letter}TRC".encode()] = _gamma(gamma)
    return _whole(b"mntr", b"RGB ", b"XYZ ", tags)


def gray_profile(name: str, gamma: float) -> bytes:
    """A power law."""
    tags = {b"desc": _text(name), b"wtpt": _xyz(_WHITE), b"kTRC": _gamma(gamma)}
    return _whole(b"mntr", b"GRAY", b"XYZ ", tags)


def cmyk_profile(name: str, corners: Mapping[tuple[int, int, int, int], tuple[float, float, float]]) -> bytes:
    """Inks by a table: CIE Lab of the 16 mixtures of cyan, magenta, yellow and black, each none or full."""
    ramp = bytes(range(256))
    table = b""
    for number in range(16):
        lightness, a, b = corners[tuple(number >> shift & 1 for shift in (3, 2, 1, 0))]  # type: ignore[index]
        table += bytes((round(lightness * 2.55), round(a) + 128, round(b) + 128))
    identity = _fixed((1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + table + ramp * 3
    return _whole(b"prtr", b"CMYK", b"Lab ", {b"desc": _text(name), b"wtpt": _xyz(_WHITE), b"A2B0": lut})
