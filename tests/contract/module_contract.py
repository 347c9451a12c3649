"""The promises of `zsync.ports.Module`, as a suite: a module's tests subclass it and say what its documents look like.

    class TestInvoices(ModuleContract):
        def setup(self): ...   # -> Stage: the module, a body, another version of it, the requests sent so far

A module that differs says so by its own flags (`keyed`, `updatable`, `revivable`); the suite asks for what they promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from zsync.errors import ContractBroken, InDoubt, RecordError, Refused, Unavailable, ZsyncError
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Module, Standing, Stranger, Write


@dataclass
class Stage:
    """A module with a remote behind it. `other` is a second version of `body` (None where the module is not updatable).

    `writes` counts the writing requests so far; `fail` makes the next request end in this error; `garble` makes the next
    accepted write answer without its document; `destroy` removes the document from the remote.
    """

    module: Module
    key: Key
    body: Body
    writes: Callable[[], int]
    fail: Callable[[Exception], None]
    garble: Callable[[], None] | None = None
    destroy: Callable[[], None] | None = None
    other: Body | None = None
    withdrawn_is_found: bool = False
    """True: a withdrawn document keeps its name, and is found under it (an inactive contact)."""
    withdrawable: bool = True
    steady_id: bool = True
    """False: the answer to a create names no id, so that the one found later is another."""
    proven_by_key: bool = True
    """False: the remote does not keep our key, so that a document which equals what was sent is found as `ours`."""
    strange: Callable[[], None] | None = None
    """Puts a document under our name at the remote that is not ours."""


class ModuleContract:
    """Subclass it as `Test...` and give `stage`."""

    def stage(self) -> Stage:
        raise NotImplementedError

    # --- create and find -----------------------------------------------------------------------------------------------

    def test_nothing_is_found_before_it_was_created(self) -> None:
        stage = self.stage()
        assert list(stage.module.find([(stage.key, stage.body)])) == [None]
        assert stage.writes() == 0

    def test_create_is_one_request_and_answers_with_an_id(self) -> None:
        stage = self.stage()
        before = stage.writes()
        assert created(stage).id
        assert stage.writes() == before + 1

    def test_find_after_create_finds_it(self) -> None:
        stage = self.stage()
        made = created(stage)
        found = asked(stage)
        assert isinstance(found, Written)
        assert found.id == made.id or not stage.steady_id
        assert dict(found.parts) == dict(made.parts)

    def test_find_answers_each_question_in_order(self) -> None:
        stage = self.stage()
        created(stage)
        answers = list(stage.module.find([(stage.key, stage.body), (stage.key, stage.body)]))
        assert len(answers) == 2
        assert None not in answers

    def test_find_writes_nothing(self) -> None:
        stage = self.stage()
        created(stage)
        before = stage.writes()
        stage.module.find([(stage.key, stage.body)])
        assert stage.writes() == before

    def test_a_second_create_is_refused_as_duplicate_where_the_remote_keeps_names_unique(self) -> None:
        stage = self.stage()
        if not stage.module.keyed:
            pytest.skip("the remote takes a second one: the journal's doubt carries it")
        created(stage)
        refusal = answer(stage)
        assert isinstance(refusal, Refused)
        assert refusal.duplicate

    def test_a_strangers_document_under_our_name_is_no_find(self) -> None:
        stage = self.stage()
        if stage.strange is None:
            pytest.skip("this module has no names that others could take")
        stage.strange()
        (found,) = stage.module.find([(stage.key, stage.body)])
        assert isinstance(found, Stranger)
        assert not found.ours
        assert found.message

    def test_the_body_is_not_changed_by_sending_it(self) -> None:
        stage = self.stage()
        before = repr(stage.body)
        created(stage)
        assert repr(stage.body) == before

    # --- doubt ---------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("error", [InDoubt("no answer"), Unavailable("refused connection")])
    def test_an_unanswered_create_is_not_sent_again(self, error: Exception) -> None:
        stage = self.stage()
        before = stage.writes()
        stage.fail(error)
        with pytest.raises(type(error)):
            stage.module.create([Write(stage.key, stage.body)])
        assert stage.writes() == before + 1

    def test_an_accepted_create_whose_answer_makes_no_sense_is_in_doubt(self) -> None:
        stage = self.stage()
        if stage.garble is None:
            pytest.skip("nothing is read from this answer")
        stage.garble()
        with pytest.raises(InDoubt):
            stage.module.create([Write(stage.key, stage.body)])

    def test_a_question_that_goes_unanswered_is_no_absence(self) -> None:
        stage = self.stage()
        created(stage)
        stage.fail(ContractBroken("an answer that is not understood"))
        with pytest.raises(ContractBroken):
            stage.module.find([(stage.key, stage.body)])

    # --- read and compare ----------------------------------------------------------------------------------------------

    def test_read_shows_what_was_created_with_its_content(self) -> None:
        stage = self.stage()
        made = created(stage)
        seen = stage.module.read(standing(stage, made))
        assert isinstance(seen, Written)
        assert seen.id == made.id or not stage.steady_id
        assert seen.content is not None

    def test_what_was_created_does_not_differ_from_what_is_read(self) -> None:
        stage = self.stage()
        made = created(stage)
        seen = stage.module.read(standing(stage, made))
        assert isinstance(seen, Written)
        assert list(stage.module.differences(stage.body, seen)) == []
        assert stage.module.objection(stage.body, made) is None

    def test_a_document_that_is_gone_reads_as_gone(self) -> None:
        stage = self.stage()
        made = created(stage)
        if stage.destroy is None:
            pytest.skip("it cannot be destroyed by itself")
        stage.destroy()
        assert isinstance(stage.module.read(standing(stage, made)), Gone)

    # --- update --------------------------------------------------------------------------------------------------------

    def test_an_update_is_one_request_and_shows_in_the_next_reading(self) -> None:
        stage = self.stage()
        if stage.other is None:
            pytest.skip("what stands is accepted")
        made = created(stage)
        seen = stage.module.read(standing(stage, made))
        assert isinstance(seen, Written)
        assert list(stage.module.differences(stage.other, seen)) != []
        before = stage.writes()
        again = stage.module.update(standing(stage, seen), stage.other)
        assert stage.writes() == before + 1
        assert again.id == made.id
        after = stage.module.read(Standing(stage.key, made.id, stage.other, again))
        assert isinstance(after, Written)
        assert list(stage.module.differences(stage.other, after)) == []
        assert list(stage.module.differences(stage.body, after)) != []

    def test_an_update_of_what_is_gone_is_refused_as_gone(self) -> None:
        stage = self.stage()
        if stage.other is None or stage.destroy is None:
            pytest.skip("not updatable")
        made = created(stage)
        stage.destroy()
        with pytest.raises(Refused) as refusal:
            stage.module.update(standing(stage, made), stage.other)
        assert refusal.value.gone

    # --- withdraw and revive -------------------------------------------------------------------------------------------

    def test_withdrawing_twice_is_withdrawing_once(self) -> None:
        stage = self.stage()
        if not stage.withdrawable:
            pytest.skip("it goes with its document")
        made = created(stage)
        before = stage.writes()
        stage.module.withdraw(standing(stage, made))
        assert stage.writes() == before + 1
        stage.module.withdraw(standing(stage, made))
        assert isinstance(stage.module.read(standing(stage, made)), Gone)

    def test_a_withdrawn_document_is_not_found_where_it_is_void(self) -> None:
        stage = self.stage()
        if not stage.withdrawable or stage.withdrawn_is_found:
            pytest.skip("it is not void")
        made = created(stage)
        stage.module.withdraw(standing(stage, made))
        assert list(stage.module.find([(stage.key, stage.body)])) == [None]

    def test_withdrawing_what_is_gone_is_done(self) -> None:
        stage = self.stage()
        if not stage.withdrawable or stage.destroy is None:
            pytest.skip("it cannot be gone by itself")
        made = created(stage)
        stage.destroy()
        assert stage.module.withdraw(standing(stage, made)) is None

    def test_a_revived_document_stands_again_under_its_id(self) -> None:
        stage = self.stage()
        if not stage.module.revivable:
            pytest.skip("it is made anew")
        made = created(stage)
        withdrawn = stage.module.withdraw(standing(stage, made))
        assert withdrawn is not None
        before = stage.writes()
        revived = stage.module.revive(standing(stage, withdrawn))
        assert stage.writes() == before + 1
        assert revived.id == made.id
        assert isinstance(stage.module.read(standing(stage, revived)), Written)


def answer(stage: Stage) -> Written | ZsyncError:
    """What create says, also where it raises the refusal."""
    try:
        (said,) = stage.module.create([Write(stage.key, stage.body)])
    except RecordError as err:
        return err
    return said


def asked(stage: Stage) -> Found:
    """What find says about the body, with a document that must be ours by its contents taken as found."""
    (found,) = stage.module.find([(stage.key, stage.body)])
    if isinstance(found, Stranger) and found.ours and not stage.proven_by_key:
        return found.written
    return found


def created(stage: Stage) -> Written:
    said = answer(stage)
    assert isinstance(said, Written), said
    return said


def standing(stage: Stage, written: Written) -> Standing:
    return Standing(stage.key, written.id, stage.body, written)
