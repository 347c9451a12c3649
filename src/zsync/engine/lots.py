"""Lots: which steps leave in one call, and which calls in one wave. Decides only; `engine/settle.py` does.

    steps of many scopes --kin--> lots (one call each, up to what its module takes) --> wave (calls side by side)

A module that takes one document a call has lots of one step, and nothing here is felt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zsync.engine.decide import Ask, Call, Look, handling
from zsync.model.row import Row
from zsync.ports import Module

Step = Ask | Look | Call

Kin = tuple[str, str, str]
"""Module, handling, and what their update has in common: steps of one kin may leave in one call."""


@dataclass(slots=True)
class Lot:
    """The steps of one call; `most` is how many it may carry."""

    steps: list[Step]
    most: int = 1
    kin: Kin | None = None

    @property
    def module(self) -> str:
        return self.steps[0].row.module

    @property
    def has_room(self) -> bool:
        return self.kin is not None and len(self.steps) < self.most

    @property
    def rows(self) -> list[Row]:
        """All rows that this call is about."""
        return [row for step in self.steps for row in rows_of(step)]


@dataclass(slots=True)
class Wave:
    """Calls that leave side by side: up to `width`, and up to `left` calls in all. `too_dear`: one was left out for that."""

    left: int
    width: int
    lots: list[Lot] = field(default_factory=list)
    too_dear: bool = False

    @property
    def has_room(self) -> bool:
        """Whether another step could find a place, in a call of its own or in one that is begun."""
        return (self.left > 0 and len(self.lots) < self.width) or any(lot.has_room for lot in self.lots)

    def take(self, steps: Iterable[tuple[Step, Kin | None]], module: Module) -> list[Step]:
        """Those of these steps (of one module) that found a place; the others come again."""
        return [step for step, kin in steps if self._placed(step, kin, module)]

    def _placed(self, step: Step, kin: Kin | None, module: Module) -> bool:
        if kin is not None:
            for lot in self.lots:
                if lot.kin == kin and lot.has_room:
                    lot.steps.append(step)
                    return True
        if len(self.lots) >= self.width:
            return False
        if most_calls(step) > self.left:  # another may cost less
            self.too_dear = True
            return False
        self.left -= most_calls(step)
        self.lots.append(Lot([step], _most(step, module), kin))
        return True


def rows_of(step: Step) -> list[Row]:
    """The rows that this step is about: its own, and those that leave in its call as riders."""
    return [step.row, *(rider for rider, _ in step.riders)] if isinstance(step, Call) else [step.row]


def most_calls(step: Step) -> int:
    """A question may look in two lists and then at one document; everything else is one call."""
    return 3 if isinstance(step, Ask) and not step.row.remote_id else 1


def _most(step: Step, module: Module) -> int:
    if module.lots is None:
        return 1
    what = handling(step)
    return module.batch if what == "create" else module.lots.most(what)
