"""QuickBooks into Creator on the command line: sign in on both sides, check the maps, run, look at a record, play the demo."""

from __future__ import annotations

import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from cli.conftest import Said
from cli.test_auth import a_free_port, led_to
from leaks import STREAMS
from zsync.cli import main
from zsync.cli.scene import firm_configuration, firm_scene
from zsync.sandbox import CREATOR_ACCESS, Sandbox
from zsync.sandbox.serve import Server


@dataclass
class Office:
    """An integrator at a terminal, in a folder with a zsync.toml."""

    folder: Path
    sandbox: Sandbox
    url: str
    capsys: pytest.CaptureFixture[str]

    def configure(self, changes: Mapping[str, Any] | None = None) -> list[str]:
        """Write zsync.toml with `changes` to its tables, one level down; its lines."""
        tables = firm_configuration(self.sandbox, self.url, state="firm.db")
        for table, content in (changes or {}).items():
            tables[table] = {**tables[table], **content}
        path = self.folder / "zsync.toml"
        path.write_bytes(tomli_w.dumps(tables).encode())
        path.chmod(0o600)
        return path.read_text("utf-8").splitlines()

    def zsync(self, *arguments: str) -> Said:
        self.capsys.readouterr()
        code = main(list(arguments))
        captured = self.capsys.readouterr()
        STREAMS.take(arguments, captured.out, captured.err)
        return Said(code, captured.out, captured.err)

    def sign_in(self) -> None:
        code = self.sandbox.accounts.grant_code([CREATOR_ACCESS, *self.zsync("auth", "scopes").out.strip().split(",")])
        assert self.zsync("auth", "zoho", "--code", code).code == 0
        self.configure({"source": {"realm_id": self.sandbox.quickbooks.company.realm_id}})
        assert self.zsync("auth", "quickbooks", "--code", self.sandbox.quickbooks.intuit.grant_code()).code == 0
        self.configure()

    def loaded(self) -> None:
        self.sign_in()
        assert self.zsync("init").code == 0
        assert self.zsync("run").code == 0


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], noon: None) -> Iterator[Office]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZSYNC_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr("zsync.cli.timing.SystemClock.sleep", lambda _self, _seconds: None)
    sandbox = firm_scene(limited=False)
    before = os.umask(0o022)
    try:
        with Server(sandbox) as server:
            made = Office(tmp_path, sandbox, server.url, capsys)
            made.configure()
            yield made
    finally:
        os.umask(before)


# --- signing in -------------------------------------------------------------------------------------------------------------


def test_each_side_is_signed_in_to_by_its_name(office: Office) -> None:
    said = office.zsync("auth", "status")
    assert (said.code, "nobody is signed in to zoho" in said.err) == (4, True)
    office.sign_in()
    said = office.zsync("auth", "status")
    assert said.code == 0
    assert "company 4620816365" in said.out
    assert said.out.count("the connection ends on") == 2
    for name in ("firm.db.tokens", "firm.db.source-tokens"):
        assert (office.folder / name).stat().st_mode & 0o777 == 0o600


