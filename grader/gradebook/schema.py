"""The tables of a gradebook, version by version. A version that was used is never edited."""

from __future__ import annotations

from typing import Final

APPLICATION: Final = 0x47726442  # "GrdB": what tells the file from other SQLite files


def _fixed(table: str) -> tuple[str, str]:
    """Forbid changes to what was written into ``table``."""
    return (
        f"CREATE TRIGGER {table}_is_not_changed BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END",
        f"CREATE TRIGGER {table}_is_not_removed BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is never removed'); END",
    )


VERSIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE assignment (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            max_score REAL NOT NULL,
            rules TEXT NOT NULL
        )""",
        """CREATE TABLE student (
            id INTEGER PRIMARY KEY,
            layout TEXT NOT NULL,
            number TEXT NOT NULL,
            scope TEXT NOT NULL,
            name TEXT NOT NULL,
            UNIQUE (layout, number, scope)
        )""",
        """CREATE TABLE attempt (
            id INTEGER PRIMARY KEY,
            assignment TEXT NOT NULL REFERENCES assignment,
            student INTEGER NOT NULL REFERENCES student,
            sha256 TEXT NOT NULL,
            submission TEXT NOT NULL,
            file TEXT NOT NULL,
            origin TEXT NOT NULL,
            at TEXT NOT NULL,
            first TEXT,
            last TEXT,
            UNIQUE (assignment, student, sha256)
        )""",
        """CREATE TABLE result (
            id INTEGER PRIMARY KEY,
            attempt INTEGER NOT NULL REFERENCES attempt,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            why TEXT NOT NULL,
            outcome TEXT NOT NULL CHECK (outcome IN ('graded', 'not_graded')),
            status TEXT NOT NULL,
            score REAL CHECK ((score IS NULL) = (outcome = 'not_graded')),
            max_score REAL NOT NULL,
            assignment_digest TEXT NOT NULL,
            evidence TEXT NOT NULL,
            seal TEXT NOT NULL,
            checks TEXT NOT NULL
        )""",
        "CREATE INDEX result_of ON result (attempt)",
        *_fixed("result"),
        """CREATE TABLE override (
            id INTEGER PRIMARY KEY,
            assignment TEXT NOT NULL REFERENCES assignment,
            student INTEGER NOT NULL REFERENCES student,
            kind TEXT NOT NULL CHECK (kind IN ('mark', 'excused', 'due')),
            value TEXT,
            at TEXT NOT NULL,
            who TEXT NOT NULL CHECK (who != ''),
            why TEXT NOT NULL CHECK (why != '')
        )""",
        "CREATE INDEX override_of ON override (assignment, student)",
        *_fixed("override"),
    ),
    (
        """CREATE TABLE sending (
            id INTEGER PRIMARY KEY,
            target TEXT NOT NULL,
            assignment TEXT NOT NULL REFERENCES assignment,
            student INTEGER NOT NULL REFERENCES student,
            user TEXT NOT NULL,
            score REAL NOT NULL,
            max_score REAL NOT NULL,
            stamp TEXT NOT NULL,
            who TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('begun', 'arrived', 'refused')),
            told TEXT NOT NULL DEFAULT ''
        )""",
        "CREATE INDEX sending_of ON sending (target, student)",
    ),
    (
        """CREATE TABLE revision (
            id INTEGER PRIMARY KEY,
            assignment TEXT NOT NULL REFERENCES assignment,
            attempt INTEGER REFERENCES attempt,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            was TEXT NOT NULL,
            now TEXT NOT NULL
        )""",
        *_fixed("revision"),
        "ALTER TABLE attempt ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
        "CREATE TRIGGER attempt_is_not_changed BEFORE UPDATE OF assignment, student, sha256, "
        "submission, file, origin, at ON attempt "
        "BEGIN SELECT RAISE(ABORT, 'attempt is never changed'); END",
        "CREATE TRIGGER attempt_is_not_removed BEFORE DELETE ON attempt "
        "BEGIN SELECT RAISE(ABORT, 'attempt is never removed'); END",
    ),
)
"""The statements that make each version out of the one before."""
