"""The tables of a gradebook, version by version. A version that was used is never edited."""

from __future__ import annotations

from typing import Final

APPLICATION: Final = 0x47726442  # "GrdB": what tells the file from other SQLite files


def _fixed(table: str) -> tuple[str, str]:
    """What was written into ``table`` stays as it is."""
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
        """CREATE TABLE assignment_before (
            id TEXT NOT NULL,
            until TEXT NOT NULL,
            title TEXT NOT NULL,
            max_score REAL NOT NULL,
            rules TEXT NOT NULL
        )""",
        """CREATE TRIGGER assignment_was BEFORE UPDATE ON assignment
            WHEN (OLD.title, OLD.max_score, OLD.rules) != (NEW.title, NEW.max_score, NEW.rules)
            BEGIN INSERT INTO assignment_before
            VALUES (OLD.id, strftime('%Y-%m-%dT%H:%M:%SZ'), OLD.title, OLD.max_score, OLD.rules);
            END""",
        *_fixed("assignment_before"),
        """CREATE TABLE times_before (
            attempt INTEGER NOT NULL REFERENCES attempt,
            until TEXT NOT NULL,
            first TEXT,
            last TEXT
        )""",
        """CREATE TRIGGER times_were BEFORE UPDATE OF first, last ON attempt
            WHEN OLD.first IS NOT NEW.first OR OLD.last IS NOT NEW.last
            BEGIN INSERT INTO times_before
            VALUES (OLD.id, strftime('%Y-%m-%dT%H:%M:%SZ'), OLD.first, OLD.last); END""",
        *_fixed("times_before"),
    ),
)
"""The statements that make each version out of the one before."""
