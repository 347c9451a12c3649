"""The stand-in Zoho Books: an organisation that computes, refuses, forgets for a while and counts."""

from __future__ import annotations

from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.books.books import Books
from zsync.sandbox.books.store import KindSums, Mail, Organization

__all__ = ["Behaviour", "Books", "KindSums", "Mail", "Organization"]
