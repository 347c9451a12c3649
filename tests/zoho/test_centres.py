"""Zoho's data centres: nine of them, each with addresses of its own, and no others are trusted."""

from __future__ import annotations

import pytest

from zsync.errors import ConfigError
from zsync.net.client import check_url
from zsync.targets.zoho.centres import CENTRES, known_accounts, known_api


def test_each_data_centre_of_the_contract_has_three_addresses_of_its_own() -> None:
    assert list(CENTRES) == ["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"]
    addresses = [address for centre in CENTRES.values() for address in (centre.accounts, centre.api, centre.books)]
    assert len(set(addresses)) == 27
    for address in addresses:
        check_url(address, "address")
        assert not address.endswith("/")


def test_canada_signs_in_under_another_name() -> None:
    assert (CENTRES["ca"].accounts, CENTRES["ca"].books) == ("https://accounts.zohocloud.ca", "https://books.zohocloud.ca")


@pytest.mark.parametrize("name", list(CENTRES))
def test_every_data_centre_is_known_whichever_is_configured(name: str) -> None:
    centre = CENTRES[name]
    assert known_accounts(centre.accounts + "/", CENTRES["us"].accounts) == centre.accounts
    assert known_api(centre.api, CENTRES["us"].api) == centre.api


def test_no_name_means_the_configured_address() -> None:
    assert known_api("", "http://127.0.0.1:1/") == "http://127.0.0.1:1"


def test_a_stranger_is_named_with_the_settings_that_would_allow_it() -> None:
    with pytest.raises(ConfigError, match=r"accounts\.zoho\.ae") as caught:
        known_accounts("https://accounts.zoho.ae", CENTRES["us"].accounts)
    assert "accounts_url" in caught.value.hint