def test_the_browser_comes_back_to_localhost_with_the_company(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.configure({"source": {"redirect_port": a_free_port()}})
    browsers: list[threading.Thread] = []

    def browse(address: str) -> bool:
        def go() -> None:
            with urllib.request.urlopen(led_to(address), timeout=20) as page:
                page.read()

        browsers.append(threading.Thread(target=go))
        browsers[0].start()
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    said = office.zsync("auth", "quickbooks")
    browsers[0].join()
    assert said.code == 0, said.err
    assert "signed in at the company 4620816365" in said.out


def test_production_keys_wait_for_the_pasted_address(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.configure({"source": {"environment": "production"}})
    read, write = os.pipe()
    stdin = os.fdopen(read)
    monkeypatch.setattr("sys.stdin", stdin)
    told: list[str] = []

    def paste() -> None:
        address = next(line for line in iter(lambda: told[0] if told else "", None) if line)
        os.write(write, (led_to(address) + "\n").encode())
        os.close(write)

    from zsync.sources.quickbooks.oauth import Intuit

    invite = Intuit.invitation

    def invitation(self: Intuit) -> tuple[str, str]:
        address, state = invite(self)
        told.append(address)
        return address, state

    monkeypatch.setattr(Intuit, "invitation", invitation)
    person = threading.Thread(target=paste)
    person.start()
    said = office.zsync("auth", "quickbooks")
    person.join()
    stdin.close()
    assert said.code == 0, said.err
    assert "paste that address here" in said.out
    assert "signed in at the company" in said.out


def test_a_refused_consent_is_said(office: Office) -> None:
    office.sandbox.quickbooks.intuit.auto_consent = False
    office.configure({"source": {"redirect_port": a_free_port()}})
    said = office.zsync("auth", "qloapps")
    assert said.code == 2
    assert "no such command" in said.err.lower()


def test_revoking_one_side_leaves_the_other(office: Office) -> None:
    office.sign_in()
    assert office.zsync("auth", "revoke", "quickbooks").code == 0
    assert office.sandbox.quickbooks.intuit.living() == 0
    said = office.zsync("run")
    assert "nobody is signed in to quickbooks" in office.zsync("auth", "status").err
    assert said.code in (2, 4)
    assert office.zsync("auth", "revoke").code == 0
    assert office.sandbox.accounts.live_refresh_tokens() == 0


# --- maps -------------------------------------------------------------------------------------------------------------------


def entity(office: Office, name: str, **changes: Any) -> list[str]:
    """Change one entity; the lines of the file."""
    made = firm_configuration(office.sandbox, office.url)["entities"]
    made[name] = {**made[name], **changes}
    return office.configure({"entities": made})


def mapped(office: Office, name: str, **fields: Any) -> list[str]:
    made = firm_configuration(office.sandbox, office.url)["entities"]
    return entity(office, name, map={**made[name]["map"], **fields})


MISTAKES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("customers", {"Phone": "PrimaryPhone.FreeFormNumber"}, "the form Customers has no field `Phone`", "its fields:"),
    (
        "customers",
        {"Email": "PrimaryEmailAddr.Adress"},
        "has `PrimaryEmailAddr.Adress`",
        "did you mean `PrimaryEmailAddr.Address`?",
    ),
    ("customers", {"Balance": "DisplayName"}, "a number is wanted", "correct entities.customers.map.Balance"),
    ("customers", {"Since": "DisplayName"}, "a date is wanted", ""),
    ("customers", {"Active": "DisplayName"}, "yes or no is wanted", "a table can translate it"),
    ("items", {"Item_Name": {"template": "{{ Name }}" + "x" * 260}}, "it takes 255 characters", "cut = 255"),
    (
        "items",
        {"Kind": {"from": "Type", "table": {"Service": "Servce"}}},
        "no choice `Servce`",
        "its choices:",
    ),
    ("items", {"Kind": "Name"}, "none of its choices", "translate it by a table"),
    ("items", {"Price": {"from": "UnitPrice", "table": {"0": "1"}}}, "has a value that its table does not", "give a default"),
    ("invoices", {"Customer": "CustomerRef.value"}, "takes IDs of its rows only", 'lookup = "NAME"'),
    (
        "invoices",
        {"Customer": {"from": "CustomerRef.value", "lookup": "items"}},
        "looks up the form Customers",
        "name the entity",
    ),
    ("invoices", {"Total": {"from": "TotalAmt", "lookup": "customers"}}, "the field is no lookup", "leave `lookup` out"),
)


@pytest.mark.parametrize(("name", "fields", "message", "hint"), MISTAKES)
def test_each_mistake_of_a_map_is_found_before_a_run_and_named(
    office: Office, name: str, fields: dict[str, Any], message: str, hint: str
) -> None:
    office.sign_in()
    lines = mapped(office, name, **fields)
    said = office.zsync("config", "check", "--online")
    assert said.code == 3
    (field,) = fields
    found = [line for line in said.out.splitlines() if message in line]
    assert found, said.out
    place = found[0].partition("zsync.toml:")[2]
    number = int(place.partition(":")[0])
    assert f"entities.{name}.map.{field}" in found[0]
    assert field in lines[number - 1]
    assert hint in said.out
    assert not office.sandbox.ledger.writes("creator")


def test_a_mandatory_field_that_nothing_fills_is_found(office: Office) -> None:
    office.sign_in()
    made = firm_configuration(office.sandbox, office.url)["entities"]
    entity(office, "customers", map={k: v for k, v in made["customers"]["map"].items() if k != "Display_Name"})
    said = office.zsync("config", "check", "--online")
    assert "the form asks for `Display_Name` (single line), and the map does not fill it" in said.out


def test_good_maps_are_said_to_be_good(office: Office) -> None:
    office.sign_in()
    said = office.zsync("config", "check", "--online")
    assert said.code == 0, said.out
    assert said.out.count("each field takes its value") == 5


def test_a_key_field_that_is_not_unique_is_a_configuration_error(office: Office) -> None:
    office.sign_in()
    made = firm_configuration(office.sandbox, office.url)["entities"]
    entity(office, "customers", key="Display_Name", map=made["customers"]["map"])
    said = office.zsync("init")
    assert said.code == 2
    assert "is not unique" in said.err
    assert "No duplicate values" in said.err


BROKEN: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"object": "Customer", "report": "ProfitAndLoss"}, "entities.customers", "give either object"),
    ({"key": "Other"}, "entities.customers", "the key field `Other` must be in the map"),
    (
        {"write": "replace", "gone": {"field": "Active", "value": False}},
        "entities.customers",
        "deletes rows that change, so `gone` cannot mark them",
    ),
    ({"form": "No Form"}, "entities.customers.form", "should match pattern"),
    ({"where": {"Active": {"like": "x"}}}, "entities.customers", "`like` is no comparison"),
    ({"gone": "keep"}, "entities.customers.gone", ""),
    ({"wrte": "update"}, "entities.customers.wrte", "there is no such key"),
    ({"map": {"QB_Id": "Id", "Display_Name": "Display Name"}}, "entities.customers.map.Display_Name.from", "give a path"),
    ({"map": {"QB_Id": "Id", "Display_Name": "{{ Name"}}, "entities.customers.map.Display_Name.template", "is not understood"),
    ({"map": {"QB_Id": "Id", "Display_Name": {"from": "A", "value": "B"}}}, "entities.customers.map.Display_Name", "one of"),
    ({"map": {"QB_Id": "Id", "Display_Name": {"from": "A", "as": "monney"}}}, "entities.customers.map.Display_Name.as", ""),
    ({"map": {"QB_Id": "Id", "Balance": {"value": 0.5}}}, "entities.customers.map.Balance.value", "numbers are exact"),
    ({"map": {"QB_Id": "Id", "Customer": {"from": "A", "lookup": "clients"}}}, "entities", "there is no entity `clients`"),
)


