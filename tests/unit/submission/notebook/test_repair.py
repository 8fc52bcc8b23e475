"""Lines that can't work while grading are rewritten in place, and nothing else is."""

from __future__ import annotations

import pytest

from grader.core.messages import catalogue
from grader.core.types import Note
from grader.submission.notebook.repair import repair_source


def mended(source: str) -> str:
    text, _ = repair_source(source, 0)
    assert text.count("\n") == source.count("\n")
    return text


@pytest.mark.parametrize(
    "line",
    [
        "%pip install brainpy",
        "!pip install -q brainpy==2.8 jax",
        "!pip3 install brainpy",
        "!!pip install brainpy",
        "! pip install brainpy",
        "!python -m pip install brainpy",
        "!{sys.executable} -m pip install brainpy",
        '!"{sys.executable}" -m pip install brainpy',
        "!/usr/bin/python3.11 -m pip install brainpy",
        "%conda install -y brainpy",
        "!conda install -c conda-forge brainpy",
        "%mamba install brainpy",
        "!apt-get update",
        "!apt-get -qq install -y ffmpeg",
        "!sudo apt install ffmpeg",
        "!uv pip install brainpy",
        "%uv add brainpy",
        "!cd BrainPy && pip install .",
        "!PIP_QUIET=1 pip install brainpy",
        "!pip uninstall -y jax",
        "pip install brainpy",
    ],
)
def test_installing_is_skipped(line: str) -> None:
    """Every way to install something becomes a line that does nothing and says so."""
    assert mended(line) == f"pass  # skipped while grading: {line}"


def test_note_names_cell_and_line_as_people_count() -> None:
    """The note of a mended line says where it stands, both counted from 1."""
    _, notes = repair_source("import numpy\n%pip install brainpy", 3)
    assert notes == (
        Note(
            message_id="read.mended.install",
            values={"cell": 4, "line": 2, "old": "%pip install brainpy"},
        ),
    )
    assert catalogue("en").render(notes[0].message_id, **notes[0].values) == (
        'Cell 4, line 2: "%pip install brainpy" was skipped. There is no network while '
        "grading, and what the homework needs is installed."
    )


def test_indentation_and_line_numbers_stay() -> None:
    """A skipped line keeps its block valid, and the lines below keep their numbers."""
    source = (
        "try:\n    import brainpy\nexcept ImportError:\n    !pip install \\\n      brainpy\nx = 1\n"
    )
    assert mended(source) == (
        "try:\n    import brainpy\nexcept ImportError:\n"
        "    pass  # skipped while grading: !pip install brainpy\n\nx = 1\n"
    )


def test_what_an_install_is_assigned_to_stays_defined() -> None:
    """The output of a skipped command is an empty list."""
    assert mended("out = !pip install brainpy") == (
        "out = []  # skipped while grading: out = !pip install brainpy"
    )


@pytest.mark.parametrize(
    "source",
    [
        "# !pip install brainpy",
        "x = 1  # %pip install brainpy",
        's = "!pip install brainpy"',
        's = """\n!pip install brainpy\n%matplotlib widget\n"""',
        "s = '''\n%pip install x\n'''\n",
        "x = (7\n%pip\n)",
        "x = 7 \\\n%pip",
        "!pip list",
        "!echo pip install brainpy",
        "%timeit f()",
        "%matplotlib inline",
        "%matplotlib agg",
        "%matplotlib --list",
        "%%bash\npip install brainpy\n!pip install x",
        "%%writefile a.py\nset_platform('gpu')\n!pip install x",
        "%%html\n<p>\n%matplotlib widget",
        "# bm.set_platform('gpu')",
        "s = \"bm.set_platform('gpu')\"",
        "bm.set_platform('cpu')",
        "bm.set_platform(device)",
        "jax.config.update('jax_enable_x64', True)",
        "jax.config.update('jax_platform_name', 'cpu')",
        "jax.config.update('other', 'gpu')",
        "matplotlib.use('agg')",
        "my_use('TkAgg')",
        "",
        "'''unfinished\n!pip install x",
    ],
)
def test_the_rest_is_left_alone(source: str) -> None:
    """Strings, comments, other languages' cells and lines that work are not touched."""
    assert repair_source(source, 0) == (source, ())


@pytest.mark.parametrize(
    "backend", ["widget", "notebook", "qt", "qt5", "tk", "ipympl", "osx", "nbagg", "'qt'", ""]
)
def test_windows_become_inline_figures(backend: str) -> None:
    """A backend that needs a screen or a browser becomes the inline one."""
    assert mended(f"  %matplotlib {backend}") == "  %matplotlib inline"


def test_backends_chosen_in_python_become_inline() -> None:
    """So does one that is chosen by a call."""
    assert mended("import matplotlib\nmatplotlib.use('TkAgg')\nplt.switch_backend( 'Qt5Agg' )") == (
        "import matplotlib\n"
        "matplotlib.use('module://matplotlib_inline.backend_inline')\n"
        "plt.switch_backend( 'module://matplotlib_inline.backend_inline' )"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("bm.set_platform('gpu')", "bm.set_platform('cpu')"),
        ('bp.math.set_platform("tpu")', 'bp.math.set_platform("cpu")'),
        ("set_platform(platform='gpu')", "set_platform(platform='cpu')"),
        ("bm.set_platform(\n  'gpu',\n)", "bm.set_platform(\n  'cpu',\n)"),
        (
            "jax.config.update('jax_platform_name', 'gpu')",
            "jax.config.update('jax_platform_name', 'cpu')",
        ),
        (
            'config.update("jax_platforms", "cuda,cpu")',
            'config.update("jax_platforms", "cpu")',
        ),
        ("os.environ['JAX_PLATFORMS'] = 'cuda'", "os.environ['JAX_PLATFORMS'] = 'cpu'"),
        (
            "os.environ.setdefault('JAX_PLATFORM_NAME', 'gpu')",
            "os.environ.setdefault('JAX_PLATFORM_NAME', 'cpu')",
        ),
    ],
)
def test_a_gpu_becomes_the_cpu(source: str, expected: str) -> None:
    """Asking for a GPU or TPU asks for the CPU, wherever JAX may be told."""
    assert mended(source) == expected


def test_python_under_a_cell_magic_is_mended() -> None:
    """The body of %%time and %%capture is Python; its lines keep their numbers in notes."""
    source = "\n%%time\n%%capture out\n!pip install brainpy\nbm.set_platform('gpu')"
    text, notes = repair_source(source, 0)
    assert text == (
        "\n%%time\n%%capture out\npass  # skipped while grading: !pip install brainpy\n"
        "bm.set_platform('cpu')"
    )
    assert [note.values["line"] for note in notes] == [4, 5]


def test_quotes_in_a_shell_line_hide_nothing_below() -> None:
    """An apostrophe in a command is no string: what follows is still seen."""
    assert mended("!echo it's\n%pip install x") == (
        "!echo it's\npass  # skipped while grading: %pip install x"
    )


def test_long_lines_are_cut_in_notes() -> None:
    """A note repeats no more of a line than a reader needs."""
    _, notes = repair_source("!pip install " + "x" * 500, 0)
    shown = str(notes[0].values["old"])
    assert (len(shown), shown[-1]) == (80, "\N{HORIZONTAL ELLIPSIS}")
