"""Zoho's data centres: where to sign in, where the API is, where people look (facts, section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from zsync.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Centre:
    """Addresses of one data centre, without a trailing slash."""

    accounts: str
    api: str
    books: str

    @property
    def creator(self) -> str:
        """Where people open applications of Zoho Creator."""
        return self.books.replace("//books.", "//creatorapp.", 1)


CENTRES = {
    "us": Centre("https://accounts.zoho.com", "https://www.zohoapis.com", "https://books.zoho.com"),
    "eu": Centre("https://accounts.zoho.eu", "https://www.zohoapis.eu", "https://books.zoho.eu"),
    "in": Centre("https://accounts.zoho.in", "https://www.zohoapis.in", "https://books.zoho.in"),
    "au": Centre("https://accounts.zoho.com.au", "https://www.zohoapis.com.au", "https://books.zoho.com.au"),
    "jp": Centre("https://accounts.zoho.jp", "https://www.zohoapis.jp", "https://books.zoho.jp"),
    "ca": Centre("https://accounts.zohocloud.ca", "https://www.zohoapis.ca", "https://books.zohocloud.ca"),
    "cn": Centre("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn", "https://books.zoho.com.cn"),
    "sa": Centre("https://accounts.zoho.sa", "https://www.zohoapis.sa", "https://books.zoho.sa"),
    "uk": Centre("https://accounts.zoho.uk", "https://www.zohoapis.uk", "https://books.zoho.uk"),
}


def known_accounts(url: str, configured: str) -> str:
    """The accounts server that an answer named, if it is Zoho's or the configured one; tokens go nowhere else."""
    return _known(url, configured, {centre.accounts for centre in CENTRES.values()}, "accounts server")


def known_api(url: str, configured: str) -> str:
    """The API host that an answer named, if it is Zoho's or the configured one."""
    return _known(url, configured, {centre.api for centre in CENTRES.values()}, "API host")


def _known(url: str, configured: str, known: set[str], what: str) -> str:
    plain = url.rstrip("/")
    if not plain or plain in known or plain == configured.rstrip("/"):
        return plain or configured.rstrip("/")
    raise ConfigError(
        f"the sign-in named the {what} `{urlsplit(plain).hostname}`, which is not one of Zoho's data centres",
        hint="if that is a new data centre, set accounts_url and api_url under [target]",
    )
