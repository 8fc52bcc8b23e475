"""The meaning of a cell's source: parsed with IPython's syntax, compared without layout."""

from __future__ import annotations

import ast
import traceback

import pytest

from grader.submission.notebook.ast_digest import parse, source_digest


def test_layout_comments_and_docstrings_make_no_difference() -> None:
    """Two sources that do the same are the same."""
    one = 'class A(B):\n  """Mine."""\n  def f(self):\n    self.x = ...  # here\n'
    other = "\n\nclass A( B ):\n\n    def f(self) :\n        'Another.'\n        self.x = (...)\n"
    assert source_digest(one) == source_digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = None", "x = ..."),
        ("x = 'a'", "x = b'a'"),
        ("x = True", "x = 1"),
        ("f(a, b)", "f(a)(b)"),
        ("return_ = [a]", "return_ = [[a]]"),
        ("%matplotlib inline", "%matplotlib agg"),
        ("x = (", "y = ("),
        ("", "x"),
    ],
)
def test_what_differs_is_different(one: str, other: str) -> None:
    """Another value, type or structure is another source."""
    assert source_digest(one) != source_digest(other)


def test_digest_is_the_same_everywhere() -> None:
    """Digests are kept in assignments, so they may depend on no version of Python."""
    assert source_digest("def f(x, *, y=-1.5):\n  return f'{x!r:>{y}}' if x else None") == (
        "63afafa6a67e3189c1d2818184c63eecac92b1136f6a097a86e0c18a2ade2524"
    )


def test_unparsable_source_is_compared_as_text() -> None:
    """Broken code is equal to itself with other white space."""
    assert source_digest("x = (\n  1") == source_digest("x  =  ( 1")


@pytest.mark.parametrize(
    "source",
    [
        "%%time\nclass A: pass",
        "%%capture out\n%%time\nclass A: pass",
        "%%capture\n!ls\nclass A: pass",
        "%matplotlib inline\nclass A: pass",
        "x = !ls\nclass A: pass",
        "!ls 'a\nclass A: pass",
        "A?\nclass A: pass",
        ">>> class A: pass",
        "  class A: pass",
        "await f()\nclass A: pass",
        "%%timeit -n 1\nclass A: pass",
    ],
)
def test_ipython_syntax_is_python(source: str) -> None:
    """Magics, shell lines, help and prompts don't hide the Python beside them."""
    tree = parse(source)
    assert tree is not None
    assert isinstance(tree.body[-1], ast.ClassDef)


def test_other_languages_are_no_python() -> None:
    """A file that a cell writes defines nothing in the notebook."""
    tree = parse("%%writefile a.py\nclass A: pass")
    assert tree is not None
    assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree))


@pytest.mark.parametrize(
    "above",
    [
        "\n\n%matplotlib inline\n",
        "  \n\n!ls \\\n -l \\\n -a\n",
        "\n%%time\n\n",
        "%%time\n!ls \\\n\n",
    ],
)
def test_line_numbers_are_the_cell_s_own(above: str) -> None:
    """Whatever IPython does to a text, its lines keep their numbers."""
    tree = parse(above + "\nx = 1")
    assert tree is not None
    assert tree.body[-1].lineno == above.count("\n") + 2


def test_magic_under_a_cell_magic_makes_no_difference_to_the_rest() -> None:
    """A timed cell says the same as the cell without %%time."""
    assert source_digest("%%time\nx = 1") == source_digest("x = 1")


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "a" + ".a" * 100_000,
        "1+" * 100_000 + "1",
        "lambda:" * 50_000 + "1",
        "if 1:\n pass\n" + "elif 1:\n pass\n" * 20_000,
        "x = 1\n" * 200_000,
        "%x\n" * 10_000,
        "?" * 100_000,
        "\0",
        "\ud800 = 1",
        "x = 0x" + "f" * 10_000,
        "'''" + "a" * 500_000,
        "'" + "\\" * 500_000,
    ],
    ids=lambda source: repr(source[:8]),
)
def test_hostile_source_ends(source: str) -> None:
    """No source raises or takes more than a moment; each has a digest."""
    parse(source)
    assert len(source_digest(source)) == 64


def test_a_traceback_printed_meanwhile_spoils_no_parse() -> None:
    """Whatever the garbage collector ends while a cell is parsed, the cell has its tree."""
    ended = []

    class Waste:
        def __init__(self) -> None:
            self.own = self  # only the collector finds it

        def __del__(self) -> None:
            try:
                ended.append(1 + 0 / 0)
            except ZeroDivisionError:
                ended.append(len(traceback.format_exc()))

    for _ in range(5):
        Waste()
        assert parse("x = 1 + 2\n" * 3000) is not None
    assert ended
