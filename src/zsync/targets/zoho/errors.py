"""One table: what an answer of a Zoho finance product means for the engine (facts, sections 3 and 4).

The code decides before the status, because limits may come with any status and code 1000 means two things.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from zsync.errors import (
    ConfigError,
    ContractBroken,
    InDoubt,
    QuotaUsedUp,
    Refused,
    SignInNeeded,
    Throttled,
    Unavailable,
    ZsyncError,
)

REMOTE = "zoho-books"

DUPLICATE = frozenset({"1001", "3062", "12018", "36004"})
"""It exists already: contact name, numbers of sales orders, invoices, credit notes; items by name or sku."""

GONE = frozenset({"1002", "2006"})
"""It does not exist (any more)."""

DAY_USED_UP_UNTIL = datetime.max.replace(tzinfo=UTC)
"""A stand-in that the client replaces by the reset that the pace knows."""

_HINTS = {
    "15": "a text is longer than Zoho takes: shorten it in the source",
    "24016": "more was applied than the invoice has open: look at its payments in Zoho",
    "3009": "the invoice has credits, so the contact is fixed",
    "3010": "the invoice has payments, so the customer is fixed",
    "11015": "the account is inactive or deleted: change [target.accounts] or [target.payment_methods]",
    "9004": "the currency does not exist in the organisation: add it there",
    "103001": "the organisation's trial is over",
}


def classify(method: str, status: int, code: str, words: str, request_id: str = "") -> ZsyncError | None:
    """The error that an answer means, or None for a success: 2xx and code 0.

    `words` are Zoho's own, for people; they may repeat a guest's name, so they never reach a log.
    """
    write = method != "GET"
    if 200 <= status < 300 and code == "0":
        return None
    match code:
        case "44":
            return Throttled("too many calls in this minute", after_s=60, remote=REMOTE, request_id=request_id)
        case "1070":
            return Throttled("too many calls at once", after_s=5, remote=REMOTE, request_id=request_id)
        case "45":
            return QuotaUsedUp("today's calls are used up", until=DAY_USED_UP_UNTIL, remote=REMOTE, request_id=request_id)
        case "57" | "14":
            return SignInNeeded(
                f"Zoho does not accept the sign-in for this call (code {code})",
                hint="`zsync auth` again: the access was revoked, or a scope is missing",
                remote=REMOTE,
                request_id=request_id,
            )
        case "6041" | "9017":
            return ConfigError(
                f"the signed-in user is not in this organisation (code {code})",
                hint="check organization_id and data_center under [target], and who signed in (`zsync auth status`)",
                remote=REMOTE,
                request_id=request_id,
            )
        case "103001":
            return ConfigError("the organisation's trial is over", hint=_HINTS["103001"], remote=REMOTE)
        case "5" if status == 404:
            return ContractBroken(f"Zoho does not know this address: {words}", remote=REMOTE, request_id=request_id)
        case _:
            pass
    if status == 429:
        return Throttled(f"Zoho asks for a pause: {words}", after_s=60, remote=REMOTE, request_id=request_id)
    if status >= 500:
        return _fault(write, f"Zoho answered {status}", request_id)
    if status == 401:
        return SignInNeeded("Zoho does not accept the sign-in", hint="`zsync auth`", remote=REMOTE, request_id=request_id)
    if 200 <= status < 300 and not code:
        return ContractBroken("an answer without a code", remote=REMOTE, request_id=request_id)
    duplicate = code in DUPLICATE or (code == "1000" and status < 500)
    return Refused(
        f"{words} (code {code or status})",
        remote_code=code,
        duplicate=duplicate,
        gone=code in GONE or (status == 404 and code != "5"),
        hint=_HINTS.get(code, ""),
        remote=REMOTE,
        request_id=request_id,
    )


def unreadable(method: str, status: int, request_id: str = "") -> ZsyncError:
    """An answer that is no JSON: a gateway's page, a cut text."""
    if status == 429:
        return Throttled("Zoho asks for a pause", after_s=60, remote=REMOTE, request_id=request_id)
    if status in (301, 302, 303, 307, 308):
        return ContractBroken("Zoho redirects this call; redirects are not followed", remote=REMOTE, request_id=request_id)
    return _fault(method != "GET", f"Zoho answered {status} with something that is no JSON", request_id)


def _fault(write: bool, words: str, request_id: str) -> ZsyncError:
    kind: Callable[..., ZsyncError] = InDoubt if write else Unavailable
    return kind(words, remote=REMOTE, request_id=request_id)
