"""A secret of the configuration: looked up when it is used, masked wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


class Secret:
    """A text that never shows itself. `origin` says where it comes from, for messages."""

    __slots__ = ("_resolve", "origin")

    def __init__(self, resolve: Callable[[], str], origin: str) -> None:
        self._resolve = resolve
        self.origin = origin

    @classmethod
    def of(cls, value: str) -> Secret:
        """A secret whose text is at hand."""
        return cls(lambda: value, "text")

    def reveal(self) -> str:
        """The text itself, for the one place that sends it. ConfigError if it cannot be had."""
        return self._resolve()

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
