"""Plugins come through entry points; the built-in ones too."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from zsync import plugins
from zsync.errors import ConfigError


def offering(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: EntryPoints(entries).select(group=group))


def test_the_built_in_plugins_are_found_by_their_entry_points() -> None:
    assert plugins.source("qloapps").name == "qloapps"
    assert plugins.target("zoho-books").name == "zoho-books"
    assert plugins.source("quickbooks").name == "quickbooks"
    assert plugins.target("zoho-creator").name == "zoho-creator"
    assert plugins.known(plugins.SOURCES) == ["qloapps", "quickbooks"]
    assert plugins.known(plugins.TARGETS) == ["zoho-books", "zoho-creator"]


def test_an_unknown_type_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="`quickbook` is no source") as caught:
        plugins.source("quickbook")
    assert "did you mean `quickbooks`? known: qloapps, quickbooks" in caught.value.hint
    with pytest.raises(ConfigError) as caught:
        plugins.target("zoho-book")
    assert "did you mean `zoho-books`?" in caught.value.hint


def test_a_third_party_comes_through_the_same_door(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, EntryPoint("mews", "zsync.sources.qloapps:plugin", plugins.SOURCES))

    assert plugins.source("mews").name == "qloapps"


def test_a_plugin_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, EntryPoint("broken", "no_such_package:plugin", plugins.TARGETS))

    with pytest.raises(ConfigError, match="the target `broken` of the package"):
        plugins.target("broken")


def test_two_packages_with_the_same_type_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, EntryPoint("x", "a:p", plugins.SOURCES), EntryPoint("x", "b:p", plugins.SOURCES))

    with pytest.raises(ConfigError, match="offered by several packages"):
        plugins.source("x")


def test_without_any_plugin_the_installation_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch)

    with pytest.raises(ConfigError, match="no source is installed"):
        plugins.source("qloapps")
