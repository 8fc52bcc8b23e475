"""The platform's side of LTI 1.3, as strict as 1EdTech's texts and Moodle's code let it be.

Signatures are checked with `cryptography` alone, so that the grader's JSON Web Tokens are not
held against the library that made them.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .server import Faults, Refused, Reply, Request, Seen, serving

SCOPES = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE, RESULTS = f"{SCOPES}score", f"{SCOPES}result.readonly"
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
CLIENT, KEY_ID = "a-client", "key-1"
PROGRESS = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
GRADING = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:\d\d)")
_PAGE = 100

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
"""The tool's private key; made anew in each run of the tests."""


@dataclass
class Platform:
    """A course with one column. ``users`` are its learners: id, name, e-mail address.

    ``allowed`` are the scopes that the tool may have. ``scores`` are those accepted, by user;
    ``moodle`` compares timestamps by whole seconds, as Moodle does; ``lags`` tells a new result
    only to who asks for its user. After each ``scores_a_token`` scores the token is taken back.
    """

    users: Mapping[str, tuple[str, str]]
    allowed: set[str] = field(default_factory=lambda: {SCORE, RESULTS, MEMBERS})
    most: float = 10.0
    url: str = ""
    moodle: bool = True
    lags: bool = False
    lifetime: float = 3600.0
    scores_a_token: int = 1_000_000
    tokens: dict[str, tuple[set[str], float]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    assertions: list[str] = field(default_factory=list)
    scores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    seen: Seen = field(default_factory=Seen)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def secrets(self) -> list[str]:
        """All that may stand in no file and no message."""
        lines = [line for line in PEM.splitlines() if "-----" not in line]
        return [*lines, *self.tokens, *self.assertions]

    def marks(self) -> dict[str, float]:
        """What stands in the column, in percent."""
        return {
            user: given[-1]["scoreGiven"] / given[-1]["scoreMaximum"] * 100
            for user, given in self.scores.items()
        }

    def answer(self, request: Request) -> Reply:
        known = {
            ("POST", "/token"): self._token,
            ("POST", "/course/7/lineitem/scores"): self._score,
            ("GET", "/course/7/lineitem/results"): self._results,
            ("GET", "/course/7/members"): self._members,
        }
        if (request.method, request.path) not in known:
            raise Refused(404)
        with self.lock:
            return known[request.method, request.path](request)

    def _say(self, status: int, why: str) -> Refused:
        """A refusal that a right tool never gets."""
        self.wrong.append(why)
        return Refused(status, {"error": why})

    def _token(self, request: Request) -> Reply:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise self._say(400, "invalid_request")
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            raise self._say(400, "unsupported_grant_type")
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        if form.get("client_assertion_type") != kind:
            raise self._say(400, "invalid_request")
        self.assertions.append(form["client_assertion"])
        self._check_assertion(form["client_assertion"])
        wanted = set(form["scope"].split())
        if not wanted <= self.allowed:
            raise Refused(400, {"error": "invalid_scope"})
        token = secrets.token_urlsafe(32)
        self.tokens[token] = (wanted, time.time() + self.lifetime)
        return Reply(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": " ".join(wanted),
            },
        )

    def _check_assertion(self, assertion: str) -> None:
        """Who it is from: signature, names, audience, time, and used only once."""
        parts = assertion.split(".")
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        try:
            _KEY.public_key().verify(
                _decoded(parts[2]),
                ".".join(parts[:2]).encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            raise self._say(400, "invalid_client") from None
        now = time.time()
        good = (
            (header["alg"], header["kid"], header["typ"]) == ("RS256", KEY_ID, "JWT")
            and claims["iss"] == claims["sub"] == CLIENT
            and claims["aud"] == f"{self.url}/token"
            and claims["iat"] <= now + 1 < claims["exp"] <= now + 3600
            and claims["jti"] not in self.used
        )
        self.used.add(claims["jti"])
        if not good:
            raise self._say(400, "invalid_client")

    def _authorised(self, request: Request, scope: str) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        scopes, until = self.tokens.get(token, (set[str](), 0.0))
        if kind != "Bearer" or time.time() > until:
            raise Refused(401, {"error": f"no token: {token}"})  # some platforms say it back
        if scope not in scopes:
            raise self._say(403, "insufficient scope")

    def _score(self, request: Request) -> Reply:
        self._authorised(request, SCORE)
        if request.headers.get("content-type") != "application/vnd.ims.lis.v1.score+json":
            raise self._say(415, "another media type")
        score = json.loads(request.body)
        if faults := [*_faults(score)]:
            raise self._say(400, "; ".join(faults))
        if score["userId"] not in self.users:
            raise Refused(404, {"error": "nobody"})
        given = self.scores.setdefault(score["userId"], [])
        if given and not self._stamp(given[-1]) < self._stamp(score):
            raise Refused(409, {"error": "an earlier timestamp"})
        given.append(score)
        if sum(map(len, self.scores.values())) % self.scores_a_token == 0:
            self.tokens = {token: (scopes, 0.0) for token, (scopes, _) in self.tokens.items()}
        return Reply(200)

    def _stamp(self, score: Mapping[str, Any]) -> datetime:
        stamp = datetime.fromisoformat(score["timestamp"])
        return stamp.replace(microsecond=0) if self.moodle else stamp

    def _results(self, request: Request) -> Reply:
        self._authorised(request, RESULTS)
        asked = request.query.get("user_id")
        found = [
            {
                "id": f"{self.url}/results/{user}",
                "userId": user,
                "resultScore": round(percent / 100 * self.most, 5),
                "resultMaximum": self.most,
            }
            for user, percent in self.marks().items()
            if asked == [user] or (asked is None and not self.lags)
        ]
        return self._paged(request, found)

    def _members(self, request: Request) -> Reply:
        self._authorised(request, MEMBERS)
        role = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
        members = [
            {"user_id": user, "roles": [f"{role}Learner"], "name": name, "email": email}
            for user, (name, email) in self.users.items()
        ]
        members.append({"user_id": "t1", "roles": [f"{role}Instructor"], "name": "Ann Lee"})
        reply = self._paged(request, members)
        return Reply(200, {"id": self.url, "members": reply.content}, reply.headers)

    def _paged(self, request: Request, found: list[dict[str, Any]]) -> Reply:
        page = int(request.query.get("page", ["0"])[0])
        part = found[page * _PAGE : (page + 1) * _PAGE]
        more = len(found) > (page + 1) * _PAGE
        link = f'<{self.url}{request.path}?page={page + 1}>; rel="next"'
        return Reply(200, part, {"Link": link} if more else {})


def _faults(score: Any) -> Iterator[str]:
    """What is wrong with the form of a score, by AGS 2.0."""
    if not isinstance(score, dict):
        yield "no object"
        return
    for name in ("userId", "activityProgress", "gradingProgress", "timestamp"):
        if not isinstance(score.get(name), str):
            yield f"{name} is no text"
            return
    if score["activityProgress"] not in PROGRESS or score["gradingProgress"] not in GRADING:
        yield "progress"
    for name in ("scoreGiven", "scoreMaximum"):
        if isinstance(score.get(name), bool) or not isinstance(score.get(name), (int, float)):
            yield f"{name} is no number"
            return
    if score["scoreGiven"] < 0 or score["scoreMaximum"] <= 0:
        yield "points"
    if not _STAMP.fullmatch(score["timestamp"]):
        yield "timestamp"
    known = {"userId", "activityProgress", "gradingProgress", "timestamp", "scoreGiven"}
    known |= {"scoreMaximum", "comment", "submission", "scoringUserId"}
    if others := {name for name in score if name not in known and not name.startswith("https://")}:
        yield f"unknown: {others}"


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def course(
    users: Mapping[str, tuple[str, str]], patience: float = 1.0, **more: Any
) -> Iterator[Platform]:
    """A platform that answers until the block ends; nothing wrong may have been asked of it."""
    platform = Platform(users, **more)
    with serving(platform, platform.faults, platform.seen, patience):
        yield platform
    assert platform.wrong == []
