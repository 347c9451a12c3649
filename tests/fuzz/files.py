"""Files of zsync's own that a disk, an editor or another program has spoilt: zsync.toml, the tokens, the state; and pasted text.

Each `..._case(folder, rng)` makes one spoilt thing and takes it as the program does; it returns or raises what that does.
"""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from fuzz.mutate import ALL, mutated
from zsync.config import load
from zsync.net.callback import parse_redirect
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.state.status import Status
from zsync.state.store import Store

GOOD = """\
[source]
type = "qloapps"
tag = "hotel"
url = "https://hotel.example.com"
api_key = "K"
start_date = 2026-01-01

[target]
type = "zoho-books"
data_center = "eu"
organization_id = "20061234567"
client_id = "1000.ABC"
client_secret = { env = "ZOHO_CLIENT_SECRET" }

[target.limits]
calls_per_minute = 80
reserve = "20%"
timeout = "60s"

[target.taxes]
"9" = "VAT 9%"

[state]
path = "hotel-books.db"

[entities.customers]
auto_create = true

[entities.customers.map]
notes = "{{ company }}"
"""

TOML_VALUES = (
    *("-1", "0", "99999999999999999999", "1e400", "nan", "inf", "true", "[]", "{}", '""', '"\\u0000"', '"\\u202e"'),
    *("1979-05-27", "07:32:00", "0001-01-01", "9999-12-31T23:59:59-23:59", '"1e99999"', '"٣"', '["a"]', "{ a = { b = 1 } }"),
    *("{ env = 3 }", '{ env = "" }', '{ env = "A\\u0000B" }', '{ file = "\\u0000" }', '"{{ 9**9**9 }}"', '"' + "9" * 5000 + '"'),
    *("9" * 5000, "0x" + "f" * 5000, "[" * 5000 + "]" * 5000, '"' + "x" * 100_000 + '"', '"http://["', '"https://a:99999999"'),
)


def toml_text(rng: random.Random) -> bytes:
    """A configuration with one thing wrong."""
    text = GOOD.splitlines()
    settings = [number for number, line in enumerate(text) if " = " in line]
    match rng.randrange(6):
        case 0 | 1 | 2:
            at = rng.choice(settings)
            text[at] = text[at].partition(" = ")[0] + " = " + rng.choice(TOML_VALUES)
        case 3:
            del text[rng.randrange(len(text))]
        case 4:
            text.insert(rng.randrange(len(text)), rng.choice(text))
        case _:
            return mutated("\n".join(text).encode(), rng.choice(("cut off", "a bit flipped", "not utf-8", "empty")), rng)
    return "\n".join(text).encode()


def config_case(folder: Path, rng: random.Random) -> None:
    path = folder / "zsync.toml"
    path.write_bytes(toml_text(rng))
    found = load(path, {"ZOHO_CLIENT_SECRET": "s"})
    if found.state_path.parent == folder:
        Store.open(found.state_path, create=True).close()


def _tokens() -> Tokens:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    return Tokens("access", end, "refresh", ("a.b",), "https://accounts.example", "https://api.example", signed_in_at=end)


def token_case(folder: Path, rng: random.Random) -> None:
    path = folder / "tokens"
    store = FileTokenStore(path)
    store.save(_tokens())
    path.write_bytes(mutated(path.read_bytes(), rng.choice(ALL), rng))
    read = store.load()
    if read is not None:
        read.access.encode()  # it goes into a header
        read.refresh.encode()
        store.save(read)


def state_case(folder: Path, rng: random.Random) -> None:
    """The state is opened, asked for its standing and written to, as the commands do."""
    path = folder / f"state-{rng.randrange(10**9)}.db"
    store = Store.open(path, create=True)
    store.note("run_counter", "3")
    store.step()
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    side = path.with_name(path.name + ".run")
    whole = path.read_bytes()
    match rng.randrange(7):
        case 0:
            path.write_bytes(rng.randbytes(rng.randrange(20_000)))
        case 1:
            path.write_bytes(whole[: 4096 * rng.randrange(len(whole) // 4096)])
        case 2 | 3:
            spoilt = bytearray(whole)
            for _ in range(rng.choice((1, 8, 200))):
                spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
            path.write_bytes(spoilt)
        case 4:
            path.unlink()
            foreign = sqlite3.connect(path)
            foreign.executescript("CREATE TABLE other (a); PRAGMA user_version = " + str(rng.choice((0, 1, 2, 99, -1))))
            foreign.close()
        case _:
            side.write_bytes(mutated(side.read_bytes(), rng.choice(ALL), rng))
    opened = Store.open(path)
    try:
        opened.stepped_back()
        opened.moved_from()
        opened.step()
        Status(opened).standing()
    finally:
        opened.close()


REDIRECT = "http://127.0.0.1:8123/callback?code=c0de&state=st4te&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu"

PASTED: tuple[str, ...] = (
    "http://[",
    "//[::1",
    "http://[x]/?code=1&state=2",
    "?code=\ud800&state=\udcff",
    "?code=%00&state=%FF",
    "?error=%1b[31m",
)
PASTED += ("&" * 100_000, "?code=1&code=2&state=3", "\u2100//a?code=1&state=2", "http://a\u2100b/?code=1&state=2", "\x00", "")


def redirect_case(_folder: Path, rng: random.Random) -> None:
    """An address pasted into the sign-in."""
    text = rng.choice(PASTED)
    if rng.randrange(2):
        at = rng.randrange(len(REDIRECT))
        odd = rng.choice(("\x00", "\ud800", "\u202e", "[", "]", "%", "%ff", "&", "=", "//", "\r\n", "9" * 5000))
        text = REDIRECT[:at] + odd + REDIRECT[at + rng.randrange(3) :]
    sent_on(text)


def sent_on(text: str) -> None:
    """What is taken of an address can be sent on."""
    found = parse_redirect(text)
    for each in (found.code, found.state, found.location, found.accounts_server, found.realm):
        each.encode()
