"""QuickBooks Online. `plugin` is what the entry point names; it imports the network only when something is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zsync.ports import Clock, TokenStore

if TYPE_CHECKING:
    from zsync.sources.quickbooks.oauth import Intuit
    from zsync.sources.quickbooks.settings import QuickBooksSettings, Reads
    from zsync.sources.quickbooks.source import QuickBooks


class Plugin:
    """The door to this source. The entities are the user's own: each names an object, or a report."""

    name = "quickbooks"
    sign_in_name = "quickbooks"

    @property
    def settings(self) -> type[QuickBooksSettings]:
        from zsync.sources.quickbooks.settings import QuickBooksSettings

        return QuickBooksSettings

    @property
    def reads(self) -> type[Reads]:
        from zsync.sources.quickbooks.settings import Reads

        return Reads

    def scopes(self, settings: QuickBooksSettings) -> tuple[str, ...]:
        from zsync.sources.quickbooks.oauth import SCOPE

        return (SCOPE,)

    def sign_in(self, settings: QuickBooksSettings, *, clock: Clock, transport: Any = None) -> Intuit:
        """The sign-in of this source's app."""
        from zsync.sources.quickbooks.oauth import App, Intuit

        app = App(settings.client_id, settings.client_secret, settings.discovery, settings.redirect, settings.realm_id)
        return Intuit(app, clock, transport=transport)

    def build(
        self,
        settings: QuickBooksSettings,
        reads: Mapping[str, Reads],
        *,
        clock: Clock,
        token_store: TokenStore,
        transport: Any = None,
    ) -> QuickBooks:
        """The source itself. `transport` replaces the network, for tests and the demo."""
        from urllib.parse import urlsplit
        from zoneinfo import ZoneInfo

        from zsync.net.auth import TokenAuth
        from zsync.net.client import Http
        from zsync.net.pace import Limits, Pace
        from zsync.ports import Quota
        from zsync.sources.quickbooks.client import Company
        from zsync.sources.quickbooks.faults import refused_token
        from zsync.sources.quickbooks.source import QuickBooks, Wanted

        intuit = self.sign_in(settings, clock=clock, transport=transport)
        auth = TokenAuth(
            token_store,
            clock,
            scheme="Bearer",
            hosts=frozenset({urlsplit(settings.api).netloc}),
            refresh=intuit.refresh,
            refused=refused_token,
        )
        pace = Pace(self.name, Limits(calls_per_minute=300, calls_per_day=None, concurrency=4), Quota(), clock, ZoneInfo("UTC"))
        http = Http(settings.api, self.name, timeout_s=settings.timeout, clock=clock, pace=pace, auth=auth, transport=transport)

        def realm() -> str:
            kept = token_store.load()
            return settings.realm_id or (kept.realm if kept is not None else "")

        wanted = [
            Wanted(each.origin(name), name, each.report, each.by, each.periods, each.basis, each.subtotals)
            for name, each in reads.items()
            if each.report
        ]
        kinds = list(dict.fromkeys(each.object for each in reads.values() if each.object))
        company = Company(http, realm)
        return QuickBooks(company, settings.tag, kinds, wanted, clock, batch=settings.batch, tokens=token_store.load)


plugin = Plugin()
