"""A Creator application behind its API, and a target that is signed in to it with exactly our scopes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from quickbooks.front import StillClock, TokensInMemory
from zsync.net.secret import Secret
from zsync.ports import Quota, Tokens
from zsync.sandbox.accounts import Accounts
from zsync.sandbox.app import Sandbox
from zsync.sandbox.forms import Application, Creator
from zsync.sandbox.forms import demo as demo_forms
from zsync.sandbox.transport import InProcess
from zsync.sources.quickbooks.settings import Reads
from zsync.targets.creator import plugin
from zsync.targets.creator.settings import CreatorSettings
from zsync.targets.creator.target import CreatorTarget

URL = "http://127.0.0.1"

ITEMS: Mapping[str, Any] = {
    "object": "Item",
    "form": "Items",
    "report_name": "All_Items",
    "key": "QB_Id",
    "map": {"QB_Id": "Id", "Item_Name": "Name", "Kind": "Type", "Price": "UnitPrice", "Active": "Active"},
}


class Desk:
    """`entities` as in the configuration."""

    def __init__(self, entities: Mapping[str, Any] | None = None, application: Application | None = None, **target: Any) -> None:
        self.clock = StillClock()
        self.app = application or demo_forms.whole()
        self.creator = Creator(self.app)
        self.creator.per_minute = None
        self.sandbox = Sandbox(
            creator=self.creator, accounts=Accounts(throttle=None), clock=self.clock.timestamp, sleep=self.clock.sleep
        )
        client = self.sandbox.accounts.client
        self.settings = CreatorSettings.model_validate(
            {
                "data_center": "us",
                "owner": self.app.owner,
                "app": self.app.link_name,
                "client_id": client.client_id,
                "client_secret": Secret.of(client.client_secret),
                "accounts_url": URL,
                "api_url": URL,
                "web_url": URL,
                **target,
            }
        )
        self.entities = plugin.entities(Reads).model_validate(entities if entities is not None else {"items": ITEMS})
        scopes = tuple(plugin.scopes(self.settings, self.entities))
        access, refresh = self.sandbox.accounts.issue(scopes)
        self.tokens = TokensInMemory(Tokens(access, self.clock.now() + timedelta(hours=1), refresh, scopes, URL, URL))
        self.target: CreatorTarget = plugin.build(
            self.settings,
            self.entities,
            source_tag="qbo",
            clock=self.clock,
            token_store=self.tokens,
            quota=Quota(),
            transport=InProcess(self.sandbox),
        )
