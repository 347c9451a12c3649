"""The embedded sandbox: Zoho accounts, Books and Creator, a hotel's QloApps and a company's QuickBooks, to try everything on.

Written from the published contracts and the facts, knowing nothing of the sources and targets of this program, so that one
misreading is not made twice. In process it is a WSGI application (`sandbox.transport.InProcess` for httpx2); served on
loopback, it is for people.
"""

from __future__ import annotations

from zsync.sandbox.accounts import FULL_ACCESS, Accounts, Client
from zsync.sandbox.app import PATIENCE, Sandbox
from zsync.sandbox.books import Behaviour, Books, Organization
from zsync.sandbox.faults import Fault, Faults
from zsync.sandbox.forms.service import FULL_ACCESS as CREATOR_ACCESS
from zsync.sandbox.ledger import Entry, Ledger
from zsync.sandbox.limits import NO_LIMITS, Limits
from zsync.sandbox.web import ConnectionCut, Mountable

__all__ = [
    "CREATOR_ACCESS",
    "FULL_ACCESS",
    "NO_LIMITS",
    "PATIENCE",
    "Accounts",
    "Behaviour",
    "Books",
    "Client",
    "ConnectionCut",
    "Entry",
    "Fault",
    "Faults",
    "Ledger",
    "Limits",
    "Mountable",
    "Organization",
    "Sandbox",
]
