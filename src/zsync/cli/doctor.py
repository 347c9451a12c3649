"""`zsync doctor`: everything that can be checked before a first run; each finding says what to do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated

import typer

from zsync.cli.auth import sides
from zsync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption
from zsync.cli.output import Output
from zsync.cli.rest import paused
from zsync.cli.session import Session, build_source, build_target, start
from zsync.config.places import Problem, dotted, line_of, lines
from zsync.errors import ConfigError, ZsyncError
from zsync.ports import Finding, Target
from zsync.state.desk import Meters, Runs
from zsync.state.store import Locked, Store

_SAMPLES = 20
"""So many records of each entity are tried on its map."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def register(app: typer.Typer) -> None:
    app.command("doctor", epilog="Example: zsync doctor --max-age 30m")(doctor)


def doctor(
    ctx: typer.Context,
    max_age: Annotated[
        str, typer.Option("--max-age", help="Only: is the last run younger than this? The silence alarm.", metavar="30m")
    ] = "",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Check configuration, state, sign-in, source and target; each finding says what to do."""
    age = _age(max_age) if max_age else None
    session = start(ctx, config, verbose, quiet=quiet)
    findings = [_silence(session, age)] if age is not None else list(examine(session))
    return report(session.out, findings, as_json=as_json)


def report(out: Output, findings: list[Finding], *, as_json: bool) -> int:
    """Print the findings; 3 if one of them needs a person."""
    well = all(finding.ok for finding in findings)
    if as_json:
        rows = [{"subject": each.subject, "ok": each.ok, "message": each.message, "hint": each.hint} for each in findings]
        out.json({"ok": well, "findings": rows})
        return 0 if well else 3
    for each in findings:
        say = out.line if each.ok else out.must
        say(f"{'ok   ' if each.ok else 'LOOK '}{each.subject}: {each.message}", "" if each.ok else "bold red")
        if each.hint and not each.ok:
            say(f"     hint: {each.hint}")
    return 0 if well else 3


def examine(session: Session) -> Iterator[Finding]:
    """Everything that can be found out now. Only reads; the target's facts are kept, its calls are counted."""
    yield Finding("configuration", True, f"{session.config.path.name} is well formed")
    for warning in session.config.warnings:
        yield Finding("configuration", False, str(warning), warning.hint)
    yield from _source(session)
    if session.config.state_path.exists():
        with session.store() as store:
            yield _state(store)
            if rest := paused(store):
                yield Finding("pause", True, rest)
            yield from _target(session, store)
    else:
        yield _no_state(session)
        yield from _target(session, None)


def _source(session: Session) -> Iterator[Finding]:
    try:
        source = build_source(session)
        try:
            yield from source.check()
        finally:
            source.close()
    except ZsyncError as err:
        yield Finding("source", False, err.message, err.hint)


def _target(session: Session, store: Store | None) -> Iterator[Finding]:
    """Sign-in and the target's own checks; under the lock, so that the calls are counted. Not while a run is at work."""
    try:
        yield _signed_in(session)
        with store.locked() if store is not None else nullcontext():
            target = build_target(session, store)
            try:
                yield from target.check()
                yield from _maps(session, target)
                if store is not None:
                    _keep_facts(store, target)
            finally:
                if store is not None:
                    with store.commit():
                        Meters(store).save(session.realm, target.quota())
                target.close()
    except Locked:
        yield Finding("target", True, "not asked: a run is at work on it")
    except ZsyncError as err:
        yield Finding("target", False, err.message, err.hint)


def _maps(session: Session, target: Target) -> Iterator[Finding]:
    """The user's maps against the forms and some records: each mistake with its file, line and key."""
    config = session.config
    if not config.target_plugin.feeds(config.entities):
        return
    facts = target.learn()
    source = build_source(session)
    try:
        names = list(config.target_plugin.switches(config.entities))
        samples = {name: list(islice(source.samples(name), _SAMPLES)) for name in names}
    finally:
        source.close()
    places, wrong = lines(config.path.read_text("utf-8")), set[str]()
    for path, message, hint in config.target_plugin.objections(config.entities, config.source.tag, facts, samples):
        wrong.add(path[1])
        problem = Problem(config.path.name, line_of(path, places), dotted(path), message, hint)
        yield Finding("map", False, str(problem), hint)
    for name in names:
        if name not in wrong:
            yield Finding(f"map of {name}", True, f"{len(samples[name])} records looked at, each field takes its value")


def _keep_facts(store: Store, target: Target) -> None:
    """Read taxes, accounts and currencies again: a new tax is known from now on."""
    if store.fact("initialised_at") is not None:
        facts = json.dumps(target.learn())
        with store.commit():
            store.note("facts", facts)


def _signed_in(session: Session) -> Finding:
    target = next(sides(session))
    tokens = target.store.load()
    if tokens is None:
        return Finding("sign-in", False, "nobody is signed in to the target", "`zsync auth`")
    missing = [scope for scope in target.scopes if scope not in tokens.scopes]
    if missing:
        return Finding("sign-in", False, f"permissions are missing: {', '.join(missing)}", "`zsync auth` again grants them")
    return Finding("sign-in", True, f"signed in at {tokens.accounts_url}")


def _state(store: Store) -> Finding:
    if store.fact("initialised_at") is None:
        return Finding("state", False, f"`{store.path.name}` was not initialised", "`zsync init`")
    if store.stepped_back():
        what = "is older than its last run" if store.sided() else "lies here without its file `.run`"
        return Finding("state", False, f"`{store.path.name}` {what}", "put the newest copy back, or `zsync init --adopt`")
    last = Runs(store).last()
    return Finding("state", True, f"last run {last['finished_at']}: {last['outcome']}" if last else "initialised, no run yet")


def _no_state(session: Session) -> Finding:
    folder = session.config.state_path.parent
    if not folder.is_dir():
        return Finding("state", False, f"the folder `{folder}` does not exist", "make it, or set path under [state]")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("state", False, f"the folder `{folder}` is not writable", "it must be, by the user who runs zsync")
    return Finding("state", True, "none yet: `zsync init` makes it")


def _silence(session: Session, age: timedelta) -> Finding:
    """The silence alarm: has a run ended lately?"""
    with session.store() as store:
        last = Runs(store).last()
    if last is None:
        return Finding("silence", False, "there was no run yet", "`zsync run`, then put it into the crontab")
    since = session.clock.now() - datetime.fromisoformat(last["finished_at"])
    minutes = int(since.total_seconds() // 60)
    if since > age:
        return Finding("silence", False, f"the last run ended {minutes} minutes ago", "look at the crontab and the log")
    if last["outcome"] == "failed":
        return Finding("silence", False, f"the last run, {minutes} minutes ago, failed", "`zsync run` says why")
    return Finding("silence", True, f"the last run ended {minutes} minutes ago")


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if match is None:
        raise ConfigError(f"`{text}` is no time", hint="a number with its unit: 30m, 2h, 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
