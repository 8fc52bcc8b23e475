"""A CSV file of someone else's: cells are filled, everything else stays byte for byte.

Encoding, byte order mark, delimiter, quotes, line ends and odd rows are the file's own. So
each cell is kept as it is written, quotes and all, and only what is filled is written anew.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", ";", "\t")


class CsvError(ValueError):
    """The bytes are no CSV file."""


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One row: its cells as they are written, and how it ends."""

    raw: tuple[str, ...]
    end: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells as they are meant."""
        return tuple(_meant(raw) for raw in self.raw)

    def cell(self, column: int | None) -> str:
        """Return a cell's text without white space around it; "" where the row has no such cell."""
        if column is None or column >= len(self.raw):
            return ""
        return _meant(self.raw[column]).strip()


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file, and how it is written. The first of ``lines`` is its header."""

    lines: tuple[CsvLine, ...]
    delimiter: str
    encoding: str
    byte_order_mark: bytes

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(cell.strip() for cell in self.lines[0].cells)

    def column(self, *names: str) -> int | None:
        """Find the first column that is called like one of ``names``, whatever its case."""
        wanted = {name.casefold() for name in names}
        found = (i for i, name in enumerate(self.header) if name.casefold() in wanted)
        return next(found, None)

    def with_cells(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """Write the file with the cells at ``(line, column)`` changed."""
        by_line: dict[int, list[tuple[int, str]]] = {}
        for (row, column), value in changes.items():
            by_line.setdefault(row, []).append((column, value))
        text = []
        for index, line in enumerate(self.lines):
            raw = list(line.raw)
            for column, value in by_line.get(index, ()):
                raw += [""] * (column + 1 - len(raw))
                raw[column] = self._written(value, raw[column])
            text.append(self.delimiter.join(raw) + line.end)
        return self.byte_order_mark + "".join(text).encode(self.encoding)

    def _written(self, value: str, before: str) -> str:
        special = any(char in value for char in (self.delimiter, '"', "\r", "\n"))
        if special or before.lstrip().startswith('"'):
            return '"' + value.replace('"', '""') + '"'
        return value


def parse_csv(data: bytes) -> CsvTable:
    """Read a CSV file, in UTF-8, UTF-16 with its mark, GB18030 or else Latin-1.

    Raises ``CsvError`` when there is no row, or a quote that never ends.
    """
    mark, text, encoding = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    lines = _lines(text, delimiter)
    if not lines:
        raise CsvError("empty")
    return CsvTable(tuple(lines), delimiter, encoding, mark)


def _decoded(data: bytes) -> tuple[bytes, str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return mark, data[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError:
                raise CsvError("encoding") from None
    for encoding in ("utf-8", "gb18030"):
        try:
            return b"", data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return b"", data.decode("latin-1"), "latin-1"


def _lines(text: str, delimiter: str) -> list[CsvLine]:
    lines: list[CsvLine] = []
    cells: list[str] = []
    at, begin, size = 0, 0, len(text)
    while at < size:
        if text[at] == '"' and not text[begin:at].strip(" "):
            at = _behind_quotes(text, at)
            continue
        if text[at] == delimiter:
            cells.append(text[begin:at])
            begin = at + 1
        elif text[at] in "\r\n":
            end = "\r\n" if text.startswith("\r\n", at) else text[at]
            lines.append(CsvLine((*cells, text[begin:at]), end))
            cells, begin = [], at + len(end)
            at = begin
            continue
        at += 1
    if cells or begin < size:
        lines.append(CsvLine((*cells, text[begin:]), ""))
    return lines


def _behind_quotes(text: str, at: int) -> int:
    """Find the place behind a quoted part that begins at ``at``."""
    close = at + 1
    while (close := text.find('"', close)) >= 0:
        if not text.startswith('""', close):
            return close + 1
        close += 2
    raise CsvError("quote")


def _meant(raw: str) -> str:
    stripped = raw.strip(" ")
    if len(stripped) > 1 and stripped[0] == stripped[-1] == '"':
        return stripped[1:-1].replace('""', '"')
    return raw
