"""The configuration file: found, read, checked; each mistake named with file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from zsync import plugins
from zsync.config import ConfigProblems, find, load, shown, shown_lines
from zsync.config.read import StateSettings
from zsync.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
[source]
type = "qloapps"
tag = "hotel"
url = "https://hotel.example.com"
api_key = { env = "KEY" }
start_date = 2026-01-01

[target]
type = "zoho-books"
data_center = "eu"
organization_id = "20061234567"
client_id = "1000.ABC"
client_secret = "very secret"
"""


def written(folder: Path, text: str = GOOD, *, mode: int = 0o600) -> Path:
    path = folder / "zsync.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def problem(folder: Path, text: str) -> str:
    """The complaints about this text, with their hints."""
    with pytest.raises(ConfigProblems) as caught:
        load(written(folder, text), {})
    return "\n".join(f"{each} | {each.hint}" for each in caught.value.problems)


# --- finding --------------------------------------------------------------------------------------------------------------


def test_the_named_file_goes_before_the_variable_before_the_folder_before_the_user(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    for each in (tmp_path / "a.toml", tmp_path / "b.toml", here / "zsync.toml", home / "zsync" / "zsync.toml"):
        each.parent.mkdir(exist_ok=True, parents=True)
        each.write_text("", "utf-8")
    environ = {"ZSYNC_CONFIG": str(tmp_path / "b.toml"), "XDG_CONFIG_HOME": str(home)}
    without = {"XDG_CONFIG_HOME": str(home)}

    assert find(tmp_path / "a.toml", environ, here) == tmp_path / "a.toml"
    assert find(None, environ, here) == tmp_path / "b.toml"
    assert find(None, without, here) == here / "zsync.toml"
    assert find(None, without, tmp_path) == home / "zsync" / "zsync.toml"


def test_a_named_file_that_is_missing_is_said_by_whom_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file `x\.toml` \(named by --config\)"):
        find(Path("x.toml"), {}, tmp_path)
    with pytest.raises(ConfigError, match=r"named by \$ZSYNC_CONFIG"):
        find(None, {"ZSYNC_CONFIG": "y.toml"}, tmp_path)
    with pytest.raises(ConfigError, match="is a folder"):
        find(tmp_path, {}, tmp_path)


def test_without_any_file_the_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration") as caught:
        find(None, {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path)
    assert "zsync.toml.example" in caught.value.hint


# --- reading --------------------------------------------------------------------------------------------------------------


def test_a_good_file_becomes_settings(tmp_path: Path) -> None:
    config = load(written(tmp_path), {"KEY": "abc"})

    assert config.source.tag == "hotel"
    assert config.source.start_date == date(2026, 1, 1)
    assert config.target.limits.grace == 17 * 60
    assert config.state_path == tmp_path / "zsync.db"
    assert config.target_plugin.switches(config.entities)["payments"].delete is False


def test_the_state_lies_where_the_file_says_relative_to_the_file(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD + '[state]\npath = "data/books.db"\nhost = "box"\n'), {})

    assert config.state_path == tmp_path / "data" / "books.db"
    assert config.host == "box"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("tag =", "tga ="), r"zsync.toml:3: source.tga: there is no such key | did you mean `tag`?"),
        (('"eu"', '"europe"'), "zsync.toml:10: target.data_center: input should be 'us', 'eu'"),
        (('"20061234567"', "20061234567"), "zsync.toml:11: target.organization_id: input should be a valid string"),
        (('client_id = "1000.ABC"\n', ""), "zsync.toml:8: target.client_id: this key is missing | add client_id under [target]"),
        (("[target]", "[targett]"), "zsync.toml:8: targett: there is no such table | did you mean `target`?"),
        (('type = "qloapps"', 'type = "qloaps"'), "zsync.toml:2: source.type: `qloaps` is no source | did you mean `qloapps`?"),
        (('type = "zoho-books"\n', ""), "zsync.toml:8: target.type: say which target this is | type = one of: zoho-books"),
        (("[source]", "[source"), "zsync.toml:1: this is not TOML: "),
        (('"hotel"', '"hotel'), "zsync.toml:3: this is not TOML: "),
        (('tag = "hotel"', 'tag = "Hotel 1"'), "zsync.toml:3: source.tag: give 1 to 12 of a-z"),
        (('{ env = "KEY" }', '{ evn = "KEY" }'), "zsync.toml:5: source.api_key: give text, { env = "),
    ],
)
def test_a_mistake_is_named_with_line_key_and_next_step(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    assert expected in problem(tmp_path, GOOD.replace(*change))


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("[entities.order]\nx = 1", "zsync.toml:14: entities.order: there is no such entity | did you mean `orders`?"),
        ("[entities.customers]\nauto_updte = true", "zsync.toml:15: entities.customers.auto_updte: there is no such key"),
        ("[entities.customers.map]\nnots = 'x'", "zsync.toml:15: entities.customers.map.nots: there is no such key"),
        ("[target.limits]\ntimeout = 60", 'zsync.toml:15: target.limits.timeout: give a number with its unit: "60s"'),
        (
            "[target.payment_methods]\n'Bank wire' = { mod = 'cash' }",
            'zsync.toml:15: target.payment_methods."Bank wire".mod: there',
        ),
        (
            "[target.accounts]\nrooms = 'Sales'",
            "zsync.toml:15: target.accounts.rooms: there is no such key | did you mean",
        ),
        ("[target.rounding]\nadjust_up_to = 0.05", "zsync.toml:15: target.rounding.adjust_up_to: give the amount as text"),
        ("[state]\npth = 'x'", "zsync.toml:15: state.pth: there is no such key | did you mean `path`?"),
    ],
)
def test_a_mistake_further_in_is_named_as_well(tmp_path: Path, added: str, expected: str) -> None:
    assert expected in problem(tmp_path, GOOD + added)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("tag =", "tga =").replace('"eu"', '"europe"')

    with pytest.raises(ConfigProblems, match="and 2 more") as caught:
        load(written(tmp_path, text), {})

    assert [each.line for each in caught.value.problems] == [1, 3, 10]


