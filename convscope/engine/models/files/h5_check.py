"""An HDF5 file looked through before anything is read from it: what it may hold, and how much.

Fixed-size numbers are legal, and strings as names. A file of a few kilobytes could else have gigabytes taken:
by arrays of lists that all share one place, by parts that were never written, by bytes that unpack without
end.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import MB, check_budget

# All arrays of a file together may claim more than they store: a few unwritten zeros are common.
_FREE_BYTES = 16 * MB
# What gzip makes of an array of zeros is some thousand times smaller, of weights a tenth.
_EXPANSION = 100
_MOST_OBJECTS = 100_000
_MOST_ATTRIBUTES = 1_000
_DEEPEST = 100
# HDF5's numbers of filters. The first two only move bytes, the others pack them.
_SHUFFLE, _CHECKSUM, _GZIP, _LZF = 2, 3, 1, 32000
_COLLECTION = b"GCOL\x01\x00\x00\x00"


@dataclass
class _FileRead:
    """What is known of the file so far."""

    name: str
    size: int
    claimed: int = 0
    numbers: int = 0
    names: int = 0
    allowed: int = _FREE_BYTES
    stored: int = 0
    seen: set[Any] = field(default_factory=set)


def look_through(file: Any, path: Path, name: str) -> int:
    """Refuse what no Keras writes, or what takes more memory than the file has bytes for.

    Args:
        file: open for reading (h5py).
        path: of it.
        name: what to call it in a sentence.

    Returns:
        How many numbers its arrays hold, each place counted once.

    Raises:
        UserError: it points elsewhere, holds anything but numbers and names, or claims more than it holds.
    """
    look = _FileRead(name, path.stat().st_size)
    _attributes(file, look)
    _group(file, look, 0)
    if look.claimed > look.allowed:
        raise UserError(
            f"{name} is not opened, because its arrays claim {look.claimed:,} bytes and hold {look.stored:,}."
        )
    check_budget(look.claimed, f"{name} holds")
    if look.names:
        # As long as the longest string in the file, each of them, for all that can be known without reading.
        check_budget(look.names * _longest_string(path), f"The names in {name} claim")
    return look.numbers


def _group(group: Any, look: _FileRead, depth: int) -> None:
    """Each place is looked at once, however many names lead to it."""
    import h5py

    if depth > _DEEPEST:
        raise UserError(f"{look.name} is nested too deeply to be a model.")
    for key in group:
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise UserError(f"{look.name} is not opened, because it points to another file or place ({key}).")
        item = group[key]
        place = h5py.h5o.get_info(item.id).addr
        if place in look.seen:
            continue
        look.seen.add(place)
        if len(look.seen) > _MOST_OBJECTS:
            raise UserError(f"{look.name} is not opened: it has over {_MOST_OBJECTS:,} parts.")
        if isinstance(item, h5py.Group):
            _attributes(item, look)
            _group(item, look, depth + 1)
        elif isinstance(item, h5py.Dataset):
            _attributes(item, look)
            _array(item, key, look)


def _attributes(item: Any, look: _FileRead) -> None:
    """Only numbers and strings, none of them larger than the file."""
    from h5py import h5a, h5s, h5t

    count = h5a.get_num_attrs(item.id)
    if count > _MOST_ATTRIBUTES:
        raise UserError(f"{look.name} is not opened: a part of it has {count:,} attributes.")
    for index in range(count):
        attribute = h5a.open(item.id, index=index)
        kind, space = attribute.get_type(), attribute.get_space()
        numbers = 0 if space.get_simple_extent_type() == h5s.NULL else prod(space.get_simple_extent_dims())
        if kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.STRING):
            raise UserError(
                f"{look.name} is not opened, because it has an attribute that is neither a number nor a name."
            )
        if numbers * kind.get_size() > look.size:
            raise UserError(f"{look.name} is not opened, because an attribute claims more than the file has.")
        if kind.get_class() == h5t.STRING and kind.is_variable_str() and numbers > 1:
            # They are read one attribute after the other.
            look.names = max(look.names, numbers)


def _array(dataset: Any, key: str, look: _FileRead) -> None:
    if dataset.external or dataset.is_virtual:
        raise UserError(f"{look.name} is not opened, because its arrays lie in other files.")
    dtype = dataset.dtype
    if dtype.kind not in "fiub" and dtype != "V2":
        raise UserError(f"The array {key} in {look.name} does not hold numbers: the file is damaged.")
    shape = dataset.shape or ()
    # What is read is read by whole chunks.
    sides = dataset.chunks or (1,) * len(shape)
    whole = prod(-(-side // chunk) * chunk for side, chunk in zip(shape, sides, strict=True))
    claimed = whole * dtype.itemsize
    stored = dataset.id.get_storage_size()
    packed = _filters(dataset, look)
    allowed = stored * _EXPANSION if packed else stored
    if claimed > _FREE_BYTES and claimed > allowed:
        raise UserError(
            f"{look.name} is not opened, because an array claims {claimed:,} bytes and holds {stored:,}."
        )
    look.numbers += prod(shape)
    look.claimed += claimed
    look.stored += stored
    look.allowed += allowed
    if look.stored > look.size:
        raise UserError(f"{look.name} is damaged: its arrays would be larger than the file.")
    if packed == _GZIP:
        _check_unpacked(dataset, prod(sides) * dtype.itemsize, look)


def _filters(dataset: Any, look: _FileRead) -> int:
    """Which filter packs an array, 0 for none."""
    known = dataset.id.get_create_plist()
    filters = [known.get_filter(index)[0] for index in range(known.get_nfilters())]
    packing = [number for number in filters if number not in (_SHUFFLE, _CHECKSUM)]
    if len(packing) > 1 or any(number not in (_GZIP, _LZF) for number in packing) or len(filters) > 4:
        raise UserError(f"{look.name} is not opened, because its arrays are packed as no Keras does it.")
    return packing[0] if packing else 0


def _check_unpacked(dataset: Any, size: int, look: _FileRead) -> None:
    """HDF5 unpacks a chunk to its end, however far that is from what the array says."""
    offsets: list[Any] = []
    dataset.id.chunk_iter(lambda info: offsets.append(info.chunk_offset))
    for offset in offsets:
        skipped, data = dataset.id.read_direct_chunk(offset)
        # A bit of the mask says that a filter was left out for this chunk: then it lies there as it is.
        if skipped == 0:
            try:
                # With room for a checksum.
                made = zlib.decompressobj().decompress(data, size + 64)
            except zlib.error as error:
                raise UserError(f"{look.name} is cut short or damaged: get it again.") from error
            if len(made) >= size + 64:
                raise UserError(f"{look.name} is not opened, because an array unpacks to more than it says.")


def _longest_string(path: Path) -> int:
    """The most bytes that one string of a changing length has in a file: of HDF5's global heaps."""
    longest = 1
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(_COLLECTION)
        while start >= 0:
            (end,) = struct.unpack("<Q", data[start + 8 : start + 16].ljust(8, b"\0"))
            place, end = start + 16, min(start + end, len(data))
            while place + 16 <= end:
                index, _, _, size = struct.unpack("<HHIQ", data[place : place + 16])
                if index == 0:
                    break
                longest = max(longest, min(size, len(data)))
                place += 16 + -(-size // 8) * 8
            start = data.find(_COLLECTION, start + 8)
    return longest
