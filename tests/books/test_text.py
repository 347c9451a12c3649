"""Texts as Zoho takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsync.targets.books.text import address_of_mail, block, clean


@pytest.mark.parametrize(
    "right",
    ["a@b.de", "Tom.TRIM@Example.com", "o'neil+tag@mail.example.co.uk", "anonymous-3@x.invalid", "a@xn--bcher-kva.example"],
)
def test_an_address_that_can_be_expected_to_pass_is_kept_as_typed(right: str) -> None:
    assert address_of_mail(right) == right


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "a", "a@", "@b.de", "a@b", "a@@b.de", "a@b..de", "a@b.de ", "a@b.de\n", "a b@c.de", "<a@b.de>"),
        *(".a@b.de", "a.@b.de", "a..b@c.de", "a@-b.de", "a@b-.de", "a@b.d", "a@b.1", "a@b_c.de", "a@b.de."),
        *("\u00fc@b.de", "a@b\u00fc.de", "x" * 65 + "@b.de", "a@" + "b" * 64 + ".de", "a@" + "b." * 49 + "de"),
    ],
)
def test_an_address_that_would_refuse_the_whole_contact_is_none(wrong: str) -> None:
    assert address_of_mail(wrong) == ""


@given(st.text(max_size=60), st.integers(2, 30))
def test_what_is_clean_is_one_line_within_its_length_and_stays_as_it_is(value: str, length: int) -> None:
    found = clean(value, length)
    assert len(found) <= length
    assert not set("<>\n\r\t\0") & set(found)
    assert clean(found, length) == found


@given(st.text(max_size=60), st.integers(2, 30))
def test_a_block_keeps_its_lines_and_its_length(value: str, length: int) -> None:
    found = block(value, length)
    assert len(found) <= length
    assert not set("<>\r\0") & set(found)
