"""OAuth 2 over httpx2 by Authlib: the client of one server, and what it raises in plain words. What a server's own errors mean is
the remote's business (`told`); no token, code or secret is ever repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import httpx2

from zsync.errors import ContractBroken, OutOfReach, Unavailable, ZsyncError
from zsync.net.client import bound, is_loopback, untrusted, usable_environment
from zsync.net.secret import Secret

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

_MOST_BYTES = 1024 * 1024
_HOUR_S, _LONGEST_LIFE_S = 3600, 86400
_LAST_MINUTE_S = 60
"""A token that lives no longer would be renewed for each call, and ten in ten minutes are all that Zoho gives."""


def oauth_client(
    client_id: str,
    client_secret: Secret,
    server: str,
    *,
    method: Literal["client_secret_post", "client_secret_basic"],
    timeout_s: float,
    transport: httpx2.BaseTransport | None,
) -> OAuth2Client:
    """A client for the sign-in server at this address; it follows no redirect and gives up answers that are too large or late."""
    from authlib.integrations.httpx_client import OAuth2Client  # heavy, and needed once an hour

    heedful, until = not is_loopback(urlsplit(server).hostname or ""), time.monotonic() + timeout_s
    with usable_environment():
        # Authlib's own, where it cannot be made, prints a complaint of its destructor.
        httpx2.Client(transport=transport, trust_env=heedful).close()
    return OAuth2Client(
        client_id=client_id,
        client_secret=client_secret.reveal(),
        token_endpoint_auth_method=method,
        timeout=timeout_s,
        transport=transport,
        follow_redirects=False,
        trust_env=heedful,
        event_hooks={"response": [lambda response: bound(response, _MOST_BYTES, until)]},
    )


@contextmanager
def plain_words(told: Callable[[str, str], ZsyncError], remote: str) -> Iterator[None]:
    """Turn what Authlib and httpx2 raise in here into our errors. `told` is given the server's error and its description."""
    from authlib.integrations.base_client import OAuthError

    try:
        yield
    except OAuthError as err:
        raise told(str(err.error), str(err.description or "")) from err
    except httpx2.HTTPStatusError as err:
        raise Unavailable(f"the sign-in server answered {err.response.status_code}", remote=remote) from err
    except httpx2.HTTPError as err:
        if isinstance(err, httpx2.ConnectError) and untrusted(err):
            raise OutOfReach(
                "the certificate of the sign-in server cannot be verified",
                hint="check the address and the system's certificates; verification cannot be switched off",
                remote=remote,
            ) from err
        raise Unavailable(f"the sign-in server does not answer ({type(err).__name__})", remote=remote) from err
    except (ValueError, TypeError, AttributeError, RecursionError, ContractBroken) as err:  # Authlib reads whatever JSON it gets
        raise Unavailable("the sign-in server's answer is not understood", hint="try again later", remote=remote) from err


def token_in(answer: object, name: str) -> str:
    """The token under this name, as both servers make them: visible ASCII. Empty for anything else."""
    told = answer.get(name) if isinstance(answer, dict) else None
    return told if isinstance(told, str) and told.isascii() and told.isprintable() and " " not in told else ""


def lifetime_s(answer: dict[str, Any]) -> int:
    """How long the access token lives: an hour, unless the answer says something else that can be true."""
    text = str(answer.get("expires_in", ""))
    said = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return said if _LAST_MINUTE_S < said <= _LONGEST_LIFE_S else _HOUR_S
