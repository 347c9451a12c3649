"""A template of the configuration neither reaches into the program nor makes it work or grow without end."""

from __future__ import annotations

import pytest

from zsync.errors import Unmappable
from zsync.mapping.templates import render
from zsync.model.record import Value

FIELDS: dict[str, Value] = {"name": "x" * 5000, "count": 3}


@pytest.mark.parametrize(
    "template",
    [
        "{{ name.__class__ }}",
        "{{ name['__class__'] }}",
        "{{ name | attr('__class__') }}",
        "{{ [name] | map(attribute='__class__') | join }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self }}",
        "{{ name.format(1) }}",
        "{{ cycler }}",
    ],
)
def test_a_template_reaches_no_attribute_and_no_function(template: str) -> None:
    with pytest.raises(Unmappable):
        render(template, FIELDS, "here")


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ [1] * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%999999999d' % count }}",
        "{{ '%999999999d' | format(count) }}",
        "{{ '%*d' | format(999999999, count) }}",
        "{{ 'x' | center(999999999) }}",
        "{{ 'x' | indent(999999999, true) }}",
        "{{ name | replace('x', name) | length }}",
        "{{ name | join(name) | length }}",
        "{{ [1] | batch(999999999, 0) | list | length }}",
        "{% set a = name ~ name %}{% set a = a ~ a %}{{ a | length }}",
        "{% set a %}{{ name }}{{ name }}{% endset %}{{ a | length }}",
        "{% for a in name %}{% for b in name %}{% endfor %}{% endfor %}",
        "{% for a in name recursive %}{{ loop(name) }}{% endfor %}",
        "{% macro f() %}{% endmacro %}{{ f() }}",
        "{% for a in range(1000000000) %}{% endfor %}",
    ],
)
def test_a_template_is_stopped_before_it_grows(template: str) -> None:
    with pytest.raises(Unmappable):
        render(template, FIELDS, "here")


def test_what_templates_are_for_still_works() -> None:
    fields: dict[str, Value] = {"first": "Ada", "notes": ["a", "b"], "sum": 12, "address": {"city": "Wien"}}
    template = (
        "{{ first | upper }}{% if sum > 9 %} {{ sum * 2 }}{% endif %}{% for n in notes %} {{ n ~ '!' }}{% endfor %}"
        " {{ address.city }} {{ '%05d' | format(sum) }} {{ notes | join(', ') }} {{ notes[0] or '-' }}"
    )
    assert render(template, fields, "here") == "ADA 24 a! b! Wien 00012 a, b a"
