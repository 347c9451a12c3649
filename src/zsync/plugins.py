"""Plugins: sources and targets found by their entry points. The built-in ones come through the same door as any other.

    [project.entry-points."zsync.sources"]          [project.entry-points."zsync.targets"]
    qloapps = "zsync.sources.qloapps:plugin"        zoho-books = "zsync.targets.books:plugin"

The name of the entry point is what stands as `type` in the configuration. Loading a plugin must be cheap: it imports the
network only when something is built, because `zsync status` loads plugins, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, cast

from zsync.errors import ConfigError
from zsync.ports import Clock, Quota, Source, Switches, Target, Tokens, TokenStore

if TYPE_CHECKING:
    from pydantic import BaseModel

    from zsync.mapping.shaped import Feed
    from zsync.model.record import Record, Value

SOURCES = "zsync.sources"
TARGETS = "zsync.targets"


class SourceSettings(Protocol):
    """What every source's settings ([source]) have, whatever else they have."""

    @property
    def tag(self) -> str: ...

    @property
    def start_date(self) -> date | None: ...

    @property
    def deletions_every(self) -> float | None:
        """Seconds between two looks for what the source does not have any more; None: never."""
        ...


class LimitSettings(Protocol):
    """How carefully the target is to be called. Seconds."""

    @property
    def timeout(self) -> float: ...

    @property
    def grace(self) -> float: ...

    @property
    def concurrency(self) -> int: ...

    @property
    def calls_per_day(self) -> int: ...


class TargetSettings(Protocol):
    """What every target's settings ([target]) have."""

    @property
    def limits(self) -> LimitSettings: ...


class SourcePlugin(Protocol):
    """The door to a source. `settings` is a pydantic model that takes [source] and has the fields of `SourceSettings`."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> type[BaseModel]: ...

    @property
    def reads(self) -> type[BaseModel]:
        """The source's share of [entities.NAME] where the entities are the user's own: what is read for it. It has
        `origin(name) -> str`, what the source calls the records of this entity, and `line_id`, what the members of their lists
        carry as their own name (empty: nothing)."""
        ...

    @property
    def sign_in_name(self) -> str:
        """What `zsync auth NAME` calls its sign-in; empty where there is none (a key does)."""
        ...

    def scopes(self, settings: Any) -> Sequence[str]:
        """Exactly the permissions that its sign-in asks for; none where there is none."""
        ...

    def sign_in(self, settings: Any, *, clock: Clock, transport: Any = None) -> SignIn: ...

    def build(
        self,
        settings: Any,
        reads: Mapping[str, Any],
        *,
        clock: Clock,
        token_store: TokenStore,
        transport: Any = None,
    ) -> Source:
        """The source itself; nothing is sent before it is first asked. `reads`: the user's entities, each a `reads`; none where
        the entities are the source's own."""
        ...


class Redirect(Protocol):
    """What came back through the browser: opaque to all but the sign-in that made the invitation."""

    @property
    def code(self) -> str: ...


class SignIn(Protocol):
    """Sign-in to a remote by OAuth 2's authorization code. Raises SignInNeeded, ConfigError, Throttled, Unavailable."""

    def invitation(self) -> tuple[str, str]:
        """(the address to open in a browser, the state that must come back)."""
        ...

    def redeem(self, redirect: Any, state: str) -> Tokens: ...

    def redeem_grant_code(self, code: str) -> Tokens: ...

    def revoke(self, tokens: Tokens) -> None: ...


