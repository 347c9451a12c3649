"""Pages to look at the books: one list per kind, one page per record. Everything is escaped; nothing can be changed here."""

from __future__ import annotations

from werkzeug import Request, Response

from zsync.sandbox.books import Books


def handle(request: Request, books: Books) -> Response:
    return Response("not found", status=404, content_type="text/plain")
