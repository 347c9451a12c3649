"""The settings of a QloApps source: [source]."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from zsync.net.secret import Secret


def _base(value: str) -> str:
    """The shop's address, with or without `/api`."""
    return value.rstrip("/").removesuffix("/api")


class QloAppsSettings(BaseModel):
    """[source]"""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    type: Literal["qloapps"] = Field("qloapps", description="the source")
    tag: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,11}$", description="names this source in keys for ever: a-z, 0-9, -")
    url: Annotated[str, AfterValidator(_base)] = Field(description="the shop's address, as it stands in QloApps")
    api_key: Secret = Field(description="the webservice key: 32 characters")
    start_date: date | None = Field(None, description="an order is in if its invoice date, else its own, is on or after it")
    page_size: int = Field(500, ge=25, le=1000, description="rows asked for at once")
    timeout: float = Field(60.0, gt=0, le=600, description="seconds that one request may take")
