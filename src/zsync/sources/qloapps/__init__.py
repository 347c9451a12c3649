"""QloApps 1.6. `plugin` is what the entry point names; it imports the network only when something is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from zsync.errors import ConfigError
from zsync.ports import Clock, TokenStore

if TYPE_CHECKING:
    from zsync.sources.qloapps.settings import QloAppsSettings, Reads
    from zsync.sources.qloapps.source import QloApps


class Plugin:
    """The door to this source."""

    name = "qloapps"
    sign_in_name = ""

    @property
    def settings(self) -> type[QloAppsSettings]:
        from zsync.sources.qloapps.settings import QloAppsSettings

        return QloAppsSettings

    @property
    def reads(self) -> type[Reads]:
        from zsync.sources.qloapps.settings import Reads

        return Reads

    def scopes(self, settings: QloAppsSettings) -> tuple[str, ...]:
        return ()

    def sign_in(self, settings: QloAppsSettings, *, clock: Clock, transport: Any = None) -> NoReturn:
        raise ConfigError("QloApps has no sign-in", hint="its key stands under [source] as api_key")

    def build(
        self,
        settings: QloAppsSettings,
        reads: Mapping[str, Any] | None = None,
        *,
        clock: Clock,
        token_store: TokenStore | None = None,
        transport: Any = None,
    ) -> QloApps:
        """The source itself, the same for whatever is read of it. `transport` replaces the network, for tests and the demo."""
        from zsync.net.client import Http
        from zsync.sources.qloapps.client import Webservice
        from zsync.sources.qloapps.source import QloApps

        http = Http(
            settings.url,
            self.name,
            timeout_s=settings.timeout,
            clock=clock,
            auth=(settings.api_key.reveal(), ""),
            transport=transport,
        )
        return QloApps(Webservice(http, settings.page_size), settings.tag, clock)


plugin = Plugin()
