"""Zoho Creator. `plugin` is what the entry point names; it imports the network only when something is to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zsync.ports import Clock, Quota, Switches, TokenStore

if TYPE_CHECKING:
    from pydantic import BaseModel, RootModel

    from zsync.mapping.shaped import Feed
    from zsync.model.record import Record, Value
    from zsync.targets.creator.settings import CreatorSettings
    from zsync.targets.creator.target import CreatorTarget
    from zsync.targets.zoho.oauth import Zoho

_SCOPES = (
    "ZohoCreator.form.CREATE",
    "ZohoCreator.report.READ",
    "ZohoCreator.report.UPDATE",
    "ZohoCreator.meta.form.READ",
    "ZohoCreator.meta.application.READ",
    "ZohoCreator.dashboard.READ",
)


class Plugin:
    """The door to this target. The entities are the user's own: each names a form."""

    name = "zoho-creator"
    sign_in_name = "zoho"

    @property
    def settings(self) -> type[CreatorSettings]:
        from zsync.targets.creator.settings import CreatorSettings

        return CreatorSettings

    def entities(self, reads: type[BaseModel]) -> type[RootModel[Any]]:
        from zsync.targets.creator.settings import entities_of

        return entities_of(reads)

    def feeds(self, entities: RootModel[Any]) -> Sequence[Feed]:
        from zsync.targets.creator.settings import made

        return made(entities, "any").feeds

    def switches(self, entities: RootModel[Any]) -> Mapping[str, Switches]:
        from zsync.targets.creator.settings import made

        return made(entities, "any").switches

    def realm(self, settings: CreatorSettings) -> str:
        from zsync.targets.creator.target import realm

        return realm(settings)

    def links(self, settings: CreatorSettings, entities: RootModel[Any]) -> Callable[[str, str], str]:
        """(form, ID) -> web address, without any network."""
        from zsync.targets.creator.links import link
        from zsync.targets.creator.settings import made

        rules = made(entities, "any").rules
        return lambda module, id: link(settings, rules, module, id)

    def objections(
        self, entities: RootModel[Any], tag: str, facts: Mapping[str, Any], samples: Mapping[str, Sequence[Record]]
    ) -> Iterator[tuple[tuple[str, ...], str, str]]:
        from zsync.targets.creator.checks import objections
        from zsync.targets.creator.settings import made

        return objections(made(entities, tag).rules, facts, samples)

    def draft(
        self,
        entity: str,
        origin: Mapping[str, str],
        form: str,
        report_name: str,
        facts: Mapping[str, Any],
        records: Sequence[Mapping[str, Value]],
    ) -> str:
        from zsync.targets.creator.scaffold import draft

        return draft(entity, origin, form, report_name, facts, records)

    def script(
        self,
        entities: RootModel[Any],
        entity: str,
        source: Any,
        facts: Mapping[str, Any],
        *,
        connection: str,
        mail: str,
        without: Sequence[str],
    ) -> str:
        """A Deluge function of QuickBooks' objects; `facts` holds the forms' fields and the company's id (`realm`)."""
        from zsync.errors import ConfigError
        from zsync.targets.creator.deluge import Origin, script
        from zsync.targets.creator.forms import Application
        from zsync.targets.creator.settings import made

        if getattr(source, "type", "") != "quickbooks":
            raise ConfigError("a script can be written for QuickBooks only", hint="Deluge reaches its API by a connection")
        settings, rules = entities.root[entity], made(entities, source.tag).rules
        if settings.each:
            raise ConfigError(
                f"`{entity}` takes a record apart into lines: a loop in a loop does not fit into a run's statements",
                hint="leave it to `zsync run`",
            )
        origin = Origin(settings.object, str(facts["realm"]), source.api, connection, mail, tuple(settings.conditions()))
        form = Application.of(facts).forms.get(settings.form, {})
        return script(rules.entities[entity], form, origin, rules, without).text

    def labels(self) -> Mapping[str, str]:
        return {}

    def spared_by(self) -> Mapping[str, Sequence[str]]:
        return {}

    def scopes(self, settings: CreatorSettings, entities: RootModel[Any]) -> tuple[str, ...]:
        """Exactly what is needed: rows are deleted only where the configuration says so."""
        deletes = any(each.gone == "delete" or each.write == "replace" for each in entities.root.values())
        return (*_SCOPES, *(("ZohoCreator.report.DELETE",) if deletes else ()))

    def sign_in(self, settings: CreatorSettings, entities: RootModel[Any], *, clock: Clock, transport: Any = None) -> Zoho:
        """The sign-in of this target's application."""
        from zsync.targets.zoho.connection import sign_in

        return sign_in(settings, self.scopes(settings, entities), clock, transport=transport)

    def build(
        self,
        settings: CreatorSettings,
        entities: RootModel[Any],
        *,
        source_tag: str,
        clock: Clock,
        token_store: TokenStore,
        quota: Quota,
        zone: str = "UTC",
        transport: Any = None,
    ) -> CreatorTarget:
        """The target itself. `zone` is the application's time zone, in which the day of calls is counted."""
        from zsync.targets.creator.client import refused_token
        from zsync.targets.creator.settings import made
        from zsync.targets.creator.target import CreatorTarget
        from zsync.targets.zoho.connection import connect

        zoho = self.sign_in(settings, entities, clock=clock, transport=transport)
        http, pace = connect(
            self.name,
            settings,
            zoho,
            refused_token,
            clock=clock,
            token_store=token_store,
            quota=quota,
            zone=zone,
            transport=transport,
        )
        return CreatorTarget(settings, made(entities, source_tag).rules, http, pace, zoho)


plugin = Plugin()
