"""Text templates of the configuration: Jinja2's immutable sandbox over plain values, strict, capped in size.

A template sees the record's fields and nothing else; a field that does not exist is an error that names the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from zsync.errors import ConfigError, Unmappable
from zsync.model.record import Value

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 5_000
"""Characters that a template may make, and be."""


_OF_VALUES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What Python raises where a template asks something of a value that it cannot do. Its words may hold a guest's data."""


def render(template: str, fields: Mapping[str, Value], where: str) -> str:
    """The template filled with `fields`. Raises Unmappable naming `where` if it cannot be: a field is missing, a value is of
    the wrong kind, the text too long."""
    from jinja2 import TemplateError  # heavy; most configurations have no template

    try:
        pieces = _environment().from_string(template).generate(dict(fields))
        made = ""
        for piece in pieces:
            made += piece
            if len(made) > LONGEST:
                raise _unfilled(where, f"it makes more than {LONGEST} characters")
    except TemplateError as err:
        raise _unfilled(where, err.message or type(err).__name__) from err
    except _OF_VALUES as err:
        raise _unfilled(where, f"it asks of a value what that cannot do ({type(err).__name__})") from err
    return made


def _unfilled(where: str, why: str) -> Unmappable:
    hint = f"correct {where} in the configuration: it sees the record's own fields, which `zsync show` lists"
    return Unmappable(f"the template of {where} cannot be filled: {why}", config_key=where, hint=hint)


def check(template: str, where: str) -> None:
    """ConfigError if this is no template, or names a filter that does not exist."""
    from jinja2 import TemplateError

    if len(template) > LONGEST:
        raise ConfigError(f"the template of {where} is longer than {LONGEST} characters")
    try:
        _environment().from_string(template)
    except TemplateError as err:
        raise ConfigError(
            f"the template of {where} is not understood: {err.message}", hint="see Jinja2's template syntax"
        ) from err


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Plain(ImmutableSandboxedEnvironment):
        """No attribute of any object, no global function: fields and filters only."""

        def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
            return False

    environment = Plain(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    return environment
