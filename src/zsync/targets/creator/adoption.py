"""What the application has already: rows under our keys, found before anything is created for the first time.

Up to a hundred keys are asked for by name; more of them by reading the report through, a thousand rows a call. A row that shows
what we would write is taken as it is; one that shows something else is ours as well, and is updated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zsync.model.intent import Body
from zsync.model.key import Key
from zsync.ports import Match
from zsync.targets.creator.client import KEYS, CreatorClient
from zsync.targets.creator.mapping import key_text
from zsync.targets.creator.module import FormModule, rows_of_keys


def recognise(client: CreatorClient, module: FormModule, asked: Sequence[tuple[Key, Body]]) -> Iterator[Match | None]:
    """For each (key, body that would be written), in order: the row that has its key already."""
    rule = module.rule
    keys = [body[rule.key] for _, body in asked]
    rows = module.by_key(keys) if len(keys) <= KEYS else rows_of_keys(module, keys, client.every(rule.report))
    for key, (_, body) in zip(keys, asked, strict=True):
        found = rows.get(key_text(key), [])
        if len(found) > 1:
            yield Match(unclear=f"{len(found)} rows have its key in the form `{rule.form}`")
        elif found:
            written = module.written(found[0])
            yield Match(written, outdated=bool(module.differences(body, written)))
        else:
            yield None
