"""Canvas's own API: one assignment's submissions as they are graded, and grading them.

No comments are sent: each would be one more, however often the same grade is given.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from grader.gradebook.export.match_people import Person
from grader.gradebook.passback.http import HttpClient, HttpRequest
from grader.gradebook.passback.platform import OutgoingScore, PlatformState, RemoteScore, SendResult
from grader.gradebook.passback.secret import PassbackError, Secret
from grader.gradebook.passback.settings import CanvasSettings

_POINTS: Final = ("points", "percent", "letter_grade", "gpa_scale")  # graded by a number of points


class Canvas:
    """One assignment of one course."""

    def __init__(
        self, settings: CanvasSettings, assignment: str, token: Secret, web: HttpClient
    ) -> None:
        self._token, self._web = token, web
        course = f"{settings.url.rstrip('/')}/api/v1/courses/{settings.course}"
        self._url = f"{course}/assignments/{assignment}"

    @property
    def target(self) -> str:
        """The assignment's URL."""
        return f"canvas-api {self._url}"

    @property
    def layout(self) -> str:
        """Users have the numbers of Canvas's downloads."""
        return "canvas"

    def read_state(self, most: float) -> PlatformState:
        """Read who has the assignment, their grades, and what is full marks."""
        [about] = self._web.json_pages(self._url, self._get)
        if not isinstance(about, dict) or about.get("grading_type") not in _POINTS:
            kind = about.get("grading_type") if isinstance(about, dict) else None
            raise PassbackError("grading_type", kind=str(kind), kinds=", ".join(_POINTS))
        points = about.get("points_possible")
        people: list[Person] = []
        held: dict[str, RemoteScore] = {}
        query = urlencode({"include[]": "user", "per_page": 100})
        for page in self._web.json_pages(f"{self._url}/submissions?{query}", self._get):
            for one in page if isinstance(page, list) else ():
                number, user = str(one.get("user_id")), one.get("user") or {}
                people.append(_person(len(people), number, user))
                held[number] = _remote_score(one)
        return PlatformState(
            people=tuple(people),
            remote_scores=held,
            reports_at_once=True,
            max_score=float(points) if isinstance(points, (int, float)) else None,
        )

    def send(self, outgoing: OutgoingScore) -> SendResult:
        """Grade one submission; doing so again is the same grade again."""
        content = urlencode({"submission[posted_grade]": f"{outgoing.score:.15g}"}).encode()
        headers = {**self._bearer(), "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._url}/submissions/{outgoing.user}"
        asked = HttpRequest(method="PUT", url=url, headers=headers, content=content)
        answer = self._web.request(lambda: asked)
        told = self._web.describe_refusal(answer)
        if answer.status == 401 and "www-authenticate" in answer.headers:  # it is the token
            raise PassbackError("unauthorised", told=told)
        return SendResult("arrived") if answer.status == 200 else SendResult("refused", told)

    def _get(self, url: str) -> HttpRequest:
        return HttpRequest(method="GET", url=url, headers=self._bearer())

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}


def _person(line: int, number: str, user: dict[str, Any]) -> Person:
    keys = ("sis_user_id", "login_id", "integration_id", "email")
    logins = [text for key in keys if (text := str(user.get(key) or ""))]
    logins += [text.partition("@")[0] for text in logins]
    name = str(user.get("sortable_name") or user.get("name") or "")
    return Person(line=line, number=number, name=name, logins=tuple(dict.fromkeys(logins)))


def _remote_score(submission: dict[str, Any]) -> RemoteScore:
    """Return the grade before what Canvas takes off for lateness by itself."""
    score, taken_off = submission.get("score"), submission.get("points_deducted")
    if isinstance(score, (int, float)) and isinstance(taken_off, (int, float)):
        score += taken_off
    return RemoteScore(
        score=float(score) if isinstance(score, (int, float)) else None,
        excused=submission.get("excused") is True,
    )
