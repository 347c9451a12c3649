"""`zsync auth`: sign in, once, by a person, to the target and to a source that has a sign-in; `auth status`, `auth revoke`."""

from __future__ import annotations

import select
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, timedelta
from queue import Empty, Queue
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.output import Output
from zsync.cli.session import Session, start
from zsync.errors import ConfigError, SignInNeeded, ZsyncError
from zsync.plugins import SignIn
from zsync.ports import Tokens, TokenStore

if TYPE_CHECKING:
    from zsync.net.callback import Callback, Redirect

_PATIENCE_S = 300.0
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Side:
    """One remote with a sign-in. `port` is that of the callback, None where the redirect cannot come to this machine."""

    name: str
    door: Callable[[], SignIn]
    store: TokenStore
    scopes: tuple[str, ...]
    port: int | None
    again: str


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        invoke_without_command=True,
        help="Sign in (OAuth); see also `auth status`, `auth revoke`.",
        epilog="Example: zsync auth --no-browser",
    )
    group.callback()(begin)
    group.command("zoho", epilog="Example: zsync auth zoho --code 1000.abc.def")(zoho)
    group.command("quickbooks", epilog="Example: zsync auth quickbooks --no-browser")(quickbooks)
    group.command("status", epilog="Example: zsync auth status")(status)
    group.command("scopes", epilog="Example: zsync auth scopes")(scopes)
    group.command("revoke", epilog="Example: zsync auth revoke quickbooks")(revoke)
    app.add_typer(group, name="auth")


NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address; wait for the callback or the pasted redirect.")]
Code = Annotated[
    str, typer.Option("--code", help="The grant code of a self client (Zoho) or of the playground (Intuit).", metavar="CODE")
]
SideName = Annotated[str, typer.Argument(help="zoho or quickbooks; all of them if left out.", metavar="[SIDE]")]


def begin(
    ctx: typer.Context, no_browser: NoBrowser = False, code: Code = "", config: ConfigOption = None, verbose: VerboseOption = 0
) -> None:
    """Sign in wherever nobody is signed in yet; to the target, if somebody is everywhere."""
    if ctx.invoked_subcommand is not None:
        return
    session = start(ctx, config, verbose)
    every = list(sides(session))
    missing = [side for side in every if side.store.load() is None]
    if code and len(missing) > 1:
        raise ConfigError("one code signs in to one side", hint=" or ".join(f"`{side.again} --code CODE`" for side in missing))
    for side in missing or every[:1]:
        sign_in(session, side, no_browser, code)


def zoho(
    ctx: typer.Context, no_browser: NoBrowser = False, code: Code = "", config: ConfigOption = None, verbose: VerboseOption = 0
) -> None:
    """Sign in to Zoho."""
    session = start(ctx, config, verbose)
    sign_in(session, side_of(session, "zoho"), no_browser, code)


def quickbooks(
    ctx: typer.Context, no_browser: NoBrowser = False, code: Code = "", config: ConfigOption = None, verbose: VerboseOption = 0
) -> None:
    """Sign in to QuickBooks: with production keys by pasting the address that the sign-in leads to."""
    session = start(ctx, config, verbose)
    sign_in(session, side_of(session, "quickbooks"), no_browser, code)


def status(ctx: typer.Context, config: ConfigOption = None, verbose: VerboseOption = 0) -> int:
    """Who is signed in, since when, and whether the permissions suffice. Asks nobody."""
    session = start(ctx, config, verbose)
    every = list(sides(session))
    for side in every:
        _tell(session.out, side, named=len(every) > 1, session=session)
    return 0


