"""`zsync sandbox serve`: the systems of a scene as a server on this machine, to try settings on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import tomli_w
import typer

from zsync.cli import log
from zsync.cli.options import VerboseOption
from zsync.cli.output import Output
from zsync.cli.scene import Scene, configuration, firm_configuration, firm_scene, hotel_scene, served
from zsync.cli.timing import Stop
from zsync.errors import ConfigError

PORT = 8977
_CODE_LIVES_S = 3600.0


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The embedded sandbox: a hotel and its books, or a firm and its forms.")
    group.callback()(_sandbox)
    group.command("serve", epilog="Example: zsync sandbox serve --write sandbox.toml")(serve)
    app.add_typer(group, name="sandbox")


def _sandbox() -> None:
    """The embedded sandbox: Zoho accounts, Books and Creator, QloApps and QuickBooks on this machine."""


def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0: any free one.")] = PORT,
    write: Annotated[Path | None, typer.Option("--write", help="Write a configuration that leads here.", metavar="FILE")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="No limits on calls.")] = False,
    scene: Annotated[Scene, typer.Option("--scene", help="What is played.")] = Scene.HOTEL,
    verbose: VerboseOption = 0,
) -> int:
    """Serve Zoho and a hotel's QloApps (or a firm's QuickBooks) on 127.0.0.1, until Ctrl-C. It forgets everything at its end."""
    log.to_stderr(verbose)
    out, stop, hotel = Output(), Stop(), scene is Scene.HOTEL
    sandbox = hotel_scene(limited=not unlimited) if hotel else firm_scene(limited=not unlimited)
    from zsync.sandbox import CREATOR_ACCESS, FULL_ACCESS

    with stop.heeded(), served(sandbox, port) as url:
        state = "sandbox.db"
        made = configuration(sandbox, url, state) if hotel else firm_configuration(sandbox, url, state=state, limits=True)
        text = tomli_w.dumps(made)
        if write is None:
            out.line("# save this as sandbox.toml:")
            out.raw(text)
        else:
            _write(write, text)
            out.line(f"written: {write}")
        name = write or "sandbox.toml"
        out.line(f"# next: zsync auth --config {name}; zsync init --no-adopt --config {name}; zsync run --config {name}")
        code = sandbox.accounts.grant_code([FULL_ACCESS, CREATOR_ACCESS], lives_s=_CODE_LIVES_S)
        out.line(f"# sign in without a browser, once, within the hour: zsync auth zoho --config {name} --code {code}")
        if not hotel:
            out.line(f"# and to QuickBooks: zsync auth quickbooks --config {name}")
        out.line(f"# look at {'the books' if hotel else 'the rows'}: {url}/app   (Ctrl-C ends it)")
        while not stop.wait(3600):
            pass
    return 0


def _write(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as err:
        raise ConfigError(f"`{path}` is there already", hint="name another file: nothing is overwritten") from err
    except OSError as err:
        reason = (err.strerror or "not possible").lower()
        raise ConfigError(f"`{path}` cannot be written: {reason}", hint="name another file") from err
