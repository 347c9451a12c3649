"""Secrets of the configuration: looked up when used, masked when shown."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ValidationError

from zsync.errors import ConfigError
from zsync.net.secret import Secret


class Settings(BaseModel):
    api_key: Secret


def test_a_secret_reveals_itself_only_when_asked() -> None:
    secret = Secret.of("SECRET")
    assert secret.reveal() == "SECRET"
    assert "SECRET" not in f"{secret} {secret!r} {[secret]}"


def test_a_deferred_secret_is_looked_up_each_time_it_is_used() -> None:
    kept = iter(["first", "second"])
    secret = Secret.deferred("env HOTEL_KEY", lambda: next(kept))
    assert "env HOTEL_KEY" in repr(secret)
    assert (secret.reveal(), secret.reveal()) == ("first", "second")


def test_a_secret_that_is_not_there_is_a_mistake_in_the_configuration_when_it_is_used() -> None:
    def missing() -> str:
        raise ConfigError("the variable `HOTEL_KEY` is not set")

    secret = Secret.deferred("env HOTEL_KEY", missing)
    with pytest.raises(ConfigError, match="HOTEL_KEY"):
        secret.reveal()


def test_secrets_are_equal_by_text_or_by_place_without_looking_anything_up() -> None:
    def never() -> str:
        raise AssertionError("looked up")

    assert Secret.of("a") == Secret.of("a")
    assert Secret.of("a") != Secret.of("b")
    assert Secret.deferred("env A", never) == Secret.deferred("env A", never)
    assert Secret.deferred("env A", never) != Secret.deferred("env B", never)
    assert Secret.of("a") != "a"
    assert len({Secret.of("a"), Secret.of("a"), Secret.deferred("env A", never)}) == 2


def test_settings_take_a_text_or_a_secret_and_show_neither() -> None:
    deferred = Secret.deferred("env A", lambda: "SECRET")
    plain, kept = Settings.model_validate({"api_key": "SECRET"}), Settings.model_validate({"api_key": deferred})
    assert plain.api_key.reveal() == "SECRET"
    assert kept.api_key is deferred
    for settings in (plain, kept):
        assert "SECRET" not in repr(settings) + settings.model_dump_json() + str(settings.model_dump())


@pytest.mark.parametrize("value", ["", None, 5, {"env": "A"}])
def test_settings_refuse_what_is_no_secret_without_repeating_it(value: object) -> None:
    with pytest.raises(ValidationError, match="give text"):
        Settings.model_validate({"api_key": value})


def test_the_schema_for_editors_knows_the_field() -> None:
    assert "api_key" in json.dumps(Settings.model_json_schema())
