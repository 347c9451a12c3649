"""One case, from a fresh world to rest: what the disturbed runs came to, what stands at the end, whether zsync told the truth.

Rest is when a run makes no call to the target and nothing is wanted, in doubt or on its way. What a person has to do on the way
is done as the message says: sign in again, look again (`init`), try again (`retry`).
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from proof.cases import STORM_VERBS, Case, Extent, Harm
from proof.clock import SharedClock
from proof.process import NOTHING, Ended, Inside, Stable
from proof.scenes import WORLDS, Standing, World, compare
from proof.trap import Storm, Strike, Trap, killing, signalling
from zsync.sandbox.faults import Verb
from zsync.sandbox.serve import Server
from zsync.state.status import Status
from zsync.state.store import Store

BEGINNING = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
"""Each world begins then; it is in mid-month, so that the nights that a case may take do not change what a report covers."""
MOST_RUNS = 60
RUN = ("run", "--json")
INIT = ("init", "--no-adopt", "--json")


@dataclass(slots=True)
class Result:
    """`runs` that were started, `disturbed` of them, `kills` that ended one; `wrong` by kind, empty when all is well."""

    case: Case
    runs: int = 0
    disturbed: int = 0
    kills: int = 0
    codes: list[int] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def blame(self, kind: str, words: str) -> None:
        self.wrong.setdefault(kind, []).append(words)


class NotAtRest(Exception):
    """The runs did not come to an end of their work."""


class Workbench:
    """A worker's own server, processes and clock; cases are tried on it one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SharedClock()
        self.stables = [Stable(self.clock) for _ in range(5)]  # before the server's threads begin
        self.trap = Trap()
        self.server = Server(self.trap)
        self.server.start()
        self._number = 0
        self._begun: dict[tuple[str, str], tuple[Path, Extent, Standing]] = {}
        self._words: Sequence[str] = RUN

    def close(self) -> None:
        self.server.stop()
        for each in self.stables:
            each.close()

    # --- worlds ---------------------------------------------------------------------------------------------------------

    def fresh(self, name: str, *, concurrency: int = 1) -> World:
        """A world as after `auth`."""
        self._number += 1
        folder = self.folder / str(self._number)
        self.clock.begin_at(BEGINNING)
        world = WORLDS[name](self.clock, self.server.url, folder, concurrency=concurrency)
        self.trap.world = world
        self.trap.arm()
        return world

    def known(self, name: str, stage: str) -> tuple[Extent, Standing]:
        """How much there is to disturb, and what stands when nobody does."""
        if (name, stage) not in self._begun:
            self._learn(name, stage)
        _, extent, standing = self._begun[name, stage]
        return extent, standing

    def _learn(self, name: str, stage: str) -> None:
        world = self.fresh(name)
        kept = self.folder / f"begun-{name}-first"
        result = Result(Case(name, stage, "none", ()))
        words = INIT if stage == "init" else RUN
        if stage != "init":
            if not kept.exists():
                self._well(INIT)
                world.keep_as(kept)
            else:
                world.begin_with(kept)
        if stage == "later":
            self._to_rest(result)
            world.later()
        self.clock.sleep(300)
        self.trap.arm()
        ended = self._well(words)
        extent = Extent(self.trap.calls, ended.commits)
        self._to_rest(result)
        if result.wrong:
            raise AssertionError(f"the undisturbed world is not well: {result.wrong}")
        self._begun[name, stage] = kept, extent, world.standing()

    def _well(self, words: Sequence[str]) -> Ended:
        self.stables[0].start(words, self._world.folder)
        ended = self.stables[0].wait()
        if ended.code != 0:
            raise AssertionError(f"{' '.join(words)} ended with {ended.code}: {ended.out} {ended.err}")
        return ended

    @property
    def _world(self) -> World:
        assert self.trap.world is not None
        return self.trap.world

    # --- a case ---------------------------------------------------------------------------------------------------------

    def tried(self, case: Case) -> Result:
        """Carry out a case. What goes wrong in zsync is in the result; anything raised is a fault of the proof."""
        _, expected = self.known(case.world, case.stage)
        result = Result(case)
        world = self.fresh(case.world, concurrency=case.concurrency)
        self._words = INIT if case.stage == "init" else RUN
        if case.stage != "init":
            world.begin_with(self._begun[case.world, case.stage][0])
        try:
            if case.stage == "later":
                self._to_rest(result)
                result.runs = 0
                result.codes.clear()
                before = self.folder / f"{self._number}-before"
                world.keep_as(before)
                world.later()
            else:
                before = self._begun[case.world, case.stage][0]
            for harm in case.harms:
                self.clock.sleep(300)
                self._harmed(harm, result, before)
            self.trap.disarm()
            self.clock.set_off(0)
            self._to_rest(result)
            result.wrong |= {kind: found for kind, found in compare(expected, world.standing()).items() if found}
        except NotAtRest as err:
            result.blame("losses", str(err))
        self._look_for_secrets(result)
        for failure in self.server.failures:
            result.blame("sandbox", repr(failure))
        self.server.failures.clear()
        if not result.wrong:
            shutil.rmtree(world.folder)
            shutil.rmtree(self.folder / f"{self._number}-before", ignore_errors=True)
        return result

    def _harmed(self, harm: Harm, result: Result, before: Path) -> None:
        """One run, or several at once, with what happens to it."""
        stable, world = self.stables[0], self._world
        inside = NOTHING
        strikes: list[Strike] = []
        faults: dict[int, Verb] = {}
        pid: Callable[[], int] = lambda: stable.running  # noqa: E731
        match harm.kind:
            case "kill":
                strikes.append(Strike(harm.at, harm.how, killing(pid)))  # type: ignore[arg-type]
            case "signal":
                strikes.append(Strike(harm.at, "before", signalling(pid, signal.Signals[f"SIG{harm.how}"])))
            case "commit":
                inside = Inside(harm.how, harm.at)
            case "fault":
                faults[harm.at] = harm.how  # type: ignore[assignment]
            case "storm":
                chance = random.Random(harm.at)  # noqa: S311
                for _ in range(chance.randint(3, 6)):
                    self.trap.arm(storm=Storm(chance, STORM_VERBS, killing(pid)))
                    self._one(result, NOTHING, disturbed=True)
                    self.clock.sleep(chance.choice((60, 300, 1200)))
                return
            case "together":
                self._together(harm, result)
                return
            case "clock":
                strikes.append(Strike(harm.at, "before", lambda: self.clock.set_off(float(harm.how))))
            case "asleep":
                strikes.append(Strike(harm.at, "before", lambda: self.clock.sleep(float(harm.how))))
            case "revoked":
                strikes.append(Strike(harm.at, "before", world.sandbox.accounts.forget))
            case "file":
                self._break_a_file(harm.how, result, before)
                return
            case "source":
                strikes.append(Strike(harm.at, "before", lambda: self.trap.spoil(harm.how)))
            case _:
                raise ValueError(f"no such harm: {harm.kind}")
        self.trap.arm(*strikes, faults=faults)
        self._one(result, inside)
        self.trap.disarm()

    def _one(self, result: Result, inside: Inside, *, disturbed: bool = False) -> Ended:
        stable = self.stables[0]
        before = self.trap.disturbed
        stable.start(self._words, self._world.folder, inside)
        ended = stable.wait()
        if ended.code in (0, 3):  # what is begun is begun: from now on it runs
            self._words = RUN
        struck = (
            self.trap.disturbed > before or disturbed or (inside.commit and ended.commits in (-1, *range(inside.commit, 9999)))
        )
        result.runs += 1
        result.disturbed += bool(struck)
        self._judge(result, ended)
        return ended

    def _together(self, harm: Harm, result: Result) -> None:
        chance = random.Random(harm.how)  # noqa: S311
        self.trap.arm()
        used = self.stables[: harm.at]
        strikes = [
            Strike(chance.randint(1, 6), chance.choice(("before", "after")), _starting(stable, self._world.folder))
            for stable in used[1:]
        ]
        self.trap.arm(*strikes)
        used[0].start(RUN, self._world.folder)
        ended = [used[0].wait(), *(stable.wait() for stable in used[1:] if stable.running)]
        result.runs += len(ended)
        result.disturbed += len(ended)
        for each in ended:
            self._judge(result, each)
        if ended[0].code == 75 and all(each.code == 75 for each in ended):
            result.blame("exit codes", f"of {len(ended)} runs at once none went on")

    # --- files ------------------------------------------------------------------------------------------------------------

    def _break_a_file(self, what: str, result: Result, before: Path) -> None:
        """After a whole run: the state or the tokens are not what they were. zsync says so, and a person does what it says."""
        world = self._world
        self._one(result, NOTHING)
        state, tokens = world.state, world.tokens
        match what:
            case "state deleted":
                for each in world.folder.glob("zsync.db*"):
                    if "token" not in each.name:
                        each.unlink()
            case "state truncated":
                _checkpointed(state)
                state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
            case "state garbage":
                _checkpointed(state)
                state.write_bytes(bytes(range(256)) * 64)
            case "state older":
                _checkpointed(state)
                shutil.copy2(before / state.name, state)
            case "state newer":
                with closing(sqlite3.connect(state)) as database:
                    database.execute("PRAGMA user_version = 9999")
            case "tokens deleted":
                tokens.unlink()
            case "tokens garbage":
                tokens.write_bytes(b"\x00\xffnot json")
            case "tokens expired":
                world.sandbox.accounts.expire_access()
        self.clock.sleep(300)
        standing = world.standing()
        result.disturbed += 1
        calls = world.sandbox.ledger.calls(world.target)
        ended = self._one(result, NOTHING)
        idle = ended.code == 0 and world.sandbox.ledger.calls(world.target) == calls  # nothing to do asks for no sign-in
        if what.startswith("state") and (ended.code != 2 or world.standing() != standing):
            result.blame("exit codes", f"{what}: exit {ended.code}, {ended.err}")
        if what in ("tokens deleted", "tokens garbage") and ended.code not in (2, 4) and not idle:
            result.blame("exit codes", f"{what}: exit {ended.code}, {ended.err}")
        if what in ("state truncated", "state garbage"):
            state.unlink()
        if what == "state newer":
            with closing(sqlite3.connect(state)) as database:
                from zsync.state.schema import MIGRATIONS

                database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        elif what.startswith("state"):
            self._by_hand(("init",), result)
        if what == "tokens garbage":
            tokens.unlink()
        if what in ("tokens deleted", "tokens garbage"):
            world.sign_in()

    def _by_hand(self, words: Sequence[str], result: Result) -> None:
        self.stables[0].start(words, self._world.folder)
        ended = self.stables[0].wait()
        if ended.code not in (0, 3):
            result.blame("exit codes", f"{' '.join(words)} ended with {ended.code}: {ended.out} {ended.err}")

    # --- to rest ------------------------------------------------------------------------------------------------------------

    def _to_rest(self, result: Result) -> None:
        world, retried = self._world, False
        for _ in range(MOST_RUNS):
            self.clock.sleep(900)
            before = world.sandbox.ledger.calls(world.target)
            ended = self._one(result, NOTHING)
            if ended.code == 4:
                world.sign_in()
            if ended.code == 6:
                self.clock.sleep(6 * 3600)
            idle = world.sandbox.ledger.calls(world.target) == before and not world.sandbox.pending()
            if ended.code in (4, 5, 6) or not idle:
                continue
            if ended.code == 3 and not retried:  # what waits for a failed one is still wanted
                retried = True
                self._by_hand(("retry",), result)
            elif not self._open():
                return
        raise NotAtRest(f"not at rest after {MOST_RUNS} runs, the last with {result.codes[-3:]}: {self._open()[:3]}")

    def _open(self) -> list[str]:
        with closing(Store.open(self._world.state)) as store:
            rows = store.db.execute("SELECT module, key, state FROM journal WHERE state IN ('wanted', 'sending')")
            return [f"{row['module']} {row['key']} {row['state']}" for row in rows]

    # --- did it tell the truth? -----------------------------------------------------------------------------------------------

    def _judge(self, result: Result, ended: Ended) -> None:
        """What the exit code says must be so, and what the state calls settled must stand."""
        result.codes.append(ended.code)
        if ended.code == -signal.SIGKILL:
            result.kills += 1
            return
        kinds = {harm.kind for harm in result.case.harms}
        hows = {harm.how for harm in result.case.harms}
        allowed: dict[int, bool] = {
            0: True,
            2: bool(kinds & {"file", "storm", "source"} or hows & {"full", "readonly", "expired_token"}),  # a key is configured
            3: True,
            4: bool(kinds & {"revoked", "file", "fault", "storm"}),
            5: bool(kinds & {"fault", "storm", "source", "asleep", "clock", "kill"} or hows & {"full"}),
            6: "throttle_day" in hows,
            75: "together" in kinds,
            130: bool(kinds & {"signal"}),
        }
        if not allowed.get(ended.code, False):
            result.blame("exit codes", f"exit {ended.code}: {ended.err.strip()[-600:]}")
        if ended.code in (0, 3, 5, 6, 130) and self._world.state.exists():
            self._compare_with_state(result, ended)

    def _compare_with_state(self, result: Result, ended: Ended) -> None:
        with closing(Store.open(self._world.state)) as store:
            counts, failed = Status(store).standing()
            settled = store.db.execute(
                "SELECT module, key, remote_id FROM journal WHERE state = 'settled' AND there = 1"
            ).fetchall()
        ids = self._world.ids()
        for row in settled:
            if row["module"] in ids and str(row["remote_id"]) not in ids[row["module"]]:
                result.blame("untrue", f"{row['module']} {row['key']} is called settled and does not stand")
        told = ended.document
        unwell = bool(failed) or any(each.get("blocked") for each in counts.values())
        if ended.code == 0 and (unwell or told is None or told["outcome"] != "ok"):
            result.blame("exit codes", f"exit 0, and a person must look: {[each.label for each in failed]}")
        if ended.code == 3 and not unwell and not (told or {}).get("errors"):
            result.blame("exit codes", "exit 3, and nothing to look at")

    def _look_for_secrets(self, result: Result) -> None:
        world = self._world
        secrets = [each.encode() for each in world.secrets()]
        for path in world.folder.iterdir():
            if not path.is_file() or path.name == "zsync.toml" or "tokens" in path.name:
                continue
            content = path.read_bytes()
            if any(each in content for each in secrets):
                result.blame("secrets", f"a secret stands in {path.name}")


def _starting(stable: Stable, folder: Path) -> Callable[[], None]:
    def act() -> None:
        stable.start(RUN, folder)

    return act


def _checkpointed(state: Path) -> None:
    """Everything in the one file; what SQLite keeps beside it is gone."""
    with closing(sqlite3.connect(state)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
