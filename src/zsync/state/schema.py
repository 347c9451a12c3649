"""The tables, as an append-only list of migrations. A migration is never edited once released.

Every table is STRICT and times are UTC in ISO 8601 with microseconds, so that text sorts as time. Money is text, inside
bodies. `user_version` counts the migrations that ran; a migration and its count share a transaction.
"""

from __future__ import annotations

from typing import Final

M001_FOUNDATION: Final = """
-- Facts about the state itself: tag, realm, fingerprint, facts of the target (JSON), run counter, host, init time.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- What is read, planned and settled together: a customer, an item, a whole booking reference.
CREATE TABLE scopes (
    key         TEXT PRIMARY KEY,
    stream      TEXT NOT NULL,
    revision    TEXT NOT NULL,            -- digest of what was read; empty: read it again
    fingerprint TEXT NOT NULL,            -- of the settings it was planned with
    backfill    INTEGER NOT NULL CHECK (backfill IN (0, 1)),  -- first read by init: waits behind live business
    demanded    INTEGER NOT NULL DEFAULT 0 CHECK (demanded IN (0, 1)),  -- goes whatever the switches say
    again       INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)),     -- to be read with `get` and planned in the next run
    gone_in     INTEGER,                  -- the run in which `get` first said Gone
    day         TEXT                      -- newest accounting date in it
) STRICT;
CREATE INDEX scopes_again ON scopes (again) WHERE again = 1;

-- What the source has, as people know it: one row per document.
CREATE TABLE records (
    key       TEXT PRIMARY KEY,
    entity    TEXT NOT NULL,
    source_id TEXT NOT NULL,
    scope     TEXT NOT NULL,
    label     TEXT NOT NULL,
    day       TEXT,
    stand     TEXT NOT NULL CHECK (stand IN ('planned', 'failed', 'skipped', 'canceled', 'blocked', 'held')),
    reason    TEXT NOT NULL DEFAULT '',   -- why it is not planned
    on_key    TEXT,                       -- the record that it is blocked by
    error     TEXT,                       -- a complaint, JSON
    progress  TEXT,                       -- of orders: invoiced, paid, documents; JSON
    notes     TEXT,                       -- findings that do not stop it, JSON
    parent    TEXT,                       -- key of the customer of an order
    revision  TEXT NOT NULL DEFAULT '',   -- of its scope when it was read: a ruling holds as long as this does
    read_at   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX records_entity ON records (entity, source_id);
CREATE INDEX records_scope ON records (scope);

-- Display names at the target, each held by the customer who had it first.
CREATE TABLE names (
    name TEXT PRIMARY KEY,                -- trimmed, blanks collapsed, casefolded
    key  TEXT NOT NULL
) STRICT;
CREATE TABLE distinguished (key TEXT PRIMARY KEY) STRICT;  -- customers whose name carries their id

-- What a person decided about a record: it holds until the record changes.
CREATE TABLE rulings (
    key      TEXT PRIMARY KEY,
    verb     TEXT NOT NULL CHECK (verb IN ('zoho', 'source', 'ignore')),
    reason   TEXT NOT NULL,
    revision TEXT NOT NULL
) STRICT;

-- One row per remote document.
CREATE TABLE journal (
    realm          TEXT NOT NULL,
    module         TEXT NOT NULL,
    key            TEXT NOT NULL,
    scope          TEXT NOT NULL,
    owner          TEXT NOT NULL,         -- the record that people know it by
    seq            INTEGER NOT NULL,      -- order within its scope: parents first
    state          TEXT NOT NULL CHECK (state IN ('wanted', 'sending', 'settled', 'failed', 'held')),
    wanted_digest  TEXT NOT NULL,         -- empty: nothing should be there
    wanted         BLOB,                  -- compressed canonical body, with Refs
    needs          TEXT NOT NULL,         -- what must be there first: JSON list of [module, key, 1 if only its id is needed]
    number         TEXT NOT NULL DEFAULT '',
    sent_verb      TEXT CHECK (sent_verb IN ('create', 'update', 'withdraw', 'revive')),
    sent_digest    TEXT NOT NULL DEFAULT '',
    sent           BLOB,                  -- as it left: ids instead of Refs
    settled_digest TEXT NOT NULL DEFAULT '',
    settled        BLOB,
    there          INTEGER NOT NULL DEFAULT 0 CHECK (there IN (0, 1)),
    remote_id      TEXT,
    written        TEXT,                  -- the remote's last answer, JSON
    begun_at       TEXT,
    ask_at         TEXT,                  -- a row in doubt is not asked about before
    due_at         TEXT,                  -- a deferred row does not leave before
    settled_at     TEXT,
    lead_module    TEXT,                  -- the row in whose call this one left
    lead_key       TEXT,
    alone          INTEGER NOT NULL DEFAULT 0,
    duplicate      INTEGER NOT NULL DEFAULT 0,
    forced         INTEGER NOT NULL DEFAULT 0,
    attempts       INTEGER NOT NULL DEFAULT 0,
    tries          INTEGER NOT NULL DEFAULT 0,
    error          TEXT,
    reason         TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (realm, module, key),
    CHECK (state != 'sending' OR (sent_verb IS NOT NULL AND ask_at IS NOT NULL)),
    CHECK ((wanted IS NULL) = (wanted_digest = ''))
) STRICT;
CREATE INDEX journal_scope ON journal (scope);
CREATE INDEX journal_owner ON journal (owner);
CREATE INDEX journal_open ON journal (state) WHERE state IN ('wanted', 'sending');

-- Every attempt, for `show` and `history`.
CREATE TABLE attempts (
    id         INTEGER PRIMARY KEY,
    run        INTEGER,
    at         TEXT NOT NULL,
    module     TEXT NOT NULL,
    key        TEXT NOT NULL,
    owner      TEXT NOT NULL,
    event      TEXT NOT NULL,             -- begin, settle, found, absent, doubt, defer, fail, hold ...
    verb       TEXT,
    code       TEXT NOT NULL DEFAULT '',
    message    TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX attempts_owner ON attempts (owner);
CREATE INDEX attempts_run ON attempts (run);

CREATE TABLE cursors (
    stream TEXT PRIMARY KEY,
    cursor TEXT NOT NULL
) STRICT;

-- Commands of people, written without the run's lock and taken up by the next run.
CREATE TABLE inbox (
    id        INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    verb      TEXT NOT NULL CHECK (verb IN ('retry', 'resolve', 'queue', 'pause', 'resume')),
    entity    TEXT NOT NULL DEFAULT '',
    source_id TEXT NOT NULL DEFAULT '',
    argument  TEXT NOT NULL DEFAULT ''    -- JSON
) STRICT;

CREATE TABLE meters (
    realm TEXT PRIMARY KEY,
    quota TEXT NOT NULL                   -- JSON
) STRICT;

CREATE TABLE runs (
    id          INTEGER PRIMARY KEY,
    command     TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    outcome     TEXT CHECK (outcome IN ('ok', 'partial', 'failed', 'stopped')),
    report      TEXT                      -- the JSON of `run`
) STRICT;
"""

M002_WISHES: Final = """
-- Records that a person asked for by name: they go whatever the switches say, from then on.
CREATE TABLE wishes (
    key          TEXT PRIMARY KEY,
    fresh        INTEGER NOT NULL CHECK (fresh IN (0, 1)),  -- not planned since: also an update that a switch forbids goes, once
    before_start INTEGER NOT NULL CHECK (before_start IN (0, 1))  -- also if its order counts by a day before the start date
) STRICT;
"""

MIGRATIONS: Final[tuple[str, ...]] = (M001_FOUNDATION, M002_WISHES)
"""Append only. The n-th takes the file from version n-1 to n."""
