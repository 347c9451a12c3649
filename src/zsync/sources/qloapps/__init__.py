"""QloApps 1.6. `plugin` is what the entry point names; it imports the network only when something is to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zsync.ports import Clock

if TYPE_CHECKING:
    from zsync.sources.qloapps.settings import QloAppsSettings
    from zsync.sources.qloapps.source import QloApps


class Plugin:
    """The door to this source."""

    name = "qloapps"

    @property
    def settings(self) -> type[QloAppsSettings]:
        from zsync.sources.qloapps.settings import QloAppsSettings

        return QloAppsSettings

    def build(self, settings: QloAppsSettings, *, clock: Clock, transport: Any = None) -> QloApps:
        """The source itself. `transport` replaces the network, for tests and the demo."""
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
