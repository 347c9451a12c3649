"""Text as Zoho Books takes it: cut at characters to the documented lengths, without what it refuses in names."""

from __future__ import annotations

import re
import unicodedata

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_WORD}(\.{_WORD})*@({_LABEL}\.)+([A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{1,59}})\Z")


def clean(value: str, length: int) -> str:
    """`value` on one line, single blanks, `<` and `>` as brackets that pass (facts, section 18), at most `length` characters."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in value)
    plain = " ".join(plain.replace("<", "\u2039").replace(">", "\u203a").split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "\u2026"


def block(value: str, length: int) -> str:
    """Like `clean`, but lines stay lines."""
    return "\n".join(clean(line, length) for line in value.splitlines())[:length]


def address_of_mail(value: str) -> str:
    """The e-mail address if Zoho can be expected to take it, else empty: a bad one refuses the whole contact."""
    return value if len(value) <= 100 and _ADDRESS.match(value) else ""
