"""Adopt: before anything is written for the first time, link what the target has already, so that nothing is created twice.

    rows that never left  --target.recognise-->  Match  -->  adopted, settled without a call
                                                  |-->  unclear: a person must say (Conflict), and nothing is created
                                                  `-->  none: it stays wanted, and the next run creates it

Parents go before what refers to them. Each answer is written down at once: adoption that is cut short goes on where it was.
"""

from __future__ import annotations

from zsync.engine.decide import resolved
from zsync.engine.job import Job, Stopped
from zsync.engine.outcome import Tally
from zsync.model.intent import Body
from zsync.model.row import UNCLEAR, Complaint, Row
from zsync.ports import Match

_HINT = (
    "see both in Zoho: make them agree and `zsync init --adopt` again, or `zsync resolve ... --ignore REASON`; "
    "rename or delete the other and `zsync retry` to write ours"
)


def adopt(job: Job, tally: Tally) -> None:
    """Look at the target, module by module, for every row that no call ever left for."""
    for module in job.target.adoptable:
        rows = job.state.journal.unsent(module)
        asked = [(row, body) for row in rows if (body := _body(job, row)) is not None]
        if not asked:
            continue
        matches = job.target.recognise(module, [(row.key, body) for row, body in asked])
        for done, ((row, body), match) in enumerate(zip(asked, matches, strict=True), 1):
            if job.stop():
                raise Stopped("stopped as asked while adopting; `zsync init --adopt` goes on where this one was")
            if match is not None:
                with job.state.store.commit():
                    _take(job, tally, row, body, match)
            job.progress(f"adopting {module}", done, len(asked))


def cost(job: Job) -> int:
    """How many calls to the target adoption takes at least: a page of each list, and a question for what hangs on documents."""
    counts = {module: len(job.state.journal.unsent(module)) for module in job.target.adoptable}
    return sum(count if module in job.target.asked_singly else 1 for module, count in counts.items() if count)


def _body(job: Job, row: Row) -> Body | None:
    """What we would write; None where what it refers to is not there, so that nothing of it can be."""
    if row.wanted is None:
        return None
    try:
        return resolved(row.wanted, job.state.journal.row)
    except LookupError:
        return None


def _take(job: Job, tally: Tally, row: Row, body: Body, match: Match) -> None:
    journal, now = job.state.journal, job.clock.now()
    if match.written is None or match.unclear:
        journal.fail(row.ref, Complaint(UNCLEAR, match.unclear, _HINT), now)
        return
    if match.renamed is not None:
        job.state.records.distinguish(row.owner)
        journal.rename(row.ref, match.renamed, now)
    if match.outdated:
        journal.found(row.ref, match.written, now, equal=False)
        tally.done[row.owner, "adopt"] += 1
        return
    journal.adopt(row.ref, match.written, body if match.known else None, now)
    module = job.target.modules[row.module]
    if not module.parent and not module.rides:
        tally.done[row.owner, "adopt"] += 1
    objection = module.objection(body, match.written) if match.known and match.written.total is not None else None
    if objection is not None:
        journal.fail(row.ref, Complaint.of(objection), now, proven=False)
