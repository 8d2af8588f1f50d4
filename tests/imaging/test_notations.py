"""One table in every notation that a person may copy: programs, prints, LaTeX, Markdown."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.io.numbers import parse_divided, parse_table

SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
ARRAY = np.array(SHARPEN, np.float32)
LATEX = r"0 & -1 & 0 \\ -1 & 5 & -1 \\ 0 & -1 & 0"


@pytest.mark.parametrize(
    "text",
    [
        # LaTeX
        rf"\begin{{bmatrix}} {LATEX} \end{{bmatrix}}",
        rf"\begin{{pmatrix}} {LATEX} \\ \end{{pmatrix}}",
        rf"\begin{{bmatrix*}}[r] {LATEX} \end{{bmatrix*}}",
        rf"$$K = \left[ \begin{{array}}{{rrr}} {LATEX} \end{{array}} \right]$$",
        rf"\[ \mathbf{{K}} = \begin{{bmatrix}}{LATEX}\end{{bmatrix}} \]",
        "\\begin{equation}\n  K = \\begin{pmatrix}\n    0 & {-1} & 0 \\\\[2pt]\n  -1 & 5 & -1 \\\\ % mid\n"
        "    \\phantom{-}0 & - 1 & 0\n  \\end{pmatrix}.\n\\end{equation}",
        r"\pmatrix{0 & -1 & 0 \cr -1 & 5 & -1 \cr 0 & -1 & 0}",
        LATEX,
        r"\frac{1}{2} \begin{bmatrix} 0 & -2 & 0 \\ -2 & 10 & -2 \\ 0 & -2 & 0 \end{bmatrix}",
        r"-\tfrac12 \cdot \left(\begin{matrix} 0 & 2 & 0 \\ 2 & -10 & 2 \\ 0 & 2 & 0 \end{matrix}\right)",
        r"\begin{matrix} 0 & -\frac{2}{2} & 0 \\ \frac{-3}{3} & \dfrac{10}2 & -\frac11 \\ 0&-1&0\end{matrix}",
        # C, Java, Mathematica
        "{{0, -1, 0}, {-1, 5, -1}, {0, -1, 0}}",
        "const float k[3][3] = {\n  { 0.0f, -1.0f, 0.0f}, // top\n  {-1.f, 5F, -1},\n  {0, /* a */ -1, 0}};",
        "double[][] k = new double[][] {{0, -1, 0}, {-1, 5, -1}, {0, -1, 0}};",
        "std::array<std::array<float, 3>, 3> k = {{{0, -1, 0}, {-1, 5, -1}, {0, -1, 0}}};",
        "k = 1/2 {{0, -2, 0}, {-2, 10, -2}, {0, -2, 0}}",
        # MATLAB, Octave, Julia
        "K = [0 -1 0; -1 5 -1; 0 -1 0]",
        "K = [0 -1 0\n     -1 5 -1\n      0 -1 0];",
        "K = [ 0, -1,  0;\n     -1,  5, -1;\n      0, -1,  0];",
        "[0 -2 0; -2 10 -2; 0 -2 0] ./ 2",
        "K =\n\n   0  -1   0\n  -1   5  -1\n   0  -1   0\n",
        # Python
        "k: np.ndarray = np.array([\n  [0, -1, 0],  # top\n  [-1, 5, -1],\n  [0, -1, 0]], dtype=np.float32)",
        "Matrix([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])",
        "⎡0   -1  0 ⎤\n⎢          ⎥\n⎢-1  5   -1⎥\n⎢          ⎥\n⎣0   -1  0 ⎦",
        # PyTorch and JAX
        "tensor([[ 0., -1.,  0.],\n        [-1.,  5., -1.],\n        [ 0., -1.,  0.]], device='cuda:0')",
        "tensor([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=torch.float64, requires_grad=True)",
        "tensor([[[[ 0., -1.,  0.],\n  [-1.,  5., -1.],\n  [ 0., -1.,  0.]]]], grad_fn=<MulBackward0>)",
        "Parameter containing:\ntensor([[[0., -1., 0.], [-1., 5., -1.], [0., -1., 0.]]], requires_grad=True)",
        "Array([[ 0., -1.,  0.],\n       [-1.,  5., -1.],\n       [ 0., -1.,  0.]], dtype=float32)",
        # Markdown and tables with lines
        "|  0 | -1 |  0 |\n|---:|---:|---:|\n| -1 |  5 | -1 |\n|  0 | -1 |  0 |",
        "| a | b | c |\n|:--|:-:|--:|\n| 0 | -1 | 0 |\n| -1 | **5** | `-1` |\n| 0 | -1 | 0 |",
        "0 | -1 | 0\n--|---|--\n-1 | 5 | -1\n0 | -1 | 0",
        "┌───┬───┬───┐\n│ 0 │−1 │ 0 │\n├───┼───┼───┤\n│−1 │ 5 │−1 │\n│ 0 │−1 │ 0 │\n└───┴───┴───┘",
        "+---+---+---+\n| 0 |-1 | 0 |\n+---+---+---+\n|-1 | 5 |-1 |\n| 0 |-1 | 0 |\n+---+---+---+",
    ],
)
def test_every_notation_of_the_sharpen_kernel(text: str) -> None:
    assert np.array_equal(parse_table(text), SHARPEN)


def test_what_tensorflow_and_keras_print_of_a_kernel() -> None:
    layer = keras.layers.Conv2D(1, 3, use_bias=False)
    layer.build((None, 8, 8, 1))
    layer.set_weights([ARRAY[:, :, None, None]])
    prints = (
        str(tf.constant(ARRAY)),
        repr(tf.constant(ARRAY)),
        repr(tf.Variable(ARRAY)),
        repr(layer.kernel),
        repr(layer.get_weights()),
        str(layer.get_weights()[0]),
        str(layer.get_weights()[0][:, :, 0]),
        str(layer.get_weights()[0][:, :, :, 0]),
        repr(layer.get_weights()[0][:, :, 0, 0]),
    )
    for text in prints:
        assert np.array_equal(parse_table(text), SHARPEN), text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (r"\frac{1}{9}", [[1 / 9]]),
        (r"\begin{bmatrix} 1 & 2 \end{bmatrix}", [[1, 2]]),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", [[1], [2]]),
        ("{1, 2, 3}", [[1, 2, 3]]),
        ("{1.5*^-3, 2}", [[0.0015, 2]]),
        ("| 1 |", [[1]]),
        # One long row, which NumPy breaks.
        (str(np.arange(40)), [list(range(40))]),
        (repr(np.arange(40.0)), [list(range(40))]),
        # A flat list over several lines is one row; its commas say that the row goes on.
        ("[1, 2,\n 3, 4]", [[1, 2, 3, 4]]),
        # Kernels of one column as Keras prints them.
        ("[[[1.]]\n [[2.]]]", [[1], [2]]),
    ],
)
def test_values(text: str, values: list[list[float]]) -> None:
    assert parse_table(text) == pytest.approx(np.array(values, dtype=float))


@pytest.mark.parametrize(
    ("text", "divisor"),
    [
        ("1/9 * [[1, 1], [1, 1]]", 9),
        ("(1/9) * np.array([[1, 1], [1, 1]])", 9),
        ("np.ones_like = np.array([[1, 1], [1, 1]]) / 9", 9),
        (r"\frac{1}{9}\begin{bmatrix} 1 & 1 \\ 1 & 1 \end{bmatrix}", 9),
        (r"K = \frac{1}{9} \left[\begin{array}{cc} 1 & 1 \\ 1 & 1 \end{array}\right]", 9),
        (r"\begin{bmatrix} 1 & 1 \\ 1 & 1 \end{bmatrix} / 9", 9),
        ("1/9 {{1, 1}, {1, 1}}", 9),
        ("1/9 × [1 1; 1 1]", 9),
        ("[1 1; 1 1]", 1),
        ("0.5 * [[2, 2], [2, 2]]", 1),
    ],
)
def test_what_a_table_is_divided_by_is_kept_apart(text: str, divisor: float) -> None:
    table, found = parse_divided(text)
    assert (table.tolist(), found) == ([[1, 1], [1, 1]], divisor)


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n3 x",
        "1,2\n3,x",
        "1\t2\n3\tx",
        "1 2; 3 x",
        "[[1, 2], [3, x]]",
        "[[1 2]\n [3 x]]",
        "[1 2; 3 x]",
        "[1 2\n 3 x]",
        "{{1, 2}, {3, x}}",
        "float k[2][2] = {{1, 2}, {3, x}};",
        "1/9 * np.array([[1, 2], [3, x]])",
        "tf.Tensor(\n[[1 2]\n [3 x]], shape=(2, 2), dtype=float32)",
        r"\begin{bmatrix} 1 & 2 \\ 3 & x \end{bmatrix}",
        r"\frac{1}{9}\begin{pmatrix} 1 & 2 \\ 3 & x \end{pmatrix}",
        "| 1 | 2 |\n|---|---|\n| 3 | x |",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | x |",
        "# first\n1 2\n# second\n3 x",
    ],
)
def test_an_error_names_its_own_row_and_column(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_table(text)
    assert caught.value.message == 'Row 2, column 2: "x" is not a number.'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", "Row 2 has 1 number, but row 1 has 2"),
        (r"\begin{bmatrix} 1 & & 2 \end{bmatrix}", "Row 1, column 2: the cell is empty"),
        (r"\begin{bmatrix} \sqrt{2} \end{bmatrix}", "is not a number"),
        (r"\begin{bmatrix} 1 & 2", "no \\begin or no \\end"),
        (r"\begin{verbatim} 1 \end{verbatim}", "verbatim is no matrix"),
        (r"\frac{1}{0}\begin{bmatrix} 1 \end{bmatrix}", "divided by 0"),
        ("{{1, 2}, {3}}", "Row 2 has 1 number, but row 1 has 2"),
        ("{{1, 2}, {3, 4}", "do not match up"),
        ("[{1, 2], [3, 4}]", "do not match up"),
        ("1e999 * [[1]]", "must be finite"),
        ("| 1 | 2 |\n|---|---|\n| 3 |", "Row 2 has 1 number, but row 1 has 2"),
        (str(np.arange(12.0).reshape(3, 2, 1, 2)), "print one slice, such as kernel[:, :, 0, 0]"),
        (str(np.arange(27.0).reshape(3, 3, 3)), "more than two deep"),
        ("<Variable path=conv2d/kernel, shape=(3, 3, 1, 1), dtype=float32>", "not a list of numbers"),
        ("np.array(open('x').read())", "not a list of numbers"),
        ("np.array([[1, 2]], open('x'))", "not a list of numbers"),
        ("os.system([[1, 2]])", "not a list of numbers"),
        ("[" * 500 + "1" + "]" * 500, "do not match up"),
    ],
)
def test_one_sentence_says_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_table(text)
    assert sentence in caught.value.message


@given(st.text(alphabet="01 .,;/*[](){}|-\\&=fcrb\nbegindmatrx%#<>", max_size=80))
def test_any_text_is_a_finite_table_or_a_sentence(text: str) -> None:
    try:
        table = parse_table(text)
    except UserError as error:
        assert error.message.endswith(".")
    else:
        assert table.ndim == 2 and table.size > 0 and np.isfinite(table).all()
