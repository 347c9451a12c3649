"""Templates of the configuration: what they see, and that a bad one stops a record with words, never the program."""

from __future__ import annotations

import pytest

from zsync.errors import ConfigError, Unmappable
from zsync.mapping.templates import LONGEST, check, render

WHERE = "[entities.customers.map] notes"
FIELDS = {"company": "ACME", "phone": "secret-number"}


def complaint(template: str) -> Unmappable:
    with pytest.raises(Unmappable) as caught:
        render(template, FIELDS, WHERE)
    return caught.value


def test_a_template_is_filled_with_the_records_fields() -> None:
    assert render("{{ company }} / {{ phone | upper }}", FIELDS, WHERE) == "ACME / SECRET-NUMBER"


def test_a_field_that_does_not_exist_is_named_with_the_key_to_correct() -> None:
    error = complaint("{{ compnay }}")
    assert "compnay" in error.message
    assert WHERE in error.message
    assert error.hint.startswith(f"correct {WHERE}")


@pytest.mark.parametrize(
    "template",
    [
        "{{ phone + 1 }}",
        "{{ 1 / 0 }}",
        "{{ phone | round }}",
        "{{ '%d' | format(phone) }}",
        "{{ phone | xmlattr }}",
        "{{ phone | wordwrap(0) }}",
        "{{ phone | truncate(1) }}",
        "{% include 'other' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    ],
)
def test_what_a_value_cannot_do_is_an_error_of_the_template_that_repeats_no_value(template: str) -> None:
    error = complaint(template)
    assert WHERE in error.message
    assert "secret-number" not in error.message


@pytest.mark.parametrize("template", ["{{ company.__class__ }}", "{{ company.upper() }}", "{{ range(9) }}"])
def test_fields_and_filters_are_all_that_it_sees(template: str) -> None:
    assert WHERE in complaint(template).message


def test_a_text_without_end_is_cut_off_as_an_error() -> None:
    fields = {"letters": "x" * 1000}
    with pytest.raises(Unmappable, match="more than"):
        render("{% for letter in letters %}{{ letters }}{% endfor %}", fields, WHERE)


@pytest.mark.parametrize("template", ["{{ company", "{{ company | nosuch }}", "x" * (LONGEST + 1)])
def test_what_is_no_template_is_refused_before_anything_is_read(template: str) -> None:
    with pytest.raises(ConfigError, match="the template of"):
        check(template, WHERE)
