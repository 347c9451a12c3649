"""One table: what an answer of a Zoho finance product means for the engine (facts, sections 3 and 4).

    code      what it means                                   error
    0 + 2xx   done                                            none
    44        the minute is full                              Throttled, a minute
    1070      too many at once                                Throttled, a few seconds
    45        the day is used up                              QuotaUsedUp (the client fills in until when)
    57, 14    token dead, or a scope is missing               SignInNeeded
    6041, 9017  not this user's organisation                  ConfigError
    103001    trial over                                      ConfigError
    5 + 404   no such address                                 OutOfReach
    1001, 3062, 12018, 36004, 1000 + 4xx   it exists already  Refused, duplicate
    1002, 2006, other 404                  it does not exist  Refused, gone
    other 4xx, a code with 2xx             the data           Refused
    5xx, 408, no JSON   unknown                               InDoubt on a write, Unavailable on a read
    3xx       somewhere else                                  InDoubt on a write, OutOfReach on a read

The code decides before the status, because limits may come with any status and code 1000 means two things.
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

REMOTE = "zoho-books"

TOKEN = frozenset({"57", "14"})
"""The access token is dead or missing; 57 also: it lacks a scope."""

LIMITS = frozenset({"44", "45", "1070"})
"""The minute, the day, calls at once. They may come with any status."""

DUPLICATE = frozenset({"1001", "3062", "12018", "36004"})
"""It exists already: contact name, numbers of sales orders, invoices, credit notes; items by name or sku."""

GONE = frozenset({"1002", "2006"})
"""It does not exist (any more)."""

MINUTE_S = 60.0
AT_ONCE_S = 5.0

DAY_USED_UP_UNTIL = datetime.max.replace(tzinfo=UTC)
"""A stand-in that the client replaces by the reset that the pace knows."""

_ANY_HINT = "correct what Zoho names, there or in the source, then `zsync retry`"

_HINTS = {
    "2": "a value, or an id, is none that Zoho takes: correct it in the source or the configuration, then `zsync retry`",
    "4": "a value has a form that Zoho does not take: change it in the source",
    "15": "a text is longer than Zoho takes: shorten it in the source",
    "24016": "more was applied than the invoice has open: look at its payments in Zoho",
    "3009": "the invoice has credits, so the contact is fixed",
    "3010": "the invoice has payments, so the customer is fixed",
    "4043": "the document is in a state that does not allow this: look at it in Zoho",
    "11015": "the account is inactive or deleted: change [target.accounts] or [target.payment_methods]",
    "9004": "the currency does not exist in the organisation: add it there",
}


def code_of(answer: Mapping[str, Any]) -> str:
    """The code of a JSON answer as text; empty where there is none that could be one: then the answer says nothing."""
    match answer.get("code"):
        case bool():
            return ""
        case int() as number:
            return str(number)
        case str() as text if text.isascii() and text.isdecimal():
            return text
        case _:
            return ""


def classify(method: str, status: int, code: str, words: str, request_id: str = "") -> ZsyncError | None:
    """The error that a JSON answer means, or None for a success: 2xx and code 0.

    `words` are Zoho's own, for people; they may repeat a guest's name, so they never reach a log.
    """
    said = {"remote": REMOTE, "request_id": request_id}
    done = 200 <= status < 300
    match code:
        case "0" if done:
            return None
        case "44":
            return Throttled("too many calls in this minute", after_s=MINUTE_S, **said)
        case "1070":
            return Throttled("too many calls at once", after_s=AT_ONCE_S, **said)
        case "45":
            return QuotaUsedUp("today's calls are used up", until=DAY_USED_UP_UNTIL, **said)
        case "57" | "14":
            # The token was renewed once and turned away again, so it is the scope or the user's own rights.
            return SignInNeeded(
                f"Zoho does not accept the sign-in for this call (code {code})",
                hint="`zsync auth` again and grant all that is asked; the user must be allowed to do this in Zoho",
                **said,
            )
        case "6041" | "9017":
            return ConfigError(
                f"the signed-in user is not in this organisation (code {code})",
                hint="check organization_id and data_center under [target], and who signed in (`zsync auth status`)",
                **said,
            )
        case "103001":
            return ConfigError("the organisation's trial is over", hint="choose a plan in Zoho Books", **said)
        case "5" if status == 404:
            return OutOfReach(
                "Zoho does not know this address (code 5)", hint="check api_url and data_center under [target]", **said
            )
        case _:
            return _by_status(method, status, code, words, request_id)


def unreadable(method: str, status: int, request_id: str = "") -> ZsyncError:
    """What an answer means that is no JSON: a gateway's page, a cut text."""
    return _without_words(method, status, request_id) or _unknown(
        method, f"Zoho answered {status} with something that is no JSON", request_id
    )


def _by_status(method: str, status: int, code: str, words: str, request_id: str) -> ZsyncError:
    general = _without_words(method, status, request_id)
    if general is not None:
        return general
    if not code or code == "0":
        # Neither a success nor a refusal that says why.
        return _unknown(method, f"Zoho answered {status} without a proper code", request_id)
    duplicate = code in DUPLICATE or (code == "1000" and 400 <= status < 500)
    return Refused(
        f"{words or 'Zoho refused it'} (code {code})",
        remote_code=code,
        duplicate=duplicate,
        gone=code in GONE or status == 404,
        hint=_HINTS.get(code, _ANY_HINT),
        remote=REMOTE,
        request_id=request_id,
    )


def _without_words(method: str, status: int, request_id: str) -> ZsyncError | None:
    """Statuses that mean the same whatever else the answer says."""
    said = {"remote": REMOTE, "request_id": request_id}
    if status == 429:
        return Throttled("Zoho asks for a pause", after_s=MINUTE_S, **said)
    if status >= 500 or status == 408 or (300 <= status < 400 and method != "GET"):
        return _unknown(method, f"Zoho answered {status}", request_id)
    if status == 401:
        return SignInNeeded("Zoho does not accept the sign-in", hint="`zsync auth` again", **said)
    if 300 <= status < 400:
        return OutOfReach(
            "Zoho sends this call somewhere else; redirects are not followed",
            hint="check api_url and data_center under [target]",
            **said,
        )
    return None


def _unknown(method: str, words: str, request_id: str) -> ZsyncError:
    if method == "GET":
        return Unavailable(words, remote=REMOTE, request_id=request_id)
    return InDoubt(words, remote=REMOTE, request_id=request_id)