@pytest.mark.parametrize(("changes", "key", "words"), BROKEN)
def test_what_is_wrong_with_an_entity_is_named_with_its_line(
    office: Office, changes: dict[str, Any], key: str, words: str
) -> None:
    lines = entity(office, "customers", **changes)
    said = office.zsync("config", "check")
    assert said.code == 2
    found = [line for line in said.err.splitlines() if f": {key}" in line and words in line]
    assert found, said.err
    number = int(found[0].partition("zsync.toml:")[2].partition(":")[0])
    assert lines[number - 1].strip()


def test_scaffold_writes_a_map_that_runs(office: Office) -> None:
    """What it writes for the key and the fields that it recognises is a configuration, and it works."""
    office.sign_in()
    said = office.zsync("config", "scaffold", "items", "--object", "Item", "--form", "Items")
    assert said.code == 0, said.err
    assert 'QB_Id = "Id"  # single line, mandatory, up to 255 characters' in said.out
    assert "one of: Service, Inventory" in said.out
    base = firm_configuration(office.sandbox, office.url, state="other.db")
    del base["entities"]
    path = office.folder / "other.toml"
    text = said.out.replace('# Item_Name = ""', 'Item_Name = "Name"')
    path.write_text(tomli_w.dumps(base) + "\n" + text, "utf-8")
    path.chmod(0o600)
    for name in ("tokens", "source-tokens"):
        (office.folder / f"other.db.{name}").write_bytes((office.folder / f"firm.db.{name}").read_bytes())
        (office.folder / f"other.db.{name}").chmod(0o600)
    assert office.zsync("init", "--config", "other.toml").code == 0
    said = office.zsync("run", "--config", "other.toml")
    assert said.code == 0, said.err
    assert len(office.sandbox.creator.application.rows("Items")) == 8


def test_scaffold_of_a_report_knows_its_key(office: Office) -> None:
    office.sign_in()
    said = office.zsync("config", "scaffold", "pnl", "--report", "ProfitAndLoss", "--form", "PnL")
    assert 'Row_Key = "key"' in said.out
    said = office.zsync("config", "scaffold", "x", "--object", "Customer", "--report", "ProfitAndLoss", "--form", "PnL")
    assert (said.code, "either object" in said.err) == (2, True)


