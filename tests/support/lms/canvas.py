"""The part of Canvas's API that grading takes: an assignment, its submissions, a grade."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from .server import Faults, Refused, Reply, Request, Seen, serving

TOKEN = "7~aTokenOfATeacherOfThisCourse0123456789"
_BASE = "/api/v1/courses/7/assignments/42"
_PAGE = 100


@dataclass
class Course:
    """A course with one assignment. ``users`` are its students' names by number.

    ``grades`` are those that were given, in their order; ``excused`` has none.
    """

    users: Mapping[str, str]
    url: str = ""
    points: float = 100.0
    grading: str = "points"
    excused: set[str] = field(default_factory=set)
    deducted: float = 0.0  # by a late policy of Canvas's own
    grades: dict[str, list[float]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    seen: Seen = field(default_factory=Seen)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            said = request.headers.get("authorization")
            raise Refused(401, {"errors": [{"message": f"user authorization required: {said}"}]})
        with self.lock:
            if (request.method, request.path) == ("GET", _BASE):
                about = {"id": 42, "grading_type": self.grading, "points_possible": self.points}
                return Reply(200, about)
            if (request.method, request.path) == ("GET", f"{_BASE}/submissions"):
                return self._submissions(request)
            user = request.path.removeprefix(f"{_BASE}/submissions/")
            if request.method == "PUT" and user in self.users:
                return self._grade(user, request)
        raise Refused(404, {"errors": [{"message": "The specified resource does not exist."}]})

    def _submissions(self, request: Request) -> Reply:
        assert request.query["include[]"] == ["user"]
        page = int(request.query.get("page", ["1"])[0])
        users = list(self.users)[(page - 1) * _PAGE : page * _PAGE]
        link = f'<{self.url}{request.path}?include[]=user&page={page + 1}>; rel="next"'
        first = f'<{self.url}{request.path}?include[]=user&page=1>; rel="first"'
        more = len(self.users) > page * _PAGE
        found = [self._submission(user) for user in users]
        return Reply(200, found, {"Link": f"{first},{link}" if more else first})

    def _submission(self, user: str) -> dict[str, Any]:
        given = self.grades.get(user)
        entered = given[-1] if given else None
        return {
            "user_id": int(user),
            "score": None if entered is None else entered - self.deducted,
            "points_deducted": self.deducted or None,
            "excused": user in self.excused,
            "user": {"id": int(user), "name": self.users[user], "login_id": f"login{user}"},
        }

    def _grade(self, user: str, request: Request) -> Reply:
        form = parse_qs(request.body.decode(), strict_parsing=True)
        assert form.keys() == {"submission[posted_grade]"}
        self.grades.setdefault(user, []).append(float(form["submission[posted_grade]"][0]))
        return Reply(200, self._submission(user))


@contextmanager
def course(users: Mapping[str, str], patience: float = 1.0, **more: Any) -> Iterator[Course]:
    """Canvas, as far as it goes here, until the block ends."""
    made = Course(users, **more)
    with serving(made, made.faults, made.seen, patience):
        yield made
