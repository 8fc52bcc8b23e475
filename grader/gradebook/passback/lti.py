"""LTI 1.3: scores by the Assignment and Grade Services, users by Names and Roles.

1EdTech: LTI AGS 2.0, LTI NRPS 2.0, Security Framework 1.0. A tool proves who it is by a signed
assertion, and gets a token for the scopes that it names.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import jwt

from grader.gradebook.export.match_people import Person
from grader.gradebook.passback.http import HttpClient, HttpRequest, HttpResponse
from grader.gradebook.passback.platform import (
    OutgoingScore,
    PlatformState,
    RemoteScore,
    SendResult,
    is_same_score,
)
from grader.gradebook.passback.secret import PassbackError, Secret
from grader.gradebook.passback.settings import LtiSettings

SCORE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULTS: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
MEMBERS: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
_RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
_MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_VALID: Final = 300  # seconds of an assertion
_OF_CANVAS: Final = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}


class Lti:
    """One line item of a platform: a column of its gradebook."""

    def __init__(self, settings: LtiSettings, lineitem: str, key: Secret, web: HttpClient) -> None:
        self._settings, self._lineitem, self._key, self._web = settings, lineitem, key, web
        self._token: Secret | None = None
        self._scopes: frozenset[str] = frozenset()

    @property
    def target(self) -> str:
        """The line item's URL without its query."""
        return f"lti {self._lineitem.partition('?')[0]}"

    @property
    def layout(self) -> str:
        """Canvas takes its own numbers; elsewhere an LTI user is nobody's in a download."""
        return "canvas" if self._settings.canvas and not self._settings.memberships else ""

    def read_state(self, most: float) -> PlatformState:
        """Read who is in the course, and the results there, as far as the platform tells them."""
        self._authorise()
        people = tuple(self._members()) if self._settings.memberships else ()
        held = self._results(most) if RESULTS in self._scopes else None
        return PlatformState(people=people, remote_scores=held)

    def send(self, outgoing: OutgoingScore) -> SendResult:
        """Post one score, with its own timestamp however often it takes."""
        answer = self._post(outgoing)
        may_be_there = outgoing.is_repeat or answer.tries > 1
        if answer.status == 401:  # the token was taken back, or lived shorter than it said
            self._token = None
            answer = self._post(outgoing)
            may_be_there = may_be_there or answer.tries > 1
        if 200 <= answer.status < 300:
            return SendResult("arrived")
        told = self._web.describe_refusal(answer)
        if answer.status == 401:
            raise PassbackError("unauthorised", told=told)
        if answer.status == 409 and may_be_there:
            return self._already(outgoing, told)
        return SendResult("refused", told)

    def _post(self, outgoing: OutgoingScore) -> HttpResponse:
        score: dict[str, Any] = {
            "userId": outgoing.user,
            "scoreGiven": outgoing.score,
            "scoreMaximum": outgoing.max_score,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": outgoing.timestamp.isoformat(timespec="milliseconds").replace(
                "+00:00", "Z"
            ),
        }
        if outgoing.comment:
            score["comment"] = outgoing.comment
        if self._settings.canvas:
            score |= _OF_CANVAS
        content = json.dumps(score, ensure_ascii=False).encode()
        url = _below(self._lineitem, "scores")

        def make() -> HttpRequest:
            headers = {**self._authorise(), "Content-Type": _SCORE_TYPE}
            return HttpRequest(method="POST", url=url, headers=headers, content=content)

        return self._web.request(make)

    def _already(self, outgoing: OutgoingScore, told: str) -> SendResult:
        """Find out about a score that is refused as too old, in favour of an earlier try perhaps.

        One that tells no results has something as new: ours, or what somebody gave since.
        """
        if RESULTS not in self._scopes:
            return SendResult("arrived", told)
        held = self._results(outgoing.max_score, outgoing.user).get(outgoing.user)
        if held is None or held.score is None:  # told only later, or taken away by somebody
            return SendResult("refused" if outgoing.is_repeat else "begun", told)
        if is_same_score(held.score, outgoing.score, outgoing.max_score):
            return SendResult("arrived")
        return SendResult("refused", told)

    def _results(self, most: float, user: str | None = None) -> dict[str, RemoteScore]:
        url = _below(self._lineitem, "results")
        if user is not None:
            url += ("&" if "?" in url else "?") + urlencode({"user_id": user})
        found = {}
        for page in self._web.json_pages(url, lambda here: self._get(here, _RESULTS_TYPE)):
            for one in _listed(page):
                score, of = one.get("resultScore"), one.get("resultMaximum", 1)
                if isinstance(score, (int, float)) and isinstance(of, (int, float)) and of > 0:
                    found[str(one.get("userId"))] = RemoteScore(score=score / of * most)
        return found

    def _members(self) -> list[Person]:
        """Learners, told by what the platform gives away of them."""
        people: list[Person] = []
        url = self._settings.memberships
        assert url is not None
        for page in self._web.json_pages(url, lambda here: self._get(here, _MEMBERS_TYPE)):
            for one in _listed(page.get("members") if isinstance(page, dict) else None):
                roles = one.get("roles")
                if not any(str(r).endswith("Learner") for r in roles or ()) or not one.get(
                    "user_id"
                ):
                    continue
                keys = ("lis_person_sourcedid", "email", "ext_user_username")
                logins = [text for key in keys if (text := str(one.get(key) or ""))]
                logins += [text.partition("@")[0] for text in logins]
                people.append(
                    Person(
                        line=len(people),
                        number=str(one["user_id"]),
                        name=str(one.get("name") or ""),
                        logins=tuple(dict.fromkeys(logins)),
                    )
                )
        return people

    def _get(self, url: str, accept: str) -> HttpRequest:
        return HttpRequest(method="GET", url=url, headers={**self._authorise(), "Accept": accept})

    def _authorise(self) -> dict[str, str]:
        if self._token is None:
            self._token = self._new_token()
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def _new_token(self) -> Secret:
        """Get a token for all that we read and write, or for scores alone where that is refused."""
        wanted = [SCORE, RESULTS, *([MEMBERS] if self._settings.memberships else [])]
        answer = self._asked_for(wanted)
        if answer.status == 400 and b"invalid_scope" in answer.body:
            answer = self._asked_for([SCORE])
        try:
            given = answer.json()
        except ValueError:
            given = None
        token = given.get("access_token") if isinstance(given, dict) else None
        if answer.status != 200 or not isinstance(token, str):
            raise PassbackError("token", told=self._web.describe_refusal(answer))
        granted = given.get("scope", " ".join(wanted))
        self._scopes = frozenset(granted.split() if isinstance(granted, str) else granted)
        if SCORE not in self._scopes:
            raise PassbackError("scope", scope=SCORE)
        return self._web.redactor.add(token)

    def _asked_for(self, scopes: list[str]) -> HttpResponse:
        def make() -> HttpRequest:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion().reveal(),
                "scope": " ".join(scopes),
            }
            return HttpRequest(
                method="POST",
                url=self._settings.token_url,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                content=urlencode(form).encode(),
            )

        return self._web.request(make)

    def _assertion(self) -> Secret:
        """Sign who we are; good once, and for some minutes."""
        now = int(time.time())
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": self._settings.audience or self._settings.token_url,
            "iat": now,
            "exp": now + _VALID,
            "jti": secrets.token_urlsafe(24),
        }
        headers = {"kid": self._settings.key_id}
        try:
            signed = jwt.encode(claims, self._key.reveal(), algorithm="RS256", headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            raise PassbackError("key") from None  # what it says may hold a part of the key
        return self._web.redactor.add(signed)


def _below(lineitem: str, name: str) -> str:
    """Return the URL of a line item's service: its path goes on, its query stays."""
    parts = urlsplit(lineitem)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def _listed(page: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; what is none is passed over."""
    return [one for one in page if isinstance(one, dict)] if isinstance(page, list) else []
