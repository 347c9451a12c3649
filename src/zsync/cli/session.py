"""One invocation: the configuration, the state, and a job put together from them. What every command begins with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from zsync.cli import log
from zsync.cli.output import Output
from zsync.cli.timing import Stop, SystemClock
from zsync.config import Config, find, load
from zsync.errors import ConfigError
from zsync.model.zones import zone_or_utc
from zsync.state.store import Store, plain_words

if TYPE_CHECKING:
    from zsync.engine.job import Job, State
    from zsync.engine.run import Problem
    from zsync.ports import Progressed, Source, Target

WORDS: Mapping[str, str] = {"services": "service_products", "rooms": "room_types", "refunds": "credit_notes"}
"""What hotel owners call some entities."""


@dataclass(slots=True)
class Globals:
    """What was given before the command's name."""

    config: Path | None = None
    verbose: int = 0


def _unwatched(_seconds: float) -> None:
    """A pause that nobody looks on at."""


@dataclass(slots=True)
class Session:
    """The configuration in force and the two streams; opens what is asked for, once. `on_wait` is told of pauses."""

    config: Config
    out: Output
    stop: Stop = field(default_factory=Stop)
    on_wait: Callable[[float], None] = _unwatched

    @property
    def clock(self) -> SystemClock:
        return SystemClock(self.stop, lambda seconds: self.on_wait(seconds))

    @property
    def realm(self) -> str:
        return self.config.target_plugin.realm(self.config.target)

    @property
    def entities(self) -> list[str]:
        """The entities that can be named on the command line."""
        return list(self.config.target_plugin.switches(self.config.entities))

    def check_entities(self, given: Iterable[str]) -> tuple[str, ...]:
        """The entities by their own names. ConfigError for an unknown one lists the known ones."""
        return tuple(self.check_entity(name) for name in given)

    def check_entity(self, given: str) -> str:
        """The entity that people call so: its own name, or the word that hotel owners have for it."""
        name = given.replace("-", "_")
        name = WORDS.get(name, name)
        if name in self.entities:
            return name
        close = get_close_matches(given, self.entities, 1)
        hint = f"did you mean `{close[0]}`? " if close else ""
        raise ConfigError(f"there is no entity `{given}`", hint=f"{hint}known: {', '.join(self.entities)}")

    @contextmanager
    def store(self, *, create: bool = False) -> Iterator[Store]:
        """The state, open for as long as this lasts."""
        store = Store.open(self.config.state_path, create=create)
        try:
            with plain_words(self.config.state_path):
                yield store
        finally:
            store.close()

    def link(self, module: str, id: str) -> str:
        """The web address of a document at the target, or empty."""
        return self.config.target_plugin.links(self.config.target, self.config.entities)(module, id) if id else ""


def start(ctx: typer.Context, config: Path | None, verbose: int = 0, *, quiet: bool = False) -> Session:
    """Find and read the configuration. What stands after the command's name goes before what stands before it."""
    given = ctx.obj if isinstance(ctx.obj, Globals) else Globals()
    log.to_stderr(max(verbose, given.verbose))
    os.umask(0o077)  # whatever we write is for its owner alone
    found = load(find(config or given.config))
    log.to_file(found.log_path)
    out = Output(quiet=quiet)
    for warning in found.warnings:
        if not quiet:
            out.complain("warning", f"{warning}; {warning.hint}")
    return Session(found, out)


# --- putting a job together ---------------------------------------------------------------------------------------------


def build_source(session: Session) -> Source:
    """The source, not asked for anything yet."""
    from zsync.mapping.shaped import Shaped
    from zsync.net.tokens import FileTokenStore

    config = session.config
    store = FileTokenStore(config.source_token_path)
    source = config.source_plugin.build(config.source, config.reads, clock=session.clock, token_store=store)
    feeds = config.target_plugin.feeds(config.entities)
    return Shaped(source, feeds) if feeds else source


def build_target(session: Session, store: Store | None) -> Target:
    """The target with what the state knows of its quota and its time zone; not asked for anything yet."""
    from zsync.net.tokens import FileTokenStore
    from zsync.ports import Quota
    from zsync.state.desk import Meters

    config = session.config
    quota = Meters(store).load(session.realm) if store is not None else Quota()
    return config.target_plugin.build(
        config.target,
        config.entities,
        source_tag=config.source.tag,
        clock=session.clock,
        token_store=FileTokenStore(config.token_path),
        quota=quota,
        zone=zone(store),
    )


def zone(store: Store | None) -> str:
    """The time zone of the organisation, as the target told it at init; UTC before, and for an unknown one."""
    facts: Mapping[str, Any] = json.loads((store.fact("facts") if store is not None else None) or "{}")
    name = str(facts.get("organization", {}).get("time_zone") or "UTC")
    return zone_or_utc(name).key


@contextmanager
def assembled(session: Session, store: Store, progress: Progressed) -> Iterator[Job]:
    """Everything that a run works with; connections are closed at the end."""
    if not session.entities:
        raise ConfigError("the configuration names no entity", hint="`zsync config scaffold` writes one to start from")
    source = build_source(session)
    try:
        target = build_target(session, store)
        try:
            yield job_of(session, store, source, target, progress)
        finally:
            target.close()
    finally:
        source.close()


def check_readable(source: Source, entities: Iterable[str]) -> None:
    """ConfigError for an entity that this source does not have."""
    for name in entities:
        try:
            source.stream_of(name)
        except KeyError as err:
            raise ConfigError(f"nothing is read for `{name}` in this release", hint="leave this --entity out") from err


def job_of(session: Session, store: Store, source: Source, target: Target, progress: Progressed) -> Job:
    """A job of these parts."""
    from zsync.engine.job import Job

    config, limits = session.config, session.config.target.limits
    return Job(
        source=source,
        target=target,
        state=state_of(store, target.realm),
        clock=session.clock,
        switches=config.target_plugin.switches(config.entities),
        fingerprint=config.fingerprint,
        start_date=config.source.start_date,
        call_s=limits.timeout,
        grace_s=limits.grace,
        concurrency=limits.concurrency,
        stop=session.stop,
        host=config.host or None,
        deletions_s=config.source.deletions_every,
        progress=progress,
    )


def state_of(store: Store, realm: str) -> State:
    """The parts of a state that the engine works on."""
    from zsync.engine.job import State
    from zsync.state.desk import Inbox, Meters, Runs
    from zsync.state.journal import Journal
    from zsync.state.records import Records

    return State(store, Journal(store, realm), Records(store), Inbox(store), Meters(store), Runs(store))


def standing(store: Store) -> tuple[dict[str, dict[str, int]], list[Problem]]:
    """How every record stands now: counts by entity and status, and the records that a person must look at."""
    from zsync.engine.run import Problem
    from zsync.state.status import Status

    counts, failed = Status(store).standing()
    problems = [
        Problem(
            each.entity,
            each.source_id,
            each.error.code if each.error else each.status,
            each.error.message if each.error else each.status,
            each.error.hint if each.error else "",
        )
        for each in failed
    ]
    return counts, problems
