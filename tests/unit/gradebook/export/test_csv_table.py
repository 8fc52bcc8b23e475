"""Someone else's CSV file: what is not filled stays byte for byte."""

from __future__ import annotations

import csv
import io

import pytest

from grader.gradebook.export.csv_table import CsvError, parse_csv

ROWS = 'Student,ID,"HW (1)"\r\n"Lee, Ann",12,\r\n李雷,13,"1"\r\n'


@pytest.mark.parametrize(
    "data",
    [
        ROWS.encode(),
        b"\xef\xbb\xbf" + ROWS.encode(),
        b"\xff\xfe" + ROWS.encode("utf-16-le"),
        b"\xfe\xff" + ROWS.encode("utf-16-be"),
        ROWS.encode("gb18030"),
        ROWS.replace("\r\n", "\n").encode(),
        ROWS.replace("\r\n", "\r").encode(),
        ROWS.rstrip().encode(),
        ROWS.replace(",", ";").replace("Lee; Ann", "Lee, Ann").encode(),
        ROWS.replace(",", "\t").encode(),
        (ROWS + "\r\n,,\r\nshort\r\n" + "long,1,2,3,4\r\n").encode(),
        b'a,b\n"x ""y"", z\nof two lines",2\n',
        "Name,Größe\nJosé,1\n".encode("latin-1") + b"\x81\n",
    ],
)
def test_a_file_that_is_not_filled_stays_as_it_is(data: bytes) -> None:
    """Encoding, mark, delimiter, quotes, line ends and odd rows come out as they went in."""
    assert parse_csv(data).with_cells({}) == data


def test_only_the_cells_asked_for_change() -> None:
    """A cell that was quoted stays quoted, one that was not does not become so."""
    table = parse_csv(b"\xef\xbb\xbf" + ROWS.encode())
    expected = 'Student,ID,"HW (1)"\r\n"Lee, Ann",12,87.5\r\n李雷,13,"90"\r\n'
    assert table.with_cells({(1, 2): "87.5", (2, 2): "90"}) == b"\xef\xbb\xbf" + expected.encode()


def test_a_short_row_is_made_long_enough() -> None:
    """A row that ends early gets the cells that it lacks."""
    assert parse_csv(b"a,b,c\n1\n").with_cells({(1, 2): "9"}) == b"a,b,c\n1,,9\n"


def test_what_is_filled_in_is_quoted_where_it_must_be() -> None:
    """A value with the delimiter or a quote in it is one cell all the same."""
    data = parse_csv(b"a;b\n1;\n").with_cells({(1, 1): 'x;"y"'})
    assert [*csv.reader(io.StringIO(data.decode()), delimiter=";")][1] == ["1", 'x;"y"']


@pytest.mark.parametrize("text", [ROWS, 'a,"b ""c"""\n"1\n2",3\n', "a,b\n\n1,2\n", 'x, "y",z\n'])
def test_cells_are_those_that_pythons_csv_reads(text: str) -> None:
    """What is meant by a cell is what everyone else reads."""
    found = [list(line.cells) for line in parse_csv(text.encode()).lines]
    expected = [*csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)]
    assert [row for row in found if row != [""]] == [row for row in expected if row]


@pytest.mark.parametrize(
    ("data", "why"), [(b"", "empty"), (b'a,"b\n', "quote"), (b"\xff\xfea", "encoding")]
)
def test_what_is_no_table_is_said(data: bytes, why: str) -> None:
    """A file that can't be read is never filled halfway."""
    with pytest.raises(CsvError, match=why):
        parse_csv(data)


def test_columns_are_found_by_name() -> None:
    """Whatever the case, and with white space around it."""
    table = parse_csv(b" Student ,ID\n")
    assert (table.column("student"), table.column("x", "id"), table.column("no")) == (0, 1, None)
