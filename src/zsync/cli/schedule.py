"""`zsync schedule`: the line in the user's crontab, or a systemd timer. Only what it put there itself is changed or taken away.

# zsync: /etc/hotel/zsync.toml
*/5 * * * * PATH=/usr/bin:/bin /opt/zsync/bin/zsync run --quiet --config /etc/hotel/zsync.toml
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.session import Session, start
from zsync.config import users_folder
from zsync.errors import ConfigError
from zsync.net.secret import Secret

_MARK = "# zsync: "
_COMMAND = " run --quiet --config "
_PATH = "/usr/local/bin:/usr/bin:/bin"

SystemdOption = Annotated[bool, typer.Option("--systemd", help="A systemd timer of the user, instead of the crontab.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Run by itself: a line in the crontab, or a systemd timer.")
    group.command("install", epilog="Example: zsync schedule install --every 5")(install)
    group.command("show", epilog="Example: zsync schedule show")(show)
    group.command("remove", epilog="Example: zsync schedule remove")(remove)
    app.add_typer(group, name="schedule")


def install(
    ctx: typer.Context,
    every: Annotated[int, typer.Option("--every", min=1, max=59, help="Minutes between two runs.", metavar="N")] = 5,
    systemd: SystemdOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """Let `zsync run --quiet` begin every few minutes; a second time changes the line that is there."""
    session = start(ctx, config, verbose)
    unseen = sorted(set(_secrets_from_environment(session)))
    if systemd:
        _install_timer(session, every)
    else:
        lines = _without(session, _crontab())
        _write_crontab([*lines, f"{_MARK}{session.config.path.absolute()}", crontab_line(session.config.path, every)])
        session.out.line(f"installed: every {every} minutes; `zsync schedule show` shows the line")
    for name in unseen:
        session.out.complain("warning", f"the secret in ${name} is not seen there: put it into a file, {{ file = PATH }}")


def show(ctx: typer.Context, systemd: SystemdOption = False, config: ConfigOption = None, verbose: VerboseOption = 0) -> int:
    """Print what is installed for this configuration; 3 if nothing is."""
    session = start(ctx, config, verbose)
    lines = [f"{path}" for path in _unit_paths(session) if path.exists()] if systemd else _own(session, _crontab())
    for line in lines:
        session.out.line(line)
    if not lines:
        session.out.line("nothing is installed for this configuration; `zsync schedule install` does it")
    return 0 if lines else 3


def remove(ctx: typer.Context, systemd: SystemdOption = False, config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """Take away what `install` put there, and nothing else."""
    session = start(ctx, config, verbose)
    if systemd:
        _remove_timer(session)
        return
    before = _crontab()
    after = _without(session, before)
    if after != before:
        _write_crontab(after)
    session.out.line("removed" if after != before else "nothing was installed for this configuration")


# --- crontab ------------------------------------------------------------------------------------------------------------------


def crontab_line(config: Path, every: int) -> str:
    """The line: `run` takes its own lock, and says under --quiet only what is new. `%` would be a line's end to cron."""
    command = f"{shlex.quote(str(_program()))}{_COMMAND}{shlex.quote(str(config.absolute()))}"
    when = "* * * * *" if every == 1 else f"*/{every} * * * *"
    return f"{when} PATH={_PATH} {command}".replace("%", r"\%")


def _program() -> Path:
    """This very program, by its whole path: cron knows no other environment."""
    beside = Path(sys.executable).with_name("zsync")
    found = str(beside) if beside.exists() else shutil.which("zsync")
    if found is None:
        raise ConfigError("the program `zsync` is not on the path", hint="install zsync so that the command can be found")
    return Path(found).absolute()


def _crontab() -> list[str]:
    """The lines of the user's crontab, without their ends; none where there is no crontab."""
    done = _run([_crontab_program(), "-l"])
    if done.returncode == 0:
        return done.stdout.removesuffix("\n").split("\n") if done.stdout else []
    if "no crontab" in done.stderr.lower():
        return []
    raise ConfigError(f"the crontab cannot be read: {done.stderr.strip()}", hint="see what `crontab -l` says")


def _write_crontab(lines: list[str]) -> None:
    done = _run([_crontab_program(), "-"], "".join(f"{line}\n" for line in lines))
    if done.returncode != 0:
        raise ConfigError(f"the crontab cannot be written: {done.stderr.strip()}", hint="it is as it was; see `crontab -e`")


def _crontab_program() -> str:
    found = shutil.which("crontab")
    if found is None:
        raise ConfigError("there is no `crontab` program", hint="install cron, or use `zsync schedule install --systemd`")
    return found


def _run(command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Whatever bytes other people's lines hold come back as they were."""
    return subprocess.run(  # noqa: S603 - our own arguments
        command, input=given, capture_output=True, check=False, encoding="utf-8", errors="surrogateescape"
    )


def _own(session: Session, lines: list[str]) -> list[str]:
    """The lines of this configuration: its mark, and the line after it that starts zsync."""
    return [line for place, line in enumerate(lines) if _is_own(session, lines, place)]


def _without(session: Session, lines: list[str]) -> list[str]:
    return [line for place, line in enumerate(lines) if not _is_own(session, lines, place)]


def _is_own(session: Session, lines: list[str], place: int) -> bool:
    mark = f"{_MARK}{session.config.path.absolute()}"
    return lines[place] == mark or (place > 0 and lines[place - 1] == mark and _COMMAND in lines[place])


# --- systemd ------------------------------------------------------------------------------------------------------------------


def _unit_paths(session: Session) -> tuple[Path, Path]:
    base = users_folder(program="systemd") / "user"
    name = "zsync-" + re.sub(r"[^A-Za-z0-9]+", "-", str(session.config.path.absolute())).strip("-")
    return base / f"{name}.service", base / f"{name}.timer"


def _install_timer(session: Session, every: int) -> None:
    service, timer = _unit_paths(session)
    command = [str(_program()), "run", "--quiet", "--config", str(session.config.path.absolute())]
    quoted = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"' for part in command)
    units = {
        # 75: another run holds the lock, and does the work
        service: f"[Unit]\nDescription=zsync\n\n[Service]\nType=oneshot\nExecStart={quoted}\nSuccessExitStatus=75\n",
        timer: f"[Unit]\nDescription=zsync, every {every} minutes\n\n[Timer]\nOnCalendar=*:0/{every}\n\n"
        "[Install]\nWantedBy=timers.target\n",
    }
    service.parent.mkdir(parents=True, exist_ok=True)
    for path, text in units.items():
        path.write_text(text, encoding="utf-8")
        session.out.line(f"written: {path}")
    session.out.line(f"switch it on: systemctl --user daemon-reload && systemctl --user enable --now {timer.name}")


def _remove_timer(session: Session) -> None:
    service, timer = _unit_paths(session)
    there = [path for path in (timer, service) if path.exists()]
    if not there:
        session.out.line("nothing was installed for this configuration")
        return
    session.out.line(f"switch it off: systemctl --user disable --now {timer.name}")
    for path in there:
        path.unlink()
        session.out.line(f"removed: {path}")


# --- kitchen ------------------------------------------------------------------------------------------------------------------


def _secrets_from_environment(session: Session) -> list[str]:
    """The environment variables that the configuration takes secrets from: cron and systemd do not know them."""
    values = [value for settings in (session.config.source, session.config.target) for value in vars(settings).values()]
    origins = [value.origin for value in values if isinstance(value, Secret)]
    return [origin.removeprefix("env ") for origin in origins if origin.startswith("env ")]
