"""The stand-in QuickBooks Online: one company with its objects and a small general ledger, and Intuit's sign-in."""

from __future__ import annotations

from zsync.sandbox.company.company import Company, Posting
from zsync.sandbox.company.intuit import Intuit
from zsync.sandbox.company.service import QuickBooks

__all__ = ["Company", "Intuit", "Posting", "QuickBooks"]