class TargetPlugin(Protocol):
    """The door to a target. `settings` takes [target], `entities` takes [entities.*]; both make pydantic models."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> type[BaseModel]: ...

    def entities(self, reads: type[BaseModel]) -> type[BaseModel]:
        """The model of [entities]. Where the entities are the user's own, each table holds the source's share, `reads`, too."""
        ...

    def feeds(self, entities: Any) -> Sequence[Feed]:
        """What each entity of the user's own is made of; none where the entities are the source's."""
        ...

    def switches(self, entities: Any) -> Mapping[str, Switches]:
        """The switches of every entity that can be configured."""
        ...

    def realm(self, settings: Any) -> str:
        """Identity of the remote store, as `Target.realm`, without building the target."""
        ...

    def links(self, settings: Any, entities: Any) -> Callable[[str, str], str]:
        """(module, id) -> web address or empty, without any network."""
        ...

    def objections(
        self, entities: Any, tag: str, facts: Mapping[str, Any], samples: Mapping[str, Sequence[Record]]
    ) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """What is wrong with the user's maps, as far as the target's facts and a few records by entity tell: (key path of the
        configuration, what is wrong, what to do)."""
        ...

    def draft(
        self,
        entity: str,
        origin: Mapping[str, str],
        form: str,
        report_name: str,
        facts: Mapping[str, Any],
        records: Sequence[Mapping[str, Value]],
    ) -> str:
        """A table [entities.NAME] to start from, as TOML. ConfigError where nothing can be mapped so."""
        ...

    def script(
        self,
        entities: Any,
        entity: str,
        source: Any,
        facts: Mapping[str, Any],
        *,
        connection: str,
        mail: str,
        without: Sequence[str],
    ) -> str:
        """A program for the target's own scheduler that pulls one entity. ConfigError where that cannot be done."""
        ...

    def labels(self) -> Mapping[str, str]:
        """What people call the documents of each module."""
        ...

    def spared_by(self) -> Mapping[str, Sequence[str]]:
        """Settings that leave documents out, each with the modules of these: what `plan` proposes to save calls."""
        ...

    @property
    def sign_in_name(self) -> str:
        """What `zsync auth NAME` calls its sign-in."""
        ...

    def scopes(self, settings: Any, entities: Any) -> Sequence[str]:
        """Exactly the permissions that the sign-in asks for."""
        ...

    def sign_in(self, settings: Any, entities: Any, *, clock: Clock, transport: Any = None) -> SignIn: ...

    def build(
        self,
        settings: Any,
        entities: Any,
        *,
        source_tag: str,
        clock: Clock,
        token_store: TokenStore,
        quota: Quota,
        zone: str = "UTC",
        transport: Any = None,
    ) -> Target:
        """The target itself; nothing is sent before it is first asked. `zone`: where its day of calls begins."""
        ...


def source(type: str) -> SourcePlugin:
    """The source plugin of this type. ConfigError for an unknown one lists those that are installed."""
    return cast(SourcePlugin, _load(SOURCES, type, "source"))


def target(type: str) -> TargetPlugin:
    """The target plugin of this type. ConfigError for an unknown one lists those that are installed."""
    return cast(TargetPlugin, _load(TARGETS, type, "target"))


def known(group: str) -> list[str]:
    """The types that are installed in a group, sorted."""
    return sorted({each.name for each in entry_points(group=group)})


def _load(group: str, type: str, what: str) -> object:
    found = [each for each in entry_points(group=group) if each.name == type]
    if not found:
        raise _unknown(group, type, what)
    if len({each.value for each in found}) > 1:
        owners = ", ".join(sorted(_owner(each) for each in found))
        raise ConfigError(f"the {what} `{type}` is offered by several packages: {owners}", hint="uninstall all but one of them")
    try:
        return found[0].load()
    except (ImportError, AttributeError) as err:
        raise ConfigError(
            f"the {what} `{type}` of the package `{_owner(found[0])}` cannot be loaded: {err}",
            hint="install that package again, in a version for this zsync",
        ) from err


def _unknown(group: str, type: str, what: str) -> ConfigError:
    names = known(group)
    if not names:
        return ConfigError(f"no {what} is installed", hint="zsync itself is not installed properly: `pip install` it again")
    close = get_close_matches(type, names, 1)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return ConfigError(f"`{type}` is no {what}", hint=f"{hint}known: {', '.join(names)}")


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
