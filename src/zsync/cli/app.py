"""The program: its commands put together, and the one place where every error becomes words and an exit code."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from zsync import __version__
from zsync.cli import log, words
from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.output import Output
from zsync.cli.session import Globals
from zsync.errors import ZsyncError

_COMMANDS = (
    *("demo", "config", "auth", "init", "plan", "run", "sync", "queue"),
    *("status", "show", "retry", "resolve", "history", "pause", "schedule", "doctor", "export", "sandbox"),
)
"""One module of `zsync.cli` each, in the order of the help. Each has `register(app)`."""

app = typer.Typer(
    name="zsync",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keeps Zoho Books in step with a hotel's QloApps, and Zoho Creator with QuickBooks: each record once, to the cent.",
    epilog="Start with `zsync demo`: it needs no account and no file.",
)


def _version(wanted: bool) -> None:
    if wanted:
        Output().must(f"zsync {__version__}")
        raise typer.Exit


@app.callback()
def zsync(
    ctx: typer.Context,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    ctx.obj = Globals(config, verbose)


for _name in _COMMANDS:
    import_module(f"zsync.cli.{_name}").register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code."""
    return _leave(_main(list(sys.argv[1:] if arguments is None else arguments)))


def _main(arguments: list[str]) -> int:
    """The only place that catches everything."""
    out = Output()
    try:
        return _carried_out(arguments)
    except typer.TyperException as err:
        message = err.format_message().rstrip(".")
        if not message:  # no command was given: the help has been printed
            return words.USAGE
        out.complain("error", message[:1].lower() + message[1:])
        out.complain("hint", "`zsync --help`, or `--help` after a command")
        return words.USAGE
    except typer.Abort:
        return words.INTERRUPTED
    except KeyboardInterrupt:
        return words.INTERRUPTED
    except ZsyncError as err:
        speak(out, err)
        return err.exit_code
    except Exception as err:  # noqa: BLE001 - the one at the top: a defect of ours becomes a short report
        return _defect(out, err)
    finally:
        lost = log.close()
        if lost:
            out.complain("warning", f"the log could not be written: {lost}")


def _leave(code: int) -> int:
    """The exit code. Who asked twice to stop does not wait for answers: the process ends here, with its calls still out, and the
    next run asks about them. Python itself would wait for their threads."""
    if code == words.INTERRUPTED and any(thread.name.startswith("zsync-call") for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def speak(out: Output, error: ZsyncError) -> None:
    """Say what is wrong and what to do."""
    for kind, text in words.spoken(error):
        out.complain(kind, text)


def _carried_out(arguments: list[str]) -> int:
    command: Callable[..., object] = typer.main.get_command(app)
    code = command(arguments, prog_name="zsync", standalone_mode=False)
    return code if isinstance(code, int) else words.WELL


def _defect(out: Output, error: Exception) -> int:
    report = log.defect(error)
    out.complain("error", f"a defect of zsync ({type(error).__name__}): nothing is lost, the state is as the last step left it")
    where = log.file()
    if where:
        out.complain("hint", f"please report it with the last lines of {Path(where)}")
    else:
        out.complain("hint", "please report it with these lines")
        for line in report.splitlines():
            out.complain("at", line.strip())
    return words.DEFECT
