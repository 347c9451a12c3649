"""Cases of bad input, counted by what zsync made of each: the numbers for the documents come from here."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts_zoho import FOLDER as CONTRACTS
from fuzz import answers, commands, files, talk
from zsync.errors import ConfigError, ContractBroken, RecordError, ZsyncError

KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "config": files.config_case,
    "tokens": files.token_case,
    "state": files.state_case,
    "redirect": files.redirect_case,
    "command line": commands.command_case,
    "callback": talk.callback_case,
    "wire": talk.wire_case,
    "shop": answers.shop_case,
    "books": answers.books_case,
    "quickbooks": answers.quickbooks_case,
    "creator": answers.creator_case,
    "sign-in": answers.sign_in_case,
}
if CONTRACTS.is_dir():  # they lie outside the project
    KINDS["documented answers"] = answers.documented_case
OUTCOMES = ("understood", "record error", "contract broken", "config error", "other error", "defect")


@dataclass
class Counted:
    """`defects` names each by seed, so that it can be had again: `--kind K --seed S --cases 1`."""

    outcomes: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


def outcome(case: Callable[[], None]) -> tuple[str, str]:
    """What became of one case, and the words of a defect."""
    try:
        case()
    except ContractBroken:
        return "contract broken", ""
    except RecordError:
        return "record error", ""
    except ConfigError:
        return "config error", ""
    except ZsyncError as err:
        if err.exit_code != 1:
            return "other error", ""
        return "defect", f"{type(err).__name__}: {err.message}"
    except Exception as err:  # noqa: BLE001 - whatever else escapes is what is looked for
        return "defect", f"{type(err).__name__}: {str(err)[:200]}"
    return "understood", ""


def seeded(seed: int) -> random.Random:
    """Chance that can be had again."""
    return random.Random(seed)  # noqa: S311 - no secret


def count(kind: str, cases: int, seed: int, folder: Path) -> Counted:
    """So many cases of one kind; case n has the seed `seed + n`."""
    counted = Counted()
    for number in range(seed, seed + cases):
        place = folder / f"{kind}-{number}"
        place.mkdir()
        rng = seeded(number)
        name, words = outcome(lambda place=place, rng=rng: KINDS[kind](place, rng))  # type: ignore[misc]
        counted.outcomes[name] += 1
        if words:
            counted.defects.append(f"{kind} {number}: {words}")
    return counted


def table(found: Mapping[str, Counted]) -> str:
    """Kind of input x outcomes, as Markdown."""
    lines = ["| input | cases | " + " | ".join(OUTCOMES) + " |", "| --- |" + " ---: |" * (len(OUTCOMES) + 1)]
    for kind, counted in found.items():
        cells = [kind, str(counted.outcomes.total()), *(str(counted.outcomes[name]) for name in OUTCOMES)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