def scopes(ctx: typer.Context, side: SideName = "zoho", config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """The permissions to give to a self client's code, as the API console takes them."""
    session = start(ctx, config, verbose)
    session.out.must(",".join(side_of(session, side).scopes))


def revoke(ctx: typer.Context, side: SideName = "", config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """Sign out: tell the remote to forget the permission, and remove the token file."""
    session = start(ctx, config, verbose)
    for each in [side_of(session, side)] if side else list(sides(session)):
        with each.store.locked():  # a run that renews the access token meanwhile would write the file again
            tokens = each.store.load()
            if tokens is None:
                session.out.line(f"nobody was signed in to {each.name}")
                continue
            each.door().revoke(tokens)
            each.store.delete()
        session.out.line(f"signed out of {each.name}: the permission is revoked and the token file removed")


# --- sides ----------------------------------------------------------------------------------------------------------------


def sides(session: Session) -> Iterator[Side]:
    """The target, and the source where it has a sign-in."""
    from zsync.net.tokens import FileTokenStore

    config, clock = session.config, session.clock
    target, source = config.target_plugin, config.source_plugin
    yield Side(
        target.sign_in_name,
        lambda: target.sign_in(config.target, config.entities, clock=clock),
        FileTokenStore(config.token_path),
        tuple(target.scopes(config.target, config.entities)),
        int(getattr(config.target, "redirect_port", 8976)),
        f"zsync auth {target.sign_in_name}",
    )
    if source.sign_in_name:
        yield Side(
            source.sign_in_name,
            lambda: source.sign_in(config.source, clock=clock),
            FileTokenStore(config.source_token_path),
            tuple(source.scopes(config.source)),
            int(getattr(config.source, "redirect_port", 8976)) if getattr(config.source, "listens", True) else None,
            f"zsync auth {source.sign_in_name}",
        )


def side_of(session: Session, name: str) -> Side:
    """The side of this name. ConfigError where the configuration has none."""
    every = list(sides(session))
    for side in every:
        if side.name == name:
            return side
    known = ", ".join(side.name for side in every)
    raise ConfigError(f"neither source nor target is `{name}`", hint=f"this configuration signs in to: {known}")


def _tell(out: Output, side: Side, *, named: bool, session: Session) -> None:
    """How one side stands."""
    tokens = side.store.load()
    if tokens is None:
        raise SignInNeeded(f"nobody is signed in to {side.name}", hint=f"`{side.again}`")
    if named:
        out.line(side.name, "bold")
    out.line(f"signed in at {tokens.accounts_url}" + (f" ({tokens.location})" if tokens.location else ""))
    if tokens.signed_in_at is not None:
        out.line(f"since {tokens.signed_in_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if tokens.realm:
        out.line(f"company {tokens.realm}")
    if tokens.api_url:
        out.line(f"API at {tokens.api_url}")
    missing = [scope for scope in side.scopes if scope not in tokens.scopes]
    if missing:
        raise SignInNeeded(f"permissions are missing: {', '.join(missing)}", hint=f"`{side.again}` again grants them")
    out.line(f"{len(tokens.scopes)} permissions, as needed" if len(tokens.scopes) != 1 else "1 permission, as needed")
    for moment, what in ((tokens.idle_until, "if it is not used before"), (tokens.ends_at, "whatever is done")):
        if moment is not None:
            out.line(f"the connection ends on {moment.astimezone(UTC):%Y-%m-%d}, {what}")
            if moment - session.clock.now() < _SOON:
                out.complain("warning", f"the connection to {side.name} ends soon; `{side.again}` connects anew")


# --- signing in -----------------------------------------------------------------------------------------------------------


def sign_in_with_code(session: Session, code: str) -> None:
    """Trade the grant code of a self client for tokens of the target, and keep them."""
    sign_in(session, next(sides(session)), True, code)


def sign_in(session: Session, side: Side, no_browser: bool, code: str) -> None:
    door = side.door()
    tokens = door.redeem_grant_code(code) if code else _through_browser(session, side, door, no_browser)
    with side.store.locked():
        side.store.save(tokens)
    where = f"the company {tokens.realm}" if tokens.realm else tokens.accounts_url
    session.out.line(f"signed in at {where}; next: `zsync doctor`, then `zsync init`")


def _through_browser(session: Session, side: Side, door: SignIn, no_browser: bool) -> Tokens:
    """The redirect comes to the loopback callback or, where the browser is on another machine, is pasted."""
    address, state = door.invitation()
    with _callback(session, side.port, state, needed=not no_browser and side.port is not None) as callback:
        if callback is not None and not no_browser and webbrowser.open(address):
            session.out.remark("waiting for the sign-in in your browser (five minutes at most)")
            return door.redeem(callback.wait(_PATIENCE_S), state)
        session.out.must("open this address in a browser and accept:")
        session.out.must(address)
        if side.port is None:
            session.out.must("it ends at a page whose address holds code, state and realmId: paste that address here")
        else:
            session.out.must("a browser on another machine ends at an address that does not load: paste that address here")
        return door.redeem(_first_answer(side, callback), state)


def _callback(session: Session, port: int | None, state: str, *, needed: bool) -> AbstractContextManager[Callback | None]:
    """The callback; None where there can be none, or its port is taken and a pasted address will do."""
    from zsync.net.callback import Callback

    if port is None:
        return nullcontext()
    try:
        return Callback(port, state)
    except ConfigError as err:
        if needed:
            raise
        session.out.complain("warning", f"{err.message}: only a pasted address is waited for")
        return nullcontext()


def _first_answer(side: Side, callback: Callback | None) -> Redirect:
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
    raise SignInNeeded("nobody pasted the address that the sign-in led to", hint=f"`{side.again}` again")


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