def test_a_configuration_without_entities_says_how_to_begin(office: Office) -> None:
    office.sign_in()
    office.configure({"entities": {}})
    path = office.folder / "zsync.toml"
    base = firm_configuration(office.sandbox, office.url, state="firm.db")
    base["entities"] = {}
    path.write_bytes(tomli_w.dumps(base).encode())
    said = office.zsync("init")
    assert (said.code, "zsync config scaffold" in said.err) == (2, True)


# --- running and looking ------------------------------------------------------------------------------------------------------


def test_a_record_is_shown_field_by_field_on_both_sides(office: Office) -> None:
    office.loaded()
    said = office.zsync("show", "invoices", "3")
    assert said.code == 0
    row = next(line for line in said.out.splitlines() if line.startswith("Total"))
    assert row.split() == ["Total", "TotalAmt", "1742.6", "1742.6", "1742.60"]
    story = office.zsync("show", "invoices", "3", "--json").json
    assert {each["field"] for each in story["fields"]} >= {"QB_Id", "Customer", "Status"}
    assert story["target_url"].startswith(f"{office.url}/app/acme/finance/#Report:All_Invoices?ID=")


def test_one_record_can_be_synced_by_its_id_with_what_it_refers_to(office: Office) -> None:
    office.sign_in()
    assert office.zsync("init").code == 0
    said = office.zsync("sync", "invoices", "3")
    assert said.code == 0, said.err
    app = office.sandbox.creator.application
    assert (len(app.rows("Invoices")), len(app.rows("Customers"))) == (1, 1)


def test_only_one_entity_can_be_run(office: Office) -> None:
    office.sign_in()
    assert office.zsync("init").code == 0
    assert office.zsync("run", "--entity", "pnl").code == 0
    app = office.sandbox.creator.application
    assert (len(app.rows("PnL")) > 100, len(app.rows("Customers"))) == (True, 0)


def test_an_unknown_entity_lists_those_of_the_configuration(office: Office) -> None:
    office.loaded()
    said = office.zsync("status", "customer")
    assert said.code == 2
    assert "did you mean `customers`?" in said.err
    assert "invoice_lines" in said.err


def test_the_row_s_link_leads_to_the_page_of_its_report(office: Office) -> None:
    office.loaded()
    with urllib.request.urlopen(f"{office.url}/app/acme/finance/All_Customers", timeout=20) as page:
        text = page.read().decode()
    assert "Amy&#x27;s Bird Sanctuary" in text
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{office.url}/app/acme/finance/No_Report", timeout=20)


def test_the_demo_of_the_firm_ends_well_and_its_second_run_is_quiet(office: Office) -> None:
    said = office.zsync("demo", "--scene", "quickbooks")
    assert said.code == 0, said.err
    assert re.search(r"3\d\d rows written with 5 calls to Creator", said.out)
    assert "0 calls to Creator, 3 to QuickBooks" in said.out
    assert said.out.count("equal") == 5
    assert "DIFFERENT" not in said.out


# --- a script for Creator's own schedule --------------------------------------------------------------------------------------


def test_a_deluge_function_is_written_from_the_map(office: Office) -> None:
    office.sign_in()
    said = office.zsync("export", "deluge", "items", "--write", "items.dg", "--mail", "ops@example.com")
    assert said.code == 0, said.err
    text = (office.folder / "items.dg").read_text("utf-8")
    assert 'realm = "4620816365";' in text  # the company that the sign-in named
    assert "insert into Items" in text
    assert 'to: "ops@example.com"' in text
    assert office.zsync("export", "deluge", "items", "--write", "items.dg").code == 2
    for secret in (office.sandbox.quickbooks.intuit.client_secret, office.sandbox.accounts.client.client_secret):
        assert secret not in text


def test_what_cannot_be_a_script_says_why_and_what_to_leave_out(office: Office) -> None:
    office.sign_in()
    said = office.zsync("export", "deluge", "customers")
    assert said.code == 2
    assert "entities.customers.map.Contact" in said.err
    assert "--without Contact" in said.err
    assert office.zsync("export", "deluge", "customers", "--without", "Contact", "--without", "Address").code == 0
    assert "loop in a loop" in office.zsync("export", "deluge", "invoice_lines").err
    assert "no recursion" in office.zsync("export", "deluge", "pnl").err
