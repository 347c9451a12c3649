"""`zsync auth`: sign in to the target, once, by a person; `auth status` and `auth revoke`."""

from __future__ import annotations

import select
import sys
import threading
import webbrowser
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC
from queue import Empty, Queue
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.session import Session, start
from zsync.errors import ConfigError, SignInNeeded, ZsyncError
from zsync.plugins import SignIn
from zsync.ports import Tokens, TokenStore

if TYPE_CHECKING:
    from zsync.net.callback import Callback, Redirect

_PATIENCE_S = 300.0


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        invoke_without_command=True,
        help="Sign in (OAuth); see also `auth status`, `auth revoke`.",
        epilog="Example: zsync auth --no-browser",
    )
    group.callback()(begin)
    group.command("zoho", epilog="Example: zsync auth zoho --code 1000.abc.def")(zoho)
    group.command("status", epilog="Example: zsync auth status")(status)
    group.command("scopes", epilog="Example: zsync auth scopes")(scopes)
    group.command("revoke", epilog="Example: zsync auth revoke")(revoke)
    app.add_typer(group, name="auth")


NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address; wait for the callback or the pasted redirect.")]
Code = Annotated[str, typer.Option("--code", help="The grant code of a self client, made in the API console.", metavar="CODE")]


def begin(
    ctx: typer.Context, no_browser: NoBrowser = False, code: Code = "", config: ConfigOption = None, verbose: VerboseOption = 0
) -> None:
    """Sign in to the target of the configuration."""
    if ctx.invoked_subcommand is None:
        _sign_in(start(ctx, config, verbose), no_browser, code)


def zoho(
    ctx: typer.Context, no_browser: NoBrowser = False, code: Code = "", config: ConfigOption = None, verbose: VerboseOption = 0
) -> None:
    """Sign in to Zoho."""
    session = start(ctx, config, verbose)
    if not session.config.target_plugin.name.startswith("zoho-"):
        raise ConfigError(f"the target is `{session.config.target_plugin.name}`, not one of Zoho's", hint="`zsync auth`")
    _sign_in(session, no_browser, code)


def status(ctx: typer.Context, config: ConfigOption = None, verbose: VerboseOption = 0) -> int:
    """Who is signed in, since when, and whether the permissions suffice. Asks nobody."""
    session = start(ctx, config, verbose)
    tokens = _store(session).load()
    if tokens is None:
        raise SignInNeeded("nobody is signed in to Zoho", hint="`zsync auth`")
    session.out.line(f"signed in at {tokens.accounts_url}" + (f" ({tokens.location})" if tokens.location else ""))
    if tokens.signed_in_at is not None:
        session.out.line(f"since {tokens.signed_in_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    session.out.line(f"API at {tokens.api_url}")
    missing = [scope for scope in _scopes(session) if scope not in tokens.scopes]
    if missing:
        raise SignInNeeded(f"permissions are missing: {', '.join(missing)}", hint="`zsync auth` again grants them")
    session.out.line(f"{len(tokens.scopes)} permissions, as needed")
    return 0


def scopes(ctx: typer.Context, config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """The permissions to give to a self client's code, as the API console takes them."""
    session = start(ctx, config, verbose)
    session.out.must(",".join(_scopes(session)))


def revoke(ctx: typer.Context, config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """Sign out: tell Zoho to forget the permission, and remove the token file."""
    session = start(ctx, config, verbose)
    store = _store(session)
    with store.locked():  # a run that renews the access token meanwhile would write the file again
        tokens = store.load()
        if tokens is None:
            session.out.line("nobody was signed in")
            return
        _door(session).revoke(tokens)
        store.delete()
    session.out.line("signed out: the permission is revoked and the token file removed")


# --- signing in -----------------------------------------------------------------------------------------------------------


def sign_in_with_code(session: Session, code: str) -> None:
    """Trade the grant code of a self client for tokens, and keep them."""
    _sign_in(session, True, code)


def _sign_in(session: Session, no_browser: bool, code: str) -> None:
    door = _door(session)
    tokens = door.redeem_grant_code(code) if code else _through_browser(session, door, no_browser)
    store = _store(session)
    with store.locked():
        store.save(tokens)
    session.out.line(f"signed in at {tokens.accounts_url}; next: `zsync doctor`, then `zsync init`")


def _through_browser(session: Session, door: SignIn, no_browser: bool) -> Tokens:
    """The redirect comes to the loopback callback or, where the browser is on another machine, is pasted."""
    address, state = door.invitation()
    with _callback(session, state, needed=not no_browser) as callback:
        if callback is not None and not no_browser and webbrowser.open(address):
            session.out.remark("waiting for the sign-in in your browser (five minutes at most)")
            return door.redeem(callback.wait(_PATIENCE_S), state)
        session.out.must("open this address in a browser and accept:")
        session.out.must(address)
        session.out.must("a browser on another machine ends at an address that does not load: paste that address here")
        return door.redeem(_first_answer(callback), state)


def _callback(session: Session, state: str, *, needed: bool) -> AbstractContextManager[Callback | None]:
    """The callback; None where its port is taken and a pasted address will do."""
    from zsync.net.callback import Callback

    try:
        return Callback(_port(session), state)
    except ConfigError as err:
        if needed:
            raise
        session.out.complain("warning", f"{err.message}: only a pasted address is waited for")
        return nullcontext()


def _first_answer(callback: Callback | None) -> Redirect:
    """What comes first: the callback, or a pasted line on stdin. SignInNeeded when neither can come any more."""
    from zsync.net.callback import parse_redirect

    answers: Queue[Redirect | Exception] = Queue()
    if callback is not None:
        threading.Thread(target=_listen, args=(callback, answers), daemon=True).start()
    listening, until = _has_stdin(), monotonic() + _PATIENCE_S
    while (callback is not None or listening) and monotonic() < until + 1:  # the callback says itself when its time is over
        try:
            answer = answers.get(timeout=0.2)
        except Empty:
            if listening and select.select([sys.stdin], [], [], 0)[0]:
                line = sys.stdin.readline()
                if line.strip():
                    return parse_redirect(line)
                listening = bool(line)  # the end of stdin: only the callback is left
            continue
        if isinstance(answer, Exception):
            raise answer
        return answer
    raise SignInNeeded("nobody pasted the address that the sign-in led to", hint="`zsync auth` again")


def _listen(callback: Callback, answers: Queue[Redirect | Exception]) -> None:
    try:
        answers.put(callback.wait(_PATIENCE_S))
    except (ZsyncError, OSError, ValueError) as err:  # the latter two: a pasted line came first, the socket is closed
        answers.put(err)


def _has_stdin() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.fileno() >= 0
    except (OSError, ValueError):
        return False


def _door(session: Session) -> SignIn:
    config = session.config
    return config.target_plugin.sign_in(config.target, config.entities, clock=session.clock)


def _store(session: Session) -> TokenStore:
    from zsync.net.tokens import FileTokenStore

    return FileTokenStore(session.config.token_path)


def _scopes(session: Session) -> tuple[str, ...]:
    return tuple(session.config.target_plugin.scopes(session.config.target, session.config.entities))


def _port(session: Session) -> int:
    return int(getattr(session.config.target, "redirect_port", 8976))
