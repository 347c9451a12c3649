"""Zoho Books. `plugin` is what the entry point names; it imports the network only when something is to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError
from zsync.ports import Clock, Quota, Switches, TokenStore
from zsync.targets.books.links import LABELS, SPARED_BY, link

if TYPE_CHECKING:
    from pydantic import BaseModel

    from zsync.mapping.shaped import Feed
    from zsync.model.record import Record, Value
    from zsync.targets.books.settings import BooksSettings, Entities
    from zsync.targets.books.target import BooksTarget
    from zsync.targets.zoho.oauth import Zoho


class Plugin:
    """The door to this target. Settings are pydantic models; everything else takes them."""

    name = "zoho-books"
    sign_in_name = "zoho"

    @property
    def settings(self) -> type[BooksSettings]:
        from zsync.targets.books.settings import BooksSettings

        return BooksSettings

    def entities(self, reads: type[BaseModel]) -> type[Entities]:
        """The hotel's own: what they read is the source's business."""
        from zsync.targets.books.settings import Entities

        return Entities

    def feeds(self, entities: Entities) -> Sequence[Feed]:
        return ()

    def switches(self, entities: Entities) -> Mapping[str, Switches]:
        return entities.switches()

    def realm(self, settings: BooksSettings) -> str:
        return f"zoho-finance:{settings.organization_id}"

    def links(self, settings: BooksSettings, entities: Entities) -> Callable[[str, str], str]:
        """(module, id) -> web address, without any network."""
        return lambda module, id: link(settings, module, id)

    def objections(
        self, entities: Entities, tag: str, facts: Mapping[str, Any], samples: Mapping[str, Sequence[Record]]
    ) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """What becomes of a hotel's records is built in: there is no map that could be wrong."""
        return iter(())

    def draft(
        self,
        entity: str,
        origin: Mapping[str, str],
        form: str,
        report_name: str,
        facts: Mapping[str, Any],
        records: Sequence[Mapping[str, Value]],
    ) -> str:
        raise ConfigError("Zoho Books has its mapping built in", hint="only some texts can be mapped: see zsync.toml.example")

    def script(
        self,
        entities: Entities,
        entity: str,
        source: Any,
        facts: Mapping[str, Any],
        *,
        connection: str,
        mail: str,
        without: Sequence[str],
    ) -> str:
        raise ConfigError("a script can be written for Zoho Creator only", hint="use `zsync schedule install` for Zoho Books")

    def labels(self) -> Mapping[str, str]:
        return LABELS

    def spared_by(self) -> Mapping[str, Sequence[str]]:
        return SPARED_BY

    def scopes(self, settings: BooksSettings, entities: Entities) -> tuple[str, ...]:
        """Exactly what the modules need: status calls need CREATE, items and taxes are `settings`, taking a payment off an
        invoice is a DELETE there. Payments and currencies are deleted only where the configuration says so."""
        withdrawn = ("ZohoBooks.customerpayments.DELETE",) if entities.payments.auto_delete else ()
        currencies = entities.currencies
        given_up = ("ZohoBooks.settings.DELETE",) if currencies.multi_currency and currencies.auto_delete else ()
        return (
            "ZohoBooks.contacts.CREATE",
            "ZohoBooks.contacts.READ",
            "ZohoBooks.contacts.UPDATE",
            "ZohoBooks.settings.CREATE",
            "ZohoBooks.settings.READ",
            "ZohoBooks.settings.UPDATE",
            "ZohoBooks.salesorders.CREATE",
            "ZohoBooks.salesorders.READ",
            "ZohoBooks.salesorders.UPDATE",
            "ZohoBooks.invoices.CREATE",
            "ZohoBooks.invoices.READ",
            "ZohoBooks.invoices.UPDATE",
            "ZohoBooks.invoices.DELETE",
            "ZohoBooks.customerpayments.CREATE",
            "ZohoBooks.customerpayments.READ",
            *withdrawn,
            *given_up,
            "ZohoBooks.creditnotes.CREATE",
            "ZohoBooks.creditnotes.READ",
            "ZohoBooks.creditnotes.DELETE",
            "ZohoBooks.accountants.READ",
        )

    def sign_in(self, settings: BooksSettings, entities: Entities, *, clock: Clock, transport: Any = None) -> Zoho:
        """The sign-in of this target's application."""
        from zsync.targets.zoho.connection import sign_in

        return sign_in(settings, self.scopes(settings, entities), clock, transport=transport)

    def build(
        self,
        settings: BooksSettings,
        entities: Entities,
        *,
        source_tag: str,
        clock: Clock,
        token_store: TokenStore,
        quota: Quota,
        zone: str = "UTC",
        transport: Any = None,
    ) -> BooksTarget:
        """The target itself. `zone` is the organisation's time zone, in which its day of calls is counted."""
        from zsync.targets.books.settings import rules
        from zsync.targets.books.target import BooksTarget
        from zsync.targets.zoho.client import refused_token
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
        return BooksTarget(settings, rules(settings, entities, source_tag), http, pace, zoho)


plugin = Plugin()
