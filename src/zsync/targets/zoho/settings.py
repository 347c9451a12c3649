"""Kinds of settings that all Zoho products share."""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from zsync.model.intent import plain
from zsync.net.duration import text_schema


def _share(value: object) -> object:
    """ "20%" as 0.2."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal() and value.isascii() and int(value[:-1]) <= 90:
        return Decimal(int(value[:-1])) / 100
    raise ValueError('give a percentage up to 90, such as "20%"')


def _url(value: str) -> str:
    """https, or http to a loopback address; nothing but scheme, host, port and path. Tokens go there."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the address must not hold a user name, a query or a fragment")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname))):
        raise ValueError("the address must begin with https:// (plain http is for a loopback address only)")
    return value.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Share = Annotated[
    Decimal,
    BeforeValidator(_share),
    PlainSerializer(lambda value: f"{plain(value * 100)}%"),
    text_schema("^[0-9]+%$", "20%"),
]
Url = Annotated[str, AfterValidator(_url)]
