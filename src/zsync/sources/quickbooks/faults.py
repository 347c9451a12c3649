"""One table: what an answer of QuickBooks means (facts, section 7). Only reads are sent, so nothing is ever in doubt.

    401                        SignInNeeded (after one renewal)        429, 403 with 3001   Throttled, a minute
    403 with 3100              SignInNeeded: the app lost the company  403 else             ConfigError: the user's rights
    6190                       ConfigError: the subscription ended     610                  Refused, gone
    400 else                   Refused                                 5xx, HTML            Unavailable

A Fault may come with 200, and with names in lower case; codes are text, sometimes with leading zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zsync.errors import ConfigError, OutOfReach, Refused, SignInNeeded, Throttled, Unavailable, ZsyncError

REMOTE = "quickbooks"
_MINUTE_S = 60.0
_THROTTLED, _NO_COMPANY, _NO_SUBSCRIPTION, _NOT_FOUND = 3001, 3100, 6190, 610
_RIGHTS = (120, 5020)
_QUERY = (4000, 4001)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of a fault: its code, and Intuit's words."""

    code: int
    words: str


def fault_of(body: object) -> Fault | None:
    """The fault in an answer, in either spelling; None where there is none."""
    if not isinstance(body, Mapping):
        return None
    fault = body.get("Fault") or body.get("fault")
    if not isinstance(fault, Mapping):
        return None
    errors = fault.get("Error") or fault.get("error")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    words = _text(first, "Detail") or _text(first, "Message") or "no words"
    code = _text(first, "code")
    return Fault(int(code) if code.isascii() and code.isdecimal() else 0, words)


def classify(status: int, body: object, request_id: str = "", retry_after_s: float | None = None) -> ZsyncError | None:
    """The error that an answer means, or None for a success. `body` is None where it was no JSON."""
    fault = fault_of(body)
    said: dict[str, Any] = {"remote": REMOTE, "request_id": request_id}
    code = fault.code if fault is not None else 0
    if status == 429 or code == _THROTTLED:
        return Throttled("QuickBooks asks for a pause", after_s=max(retry_after_s or 0.0, _MINUTE_S), **said)
    if status == 401:
        return SignInNeeded("QuickBooks does not accept the sign-in", hint="`zsync auth quickbooks` again", **said)
    if status >= 500 or status == 408:
        return Unavailable(f"QuickBooks answered {status}", **said)
    if code == _NO_COMPANY:
        return SignInNeeded(
            "the app may not see this company (code 3100)",
            hint="`zsync auth quickbooks` again; sandbox keys see sandbox companies only: check environment under [source]",
            **said,
        )
    if code in _RIGHTS:
        return ConfigError(f"the user who signed in may not see this (code {code})", hint="let a company admin sign in", **said)
    if code == _NO_SUBSCRIPTION:
        return ConfigError("the company's subscription has ended (code 6190)", hint="renew it in QuickBooks", **said)
    if fault is not None:
        return Refused(
            f"QuickBooks refused it: {fault.words} (code {code})",
            remote_code=str(code),
            gone=code == _NOT_FOUND,
            hint="the object, or one of its properties, cannot be asked so" if code in _QUERY else "",
            **said,
        )
    if 300 <= status < 400:
        return OutOfReach("QuickBooks sends this call somewhere else", hint="check api_url under [source]", **said)
    if status == 404:
        return ConfigError("QuickBooks does not know this address", hint="check api_url and realm_id under [source]", **said)
    if not 200 <= status < 300:
        return Refused(f"QuickBooks answered {status}", remote_code=str(status), **said)
    if body is None:
        return Unavailable("QuickBooks answered something that is no JSON", **said)
    return None


def refused_token(status: int, _body: bytes) -> bool:
    """Whether an answer means the access token."""
    return status == 401


def _text(error: Mapping[str, Any], name: str) -> str:
    value = error.get(name) or error.get(name.lower()) or ""
    return str(value)
