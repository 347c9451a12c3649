"""A secret of the configuration: looked up when it is used, masked wherever it is shown."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

_TEXT = "text"


class Secret:
    """A text that never shows itself. `origin` says where it comes from, for messages.

    Two are equal if they come from the same place; two texts, if they are the same. Nothing is looked up to compare.
    """

    __slots__ = ("_resolve", "origin")

    def __init__(self, resolve: Callable[[], str], origin: str) -> None:
        self._resolve = resolve
        self.origin = origin

    @classmethod
    def of(cls, value: str) -> Secret:
        """A secret whose text is at hand."""
        return cls(lambda: value, _TEXT)

    @classmethod
    def deferred(cls, origin: str, resolve: Callable[[], str]) -> Secret:
        """A secret that is looked up each time it is used (`env HOTEL_KEY`, `file key.txt`); `resolve` raises ConfigError."""
        return cls(resolve, origin)

    def reveal(self) -> str:
        """The text itself, for the one place that sends it. ConfigError if it cannot be had."""
        return self._resolve()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self.origin != other.origin:
            return False
        return self.origin != _TEXT or hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(self.origin)

    def __repr__(self) -> str:
        return f"Secret({self.origin}: ****)"

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def accept(value: object) -> Secret:
            if isinstance(value, Secret):
                return value
            if isinstance(value, str) and value:
                return Secret.of(value)
            raise ValueError('give text, { env = "NAME" }, { file = "PATH" } or { keyring = "service/name" }')

        return core_schema.no_info_plain_validator_function(
            accept,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: "****"),
            json_schema_input_schema=core_schema.union_schema(
                [
                    core_schema.str_schema(),
                    core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema(), min_length=1, max_length=1),
                ]
            ),
        )
