"""The source as the engine and the command line see it: single records, keys, checks, settings, the plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from werkzeug import Request, Response

from qloapps import small
from qloapps.front import URL, StillClock, read, small_hotel, source, transport
from zsync.errors import ConfigError, ContractBroken, RecordError, SuspiciousChange
from zsync.model.key import Key
from zsync.model.record import Gone, Record, Unreadable
from zsync.net.secret import Secret
from zsync.sandbox.hotel import Hotel
from zsync.sources.qloapps import plugin
from zsync.sources.qloapps.settings import QloAppsSettings
from zsync.sources.qloapps.tables import NEEDED

KEY = "A" * 32


@pytest.fixture
def clock() -> StillClock:
    return StillClock(datetime(2026, 3, 10, 8, 0, tzinfo=UTC))


@pytest.fixture
def hotel(clock: StillClock) -> Hotel:
    return small_hotel(clock)


@pytest.mark.parametrize(
    ("asked", "scope"),
    [
        ("hotel:customer:8", "hotel:customer:8"),
        ("hotel:customer:8/USD", "hotel:customer:8"),
        ("hotel:currency:USD", "hotel:currency:USD"),
        ("hotel:hotel:1", "hotel:hotel:1"),
        ("hotel:room_type:2", "hotel:room_type:2"),
        ("hotel:service:3", "hotel:service:3"),
        ("hotel:booking:AAAAAAAAA", "hotel:booking:AAAAAAAAA"),
        ("hotel:order:4", "hotel:booking:AAAAAAAAA"),
        ("hotel:invoice:1", "hotel:booking:AAAAAAAAA"),
        ("hotel:payment:1", "hotel:booking:AAAAAAAAA"),
        ("hotel:payment:1/4", "hotel:booking:AAAAAAAAA"),
        ("hotel:slip:1", "hotel:booking:AAAAAAAAA"),
    ],
)
def test_any_documents_key_leads_to_the_record_of_its_scope(hotel: Hotel, clock: StillClock, asked: str, scope: str) -> None:
    hotel.tables["order_slip"].append(small.slip(1, 1, 1, "55.000000", "50.000000"))
    found = source(hotel, clock).get(Key.parse(asked))
    assert isinstance(found, Record)
    assert found.key == scope


def test_one_record_is_the_same_as_in_its_stream(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    for stream in of.streams:
        for record in read(of, stream)[0]:
            again = of.get(record.key)
            assert isinstance(record, Record)
            assert isinstance(again, Record)
            assert again.revision == record.revision


@pytest.mark.parametrize(
    "asked",
    [
        "hotel:currency:JPY",
        "hotel:hotel:99",
        "hotel:customer:99",
        "hotel:room_type:99",
        "hotel:service:99",
        "hotel:order:99",
        "hotel:invoice:99",
        "hotel:payment:99",
        "hotel:slip:99",
        "hotel:booking:ZZZZZZZZZ",
    ],
)
def test_what_does_not_exist_is_gone(hotel: Hotel, clock: StillClock, asked: str) -> None:
    assert source(hotel, clock).get(Key.parse(asked)) == Gone()


@pytest.mark.parametrize(("asked", "table"), [("hotel:customer:8", "customers"), ("hotel:order:1", "orders")])
def test_an_empty_list_is_no_evidence_that_a_record_is_gone(hotel: Hotel, clock: StillClock, asked: str, table: str) -> None:
    hotel.behave("empty_list", resource=table, times=2)  # asked twice
    with pytest.raises(ContractBroken, match="leaves it out of its list"):
        source(hotel, clock).get(Key.parse(asked))


def test_a_currency_is_not_gone_because_a_list_lacks_it(clock: StillClock) -> None:
    class Torn(Hotel):
        def handle(self, request: Request) -> Response:
            answer = super().handle(request)
            if request.path == "/api/currencies" and "display" in request.args:
                body = json.loads(answer.get_data())
                answer.set_data(json.dumps({"currencies": body["currencies"][:1]}))
            return answer

    torn = Torn(small.tables(), clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    with pytest.raises(SuspiciousChange, match="currencies"):
        source(torn, clock).get(Key.parse("hotel:currency:USD"))


def test_a_booking_is_not_gone_while_all_orders_read_as_none(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("empty_list", resource="orders")
    with pytest.raises(SuspiciousChange, match="orders"):
        source(hotel, clock).get(Key.parse("hotel:booking:AAAAAAAAA"))


@pytest.mark.parametrize("asked", ["hotel:item:DEMAND", "hotel:customer:eight", "hotel:booking:A|B"])
def test_a_key_that_is_none_of_the_hotels_is_refused(hotel: Hotel, clock: StillClock, asked: str) -> None:
    with pytest.raises(RecordError):
        source(hotel, clock).get(Key.parse(asked))


def test_a_record_that_makes_no_sense_says_which_field(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["orders"][1]["date_add"] = "yesterday"
    found = source(hotel, clock).get(Key.parse("hotel:order:2"))
    assert isinstance(found, Unreadable)
    assert "`date_add` is no date" in found.error.message
    assert (found.key, found.source_id) == ("hotel:booking:BBBBBBBBB", "2")


@pytest.mark.parametrize(
    ("entity", "id", "key"),
    [
        ("customers", "8", "hotel:customer:8"),
        ("orders", " 041", "hotel:order:41"),
        ("orders", "YQWLUONEF / 41", "hotel:order:41"),
        ("invoices", "2", "hotel:invoice:2"),
        ("payments", "13", "hotel:payment:13"),
        ("credit_notes", "3", "hotel:slip:3"),
        ("room_types", "5", "hotel:room_type:5"),
        ("service_products", "6", "hotel:service:6"),
        ("hotels", "1", "hotel:hotel:1"),
        ("currencies", " usd ", "hotel:currency:USD"),
    ],
)
def test_ids_that_people_use_become_keys(hotel: Hotel, clock: StillClock, entity: str, id: str, key: str) -> None:
    of = source(hotel, clock)
    assert of.key_of(entity, id) == key
    assert of.stream_of(entity) in of.streams


@pytest.mark.parametrize(
    ("entity", "id"),
    [("orders", "QLO-41"), ("orders", ""), ("orders", "²"), ("orders", "9" * 30), ("cats", "1"), ("currencies", "2")],
)
def test_what_cannot_be_an_id_is_refused(hotel: Hotel, clock: StillClock, entity: str, id: str) -> None:
    with pytest.raises(ConfigError):
        source(hotel, clock).key_of(entity, id)


# --- checks -----------------------------------------------------------------------------------------------------------------


def test_a_hotel_in_order_has_no_finding_against_it(hotel: Hotel, clock: StillClock) -> None:
    findings = list(source(hotel, clock).check())
    assert all(finding.ok for finding in findings)
    assert "time zone Europe/Vienna, default currency EUR, language en" in [finding.message for finding in findings]


def test_each_missing_permission_is_named(hotel: Hotel, clock: StillClock) -> None:
    hotel.allow(KEY, *(set(NEEDED) - {"order_slip", "tax_rules"}))
    findings = [finding for finding in source(hotel, clock, key=KEY).check() if not finding.ok]
    assert [finding.message for finding in findings] == ["may not read `tax_rules`", "may not read `order_slip`"]
    assert all("GET on" in finding.hint for finding in findings)


@pytest.mark.parametrize(
    ("key", "words"), [("B" * 32, "does not know the webservice key"), ("short", "not 32 characters"), (KEY, "not active")]
)
def test_a_key_that_does_not_open_is_a_finding(hotel: Hotel, clock: StillClock, key: str, words: str) -> None:
    hotel.allow(KEY, active=False)
    (finding,) = source(hotel, clock, key=key).check()
    assert not finding.ok
    assert words in finding.message
    assert key not in finding.message + finding.hint


def test_a_wrong_host_is_a_finding(clock: StillClock) -> None:
    (finding,) = source(small_hotel(clock, domain="hotel.example.com"), clock).check()
    assert "`http://hotel.example.com`" in finding.message


def test_an_unknown_time_zone_is_a_finding(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["configurations"][1]["value"] = "Moon/Crater"
    assert "time zone `Moon/Crater` is not known" in next(f.message for f in source(hotel, clock).check() if not f.ok)


def test_clocks_apart_are_a_finding(clock: StillClock) -> None:
    ahead = small_hotel(clock)
    ahead.clock = lambda: (clock.moment + timedelta(minutes=20)).timestamp()
    (finding,) = [finding for finding in source(ahead, clock).check() if not finding.ok]
    assert "1200 seconds apart" in finding.message


# --- settings and plugin ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tag": "Hotel"}, "1 to 12 of a-z"),
        ({"tag": "a-name-that-is-long"}, "1 to 12 of a-z"),
        ({"url": "hotel.example.com"}, "give the shop's address"),
        ({"url": "https://key@hotel.example.com"}, "without a user name"),
        ({"url": "https://hotel.example.com/?ws_key=1"}, "without a user name, a query"),
        ({"page_size": 5000}, "less than or equal to 1000"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"start_date": "soon"}, "start_date"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(given: dict[str, object], words: str) -> None:
    good: dict[str, object] = {"tag": "hotel", "url": "https://hotel.example.com", "api_key": "K" * 32}
    with pytest.raises(ValidationError, match=words):
        QloAppsSettings.model_validate({**good, **given})


@pytest.mark.parametrize(
    "given", ["https://hotel.example.com/", "https://hotel.example.com/api", "https://hotel.example.com/api/"]
)
def test_the_address_may_be_given_with_or_without_its_end(given: str) -> None:
    settings = QloAppsSettings.model_validate({"tag": "hotel", "url": given, "api_key": "K" * 32})
    assert settings.url == "https://hotel.example.com"
    assert "K" * 32 not in repr(settings)


def test_the_key_goes_out_encrypted_or_not_at_all() -> None:
    settings = QloAppsSettings.model_validate({"tag": "hotel", "url": "http://hotel.example.com", "api_key": "K" * 32})
    with pytest.raises(ConfigError, match="https"):
        plugin.build(settings, clock=StillClock())


def test_loading_the_plugin_and_its_settings_imports_no_network() -> None:
    code = "import sys, zsync.sources.qloapps as q; q.plugin.settings; print('httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_building_sends_nothing(hotel: Hotel, clock: StillClock) -> None:
    settings = QloAppsSettings(tag="hotel", url=URL, api_key=Secret.of(KEY))
    of = plugin.build(settings, clock=clock, transport=transport(hotel))
    assert (of.name, of.tag, of.calls, hotel.asked) == ("qloapps", "hotel", 0, [])
    of.close()