def test_no_complaint_repeats_a_value(tmp_path: Path) -> None:
    for wrong in ('client_secret = ["very secret"]', 'client_secret = { evn = "very secret" }', 'client_secrt = "very secret"'):
        said = problem(tmp_path, GOOD.replace('client_secret = "very secret"', wrong))
        assert "very" not in said


def test_a_file_that_is_not_utf8_says_which_line(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(GOOD.encode().replace(b'"hotel"', b'"h\xf4tel"'))

    with pytest.raises(ConfigProblems, match=r"zsync\.toml:3: this line is not UTF-8"):
        load(path, {})


# --- secrets --------------------------------------------------------------------------------------------------------------


def secret(folder: Path, given: str, environ: Mapping[str, str]) -> str:
    config: Any = load(written(folder, GOOD.replace('{ env = "KEY" }', given)), environ)
    return str(config.source.api_key.reveal())


def test_a_secret_may_be_text_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from file\n", "utf-8")
    (tmp_path / "key.txt").chmod(0o600)

    assert secret(tmp_path, '"plain"', {}) == "plain"
    assert secret(tmp_path, '{ env = "KEY" }', {"KEY": "from env"}) == "from env"
    assert secret(tmp_path, '{ file = "key.txt" }', {}) == "from file"


def test_a_secret_is_looked_up_only_when_it_is_used(tmp_path: Path) -> None:
    load(written(tmp_path), {})  # KEY is not set, and nobody has asked for it

    with pytest.raises(ConfigError, match=r"zsync\.toml:5: source\.api_key: the environment variable `KEY` is not set"):
        secret(tmp_path, '{ env = "KEY" }', {})


def test_a_secret_file_that_is_missing_or_empty_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "empty").chmod(0o600)

    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        secret(tmp_path, '{ file = "nowhere" }', {})
    with pytest.raises(ConfigError, match="is empty"):
        secret(tmp_path, '{ file = "empty" }', {})


def a_keyring(monkeypatch: pytest.MonkeyPatch, entries: Mapping[tuple[str, str], str]) -> None:
    keyring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(keyring)["get_password"] = lambda service, name: entries.get((service, name))
    vars(errors)["KeyringError"] = type("KeyringError", (Exception,), {})
    monkeypatch.setitem(__import__("sys").modules, "keyring", keyring)
    monkeypatch.setitem(__import__("sys").modules, "keyring.errors", errors)


def test_a_secret_may_stand_in_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_keyring(monkeypatch, {("zsync", "hotel"): "from keyring"})

    assert secret(tmp_path, '{ keyring = "zsync/hotel" }', {}) == "from keyring"
    with pytest.raises(ConfigError, match="the keyring has no `zsync/other`"):
        secret(tmp_path, '{ keyring = "zsync/other" }', {})
    with pytest.raises(ConfigError, match="is no keyring entry"):
        secret(tmp_path, '{ keyring = "zsync" }', {})


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)

    with pytest.raises(ConfigError, match="not installed") as caught:
        secret(tmp_path, '{ keyring = "zsync/hotel" }', {})
    assert "zsync[keyring]" in caught.value.hint


