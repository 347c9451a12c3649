"""Text templates of the configuration: Jinja2's immutable sandbox over plain values, strict, capped in size and in work.

A template sees the record's fields and nothing else; a field that does not exist is an error that names the key.

It is an expression with `if` and a single `for`, not a program: without variables, macros and nested loops its work is bounded
by its own length and the record's. What a filter or an operator makes is bounded too: short texts may unfold into a large one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError, Unmappable
from zsync.model.record import Value

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 5_000
"""Characters that a template may make, and be."""

_LARGEST = 100_000
"""Characters that a filter may hand to the next: a description in pieces may be longer than what becomes of it."""
_WIDE = re.compile(r"%[^a-zA-Z%]*(\*|\d{4,})")
"""A place of `'%09d' | format(...)` that asks for a thousand characters or more, or for a number of them in a value."""
_PARTS = frozenset(
    [
        *("Template", "Output", "TemplateData", "Name", "NSRef", "Const", "List", "Tuple", "Dict", "Pair", "Keyword"),
        *("If", "For", "CondExpr", "Filter", "Test", "Compare", "Operand", "And", "Or", "Not", "Concat"),
        *("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Neg", "Pos", "Getitem", "Getattr", "Slice"),
    ]
)
"""What a template may be made of. No power, no call, no variable, no macro, no other template."""


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


def _allowed(tree: nodes.Template) -> None:
    """Raises TemplateSyntaxError for a part that could make a template work without end."""
    from jinja2 import TemplateSyntaxError, nodes

    for node in tree.find_all(nodes.Node):
        kind = type(node).__name__
        if kind not in _PARTS or (isinstance(node, nodes.Name) and node.name == "self"):
            raise TemplateSyntaxError(f"a template has no {kind}: it takes fields, filters, `if` and `for`", node.lineno)
        if isinstance(node, nodes.For) and next(node.find_all(nodes.For), None) is not None:
            raise TemplateSyntaxError("a `for` inside a `for`", node.lineno)


def _bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, which takes no large number or wide format, and makes no large text."""
    from jinja2.exceptions import TemplateRuntimeError

    @wraps(filter_)  # with the marks by which Jinja2 knows what to hand it
    def heedful(*args: Any, **named: Any) -> Any:
        for each in (*args, *named.values()):
            if isinstance(each, int) and abs(each) > LONGEST and filter_.__name__ in _SIZED:
                raise TemplateRuntimeError(f"a number beyond {LONGEST} for the filter")
            if isinstance(each, str) and filter_.__name__ == "do_format" and _WIDE.search(each):
                raise TemplateRuntimeError("a format that is too wide")
        return _small(filter_(*args, **named))

    return heedful


_SIZED = frozenset(["do_center", "do_indent", "do_wordwrap", "do_batch", "sync_do_slice", "do_slice", "do_round", "do_tojson"])
"""Filters whose numbers are sizes."""


def _small(made: Any) -> Any:
    from jinja2.exceptions import TemplateRuntimeError

    if isinstance(made, str | list) and len(made) > _LARGEST:
        raise TemplateRuntimeError(f"more than {_LARGEST} characters on the way")
    return made


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Plain(ImmutableSandboxedEnvironment):
        """No attribute of any object, no global function: fields and filters only."""

        intercepted_binops = frozenset(["*", "%"])

        def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
            return False

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
                raise SecurityError(f"`{operator}` is for numbers")  # 'x' * 10**9, '%999999999d' % 1
            return super().call_binop(context, operator, left, right)

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            _allowed(tree)
            return tree

    environment = Plain(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = {name: _bounded(each) for name, each in environment.filters.items()}
    return environment
