"""What zsync wrote while the tests ran, searched for the sandbox's secrets.

The sandbox's secrets are recognisable: those that it is made with have fixed texts, those that it issues have a shape. They may
stand where they must (the configuration, the token files), and nowhere else: no state, log, report, page, crontab or stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from zsync.sandbox import Accounts
from zsync.sandbox.company.intuit import Intuit
from zsync.sandbox.hotel import DEMO_KEY

SECRETS = re.compile(
    b"|".join(
        [
            *(re.escape(text.encode()) for text in ("sandbox-client-secret", "sandbox-app-secret", DEMO_KEY)),
            rb"1000\.(?:code|refresh|access)\.[0-9a-f]{32}",
            rb"(?:AT|RT|code)[0-9a-f]{40}",
        ]
    )
)
_SIGNS = (b"sandbox-", DEMO_KEY.encode(), b"1000.code.", b"1000.refresh.", b"1000.access.", b"0" * 24)
"""One of these stands in each of them; a plain search is many times faster than the pattern."""
MUST_HOLD = re.compile(r"\.toml$|tokens?(\.new)?$|\.py$|\.sh$|\.env$|\.key$|\.secret$")
"""The configuration and its secret files, the token files, and scripts that a test itself has written."""
_PIECE, _OVERLAP = 1 << 20, 256


def in_bytes(content: bytes) -> str:
    """The kind of the first secret in here, shortened so that the report does not repeat it; empty if there is none."""
    found = SECRETS.search(content) if any(sign in content for sign in _SIGNS) else None
    return found[0][:9].decode() + "..." if found else ""


def in_file(path: Path) -> str:
    """The same for a file of any size, piece by piece."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if found := in_bytes(rest + piece):
                return found
            rest = piece[-_OVERLAP:]
    return ""


def in_folder(base: Path) -> list[str]:
    """`FILE: KIND` for each file below `base` that holds a secret it need not hold."""
    return [
        f"{path.relative_to(base)}: {found}"
        for path in sorted(base.rglob("*"))
        if path.is_file() and not path.is_symlink() and not MUST_HOLD.search(path.name)
        for found in [in_file(path)]
        if found
    ]


class Streams:
    """What the commands printed in this process, searched as it comes."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.bytes = 0

    def take(self, command: Iterable[str], *texts: str) -> None:
        for text in texts:
            content = text.encode("utf-8", "surrogatepass")
            self.bytes += len(content)
            if found := in_bytes(content):
                self.found.append(f"zsync {' '.join(command)[:40]}: {found}")


STREAMS = Streams()


def shapes() -> list[str]:
    """One secret of each kind, as the sandbox really makes them."""
    accounts, intuit = Accounts(), Intuit(clock=lambda: 0.0)
    return [
        *(accounts.client.client_secret, intuit.client_secret, DEMO_KEY),
        *(accounts.grant_code(["ZohoBooks.settings.READ"]), *accounts.issue(), *intuit.issue(), intuit.grant_code()),
    ]