def test_a_literal_secret_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    assert load(written(tmp_path, mode=0o600), {}).warnings == ()
    (warning,) = load(written(tmp_path, mode=0o644), {}).warnings
    assert (warning.line, warning.key) == (13, "target.client_secret")
    assert "chmod 600" in warning.hint
    open_to_all = written(tmp_path, GOOD.replace('"very secret"', '{ env = "S" }'), mode=0o644)
    assert load(open_to_all, {}).warnings == ()


# --- what is in force -------------------------------------------------------------------------------------------------------


def test_secrets_are_masked_wherever_settings_are_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path), {"KEY": "abc"})

    text = f"{shown(config)} {list(shown_lines(config))} {config!r}"
    assert "very secret" not in text
    assert "abc" not in text
    assert shown(config)["target"]["client_secret"] == "****"


def test_shown_lines_fill_in_defaults(tmp_path: Path) -> None:
    lines = dict(shown_lines(load(written(tmp_path), {})))

    assert lines["target.limits.calls_per_day"] == "1000"
    assert lines["entities.invoices.final"] == "sent"
    assert lines["entities.orders.as"] == "salesorder"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("very secret", "another"), True),
        (("hotel.example.com", "new.example.com"), True),
        (('"1000.ABC"', '"1000.XYZ"'), True),
        (("2026-01-01", "2026-02-01"), False),
        (("[target]\n", "[entities.customers]\nauto_create = false\n[target]\n"), False),
        (("[target]\n", "[target.taxes]\n'9' = 'VAT'\n[target]\n"), False),
        (("[target]\n", "[target.limits]\ncalls_per_day = 2\n[target]\n"), True),
    ],
)
def test_the_fingerprint_changes_with_what_changes_plans(tmp_path: Path, change: tuple[str, str], same: bool) -> None:
    before = load(written(tmp_path), {}).fingerprint
    after = load(written(tmp_path, GOOD.replace(*change)), {}).fingerprint

    assert (before == after) is same


# --- the example files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zsync.toml.example", "examples/hotel-books.toml", "examples/several-taxes.toml"])
def test_the_example_files_are_well_formed(tmp_path: Path, name: str) -> None:
    config = load(written(tmp_path, (ROOT / name).read_text("utf-8")), {"QLOAPPS_API_KEY": "k", "ZOHO_CLIENT_SECRET": "s"})

    assert config.warnings == ()
    assert config.source_plugin.name == "qloapps"


def keys_of(model: type[BaseModel], table: str) -> Iterator[tuple[str, str]]:
    """(table, key) of every setting that a person may write."""
    for name, field in model.model_fields.items():
        key, annotation = field.alias or name, field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from keys_of(annotation, f"{table}.{key}")
        elif isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation) or object, Mapping):
            yield f"{table}.{key}", ""
            inner = get_args(annotation)[1]
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from ((f"{table}.{key}", each) for _, each in keys_of(inner, ""))
        else:
            yield table, key


def test_the_example_shows_every_key() -> None:
    text = (ROOT / "zsync.toml.example").read_text("utf-8")
    tables = {match[1]: match[2] for match in re.finditer(r"^\[([a-z_.]+)\](.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)}
    source, target = plugins.source("qloapps"), plugins.target("zoho-books")
    wanted = [
        *keys_of(source.settings, "source"),
        *keys_of(target.settings, "target"),
        *keys_of(target.entities(source.reads), "entities"),
        *keys_of(StateSettings, "state"),
    ]

    missing = [
        f"[{table}] {key}"
        for table, key in wanted
        if table not in tables or (key and not re.search(rf"(^|[{{,#])\s*{key}\s*=", tables[table], re.MULTILINE))
    ]
    assert missing == []


def test_the_defaults_in_the_example_are_the_defaults(tmp_path: Path) -> None:
    small = dict(shown_lines(load(written(tmp_path, (ROOT / "examples/hotel-books.toml").read_text("utf-8")), {})))
    whole = dict(shown_lines(load(written(tmp_path, (ROOT / "zsync.toml.example").read_text("utf-8")), {})))

    assert {key: value for key, value in whole.items() if small.get(key) != value} == {}
