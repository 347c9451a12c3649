"""One table: what an answer of Zoho Creator means for the engine (facts, section 11). The code decides, never the words.

code                         what it means                              error
3000                         understood (each result speaks for itself) none
9280, 3100 with 404, 204     no records                                 none: an empty list
3910, 3930                   nothing to update, to delete               none: no result
2955, other 429              the minute is full, or too many at once    Throttled
4000                         the day is used up (comes with 200)        QuotaUsedUp
1030, other 401              token, or a scope is missing               SignInNeeded
3190                         no record with this id                     Refused, gone
3002                         a value is not taken; a unique one exists  Refused (duplicate where it is the key)
3060                         the plan's records are used up             ConfigError
2892 2893 2894 1040 1090     owner, app, form, report unknown           ConfigError
2933 2896-2899 1080 1130 2965  not permitted, switched off              ConfigError
2930                         generic 404                                Unavailable: certainly not applied
other 4xx, other codes       the request                                Refused
5xx, 408, no JSON            unknown                                    InDoubt on a write, Unavailable on a read
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from zsync.errors import (
    ConfigError,
    InDoubt,
    OutOfReach,
    QuotaUsedUp,
    Refused,
    SignInNeeded,
    Throttled,
    Unavailable,
    ZsyncError,
)

REMOTE = "zoho-creator"

DONE = 3000
NOTHING = frozenset({9280, 3910, 3930})
"""Nothing matches: no error, and nothing in the answer."""
NONE_V2 = 3100
GONE = 3190
INVALID = 3002
FULL = 3060
MINUTE_S = 60.0
DAY_USED_UP_UNTIL = datetime.max.replace(tzinfo=UTC)
"""A stand-in that the client replaces by the midnight that the pace knows."""

_TOKEN = 1030
_DAY = 4000
_MINUTE = 2955
_NAMES = {1040: "the owner", 1090: "a part of it", 2892: "the application", 2893: "the form", 2894: "the report"}
_DENIED = frozenset({2933, 2896, 2897, 2898, 2899, 1080, 1130, 2965})
_GENERIC = 2930


def code_of(answer: Mapping[str, Any]) -> int | None:
    code = answer.get("code")
    if isinstance(code, str) and code.isascii() and code.isdecimal():
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def words_of(answer: Mapping[str, Any]) -> str:
    """What the answer, or a result in it, says went wrong: `error` is an object by field, a list or a text; else the message."""
    error = answer.get("error")
    match error:
        case Mapping():
            return "; ".join(f"{name}: {words}" for name, words in error.items())
        case list():
            return "; ".join(str(each) for each in error)
        case str() if error:
            return error
        case _:
            return str(answer.get("message") or answer.get("description") or "")


def classify(method: str, status: int, code: int | None, words: str, request_id: str = "") -> ZsyncError | None:
    """The error that a JSON answer means, or None for a success or for an answer that says there is nothing."""
    said: dict[str, Any] = {"remote": REMOTE, "request_id": request_id}
    if code == _MINUTE or status == 429:
        return Throttled("Creator asks for a pause: too many calls in this minute, or at once", after_s=MINUTE_S, **said)
    if status >= 500 or status == 408 or (300 <= status < 400 and method != "GET"):
        return _unknown(method, f"Creator answered {status}", request_id)
    if code == _DAY:
        return QuotaUsedUp("today's calls are used up", until=DAY_USED_UP_UNTIL, **said)
    if code == _TOKEN or status == 401:
        return SignInNeeded(
            f"Zoho does not accept the sign-in for this call (code {code})",
            hint="`zsync auth zoho` again and grant all that is asked; the user must be allowed to do this in the application",
            **said,
        )
    if code == DONE or code in NOTHING or (code == NONE_V2 and status == 404):
        return None
    if code in _NAMES:
        return ConfigError(
            f"Creator does not know {_NAMES[code]} that the configuration names (code {code})",
            hint="check owner and app under [target], form and report_name under [entities]: they are link names",
            **said,
        )
    if code in _DENIED:
        return ConfigError(
            f"the user who signed in may not do this in the application (code {code})",
            hint="give him the right in the application, or let another user sign in: `zsync auth zoho`",
            **said,
        )
    if code == FULL:
        return ConfigError(
            "the plan's number of records is used up (code 3060)", hint="delete records, or choose a larger plan", **said
        )
    if code == _GENERIC:
        return Unavailable("Creator answered 404 without saying for what", **said)
    if 300 <= status < 400:
        return OutOfReach("Zoho sends this call somewhere else", hint="check api_url and data_center under [target]", **said)
    if code is None:
        return _unknown(method, f"Creator answered {status} without a proper code", request_id)
    return refused(code, words, request_id)


def refused(code: int, words: str, request_id: str = "", *, duplicate: bool = False, hint: str = "") -> Refused:
    """The refusal of one record, or of a request."""
    return Refused(
        f"{words or 'Creator refused it'} (code {code})",
        remote_code=str(code),
        duplicate=duplicate,
        gone=code == GONE,
        hint=hint or "correct what Creator names, there, in the source or in the mapping, then `zsync retry`",
        remote=REMOTE,
        request_id=request_id,
    )


def unreadable(method: str, status: int, request_id: str = "") -> ZsyncError:
    """What an answer means that is no JSON: a gateway's page, a cut text."""
    if status in (401, 429) or 300 <= status < 400:
        error = classify(method, status, None, "", request_id)
        if error is not None:
            return error
    return _unknown(method, f"Creator answered {status} with something that is no JSON", request_id)


def _unknown(method: str, words: str, request_id: str) -> ZsyncError:
    if method == "GET":
        return Unavailable(words, remote=REMOTE, request_id=request_id)
    return InDoubt(words, remote=REMOTE, request_id=request_id)
