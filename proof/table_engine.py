"""The safeguards of journal, engine and state: each with the text that does it and the test that misses it."""

from __future__ import annotations

from proof.safeguard import Safeguard

_RULES = "tests/state/test_journal_rules.py::test_"
_STORE = "tests/state/test_store.py::test_"
_PEOPLE = "tests/engine/test_people.py::test_"
_GONE = "tests/engine/test_deletions.py::test_"

JOURNAL = (
    Safeguard(
        "begin before the call",
        "a write leaves only once its row says `sending` on disk (J2)",
        "engine/settle.py",
        """        with store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
            store.count()
        store.accept_place(self._job.host)  # a copy that does not know these calls is older from here on
        answers = _side_by_side(calls, pool) if len(calls) > 1 else [_performed(each) for each in calls]
        with store.commit():
""",
        """        answers = _side_by_side(calls, pool) if len(calls) > 1 else [_performed(each) for each in calls]
        with store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
""",
        _RULES + "j2_no_write_leaves_unless_its_row_says_sending_on_disk",
    ),
    Safeguard(
        "synced commit",
        "a commit that returned survives a power cut (J2)",
        "state/store.py",
        'connection.execute("PRAGMA synchronous = FULL")',
        'connection.execute("PRAGMA synchronous = NORMAL")',
        _RULES + "j2_on_disk_means_synced_to_it",
    ),
    Safeguard(
        "all of a commit or nothing",
        "what failed half-way is rolled back",
        "state/store.py",
        'self.db.execute("ROLLBACK")',
        'self.db.execute("COMMIT")',
        _STORE + "a_commit_is_on_disk_or_nothing_of_it_is",
    ),
    Safeguard(
        "only what is wanted begins",
        "no second call for a row that is under way or done (J2)",
        "state/journal.py",
        "if row.state is not State.WANTED:\n        raise",
        "if row.state is State.HELD:\n        raise",
        _RULES + "j2_a_row_that_is_not_wanted_cannot_begin",
    ),
    Safeguard(
        "slot of the pace before begin",
        "no wait for the minute's limit between `sending` and the call (J2)",
        "engine/settle.py",
        "        self._job.target.reserve(sum(isinstance(lot.steps[0], Call) for lot in wave))"
        """  # before `begin`: no wait lies between (J2)
        self._heed_stop()
        calls = [self._prepared(lot) for lot in wave]
        store, now = self._job.state.store, self._now()
        with store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
            store.count()
""",
        """        self._heed_stop()
        calls = [self._prepared(lot) for lot in wave]
        store, now = self._job.state.store, self._now()
        with store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
            store.count()
        self._job.target.reserve(sum(isinstance(lot.steps[0], Call) for lot in wave))
""",
        _RULES + "j2_the_slot_of_the_pace_is_taken_before_begin",
    ),
    Safeguard(
        "grace after a crash",
        "what was under way when the program died may still land (J3)",
        "engine/settle.py",
        "timedelta(seconds=self._job.call_s + self._job.grace_s))\n            self._save_meter()",
        "timedelta(seconds=self._job.call_s))\n            self._save_meter()",
        _RULES + "j3_after_a_crash_the_longest_life_of_a_call_comes_on_top_of_the_grace",
    ),
    Safeguard(
        "grace after a lost answer",
        "a write without an answer may still land (J3)",
        "engine/outcome.py",
        "self._journal.doubt(row.ref, now + timedelta(seconds=self._job.grace_s), now, Complaint.of(error))",
        "self._journal.doubt(row.ref, now, now, Complaint.of(error))",
        _RULES + "j3_the_grace_begins_when_the_call_was_given_up_not_when_it_began",
    ),
    Safeguard(
        "waiting for ask_at",
        "nobody asks before the grace is over (J3)",
        "engine/decide.py",
        "if row.ask_at is not None and row.ask_at > now:",
        "if row.ask_at is None:",
        _RULES + "j3_a_row_in_doubt_is_not_asked_about_before_ask_at_and_then_before_anything_else",
    ),
    Safeguard(
        "asking before sending again",
        "a write whose answer was lost is looked for first (J3)",
        "engine/outcome.py",
        "            case InDoubt():\n                self._doubt(rows, error)",
        "            case InDoubt():\n                self._defer(rows, error)",
        _RULES + "j3_a_row_in_doubt_is_not_asked_about_before_ask_at_and_then_before_anything_else",
    ),
    Safeguard(
        "an unanswered question is no absence",
        "only an answer ends doubt (J3)",
        "engine/outcome.py",
        "                self._journal.doubt(row.ref, later, now, Complaint.of(error))\n            case _:",
        "                self._journal.absent(row.ref, now)\n            case _:",
        _RULES + "j3_a_question_without_an_answer_is_no_answer",
    ),
    Safeguard(
        "a defect while a call is out is doubt",
        "whatever a write ends in, it may have landed (J3)",
        "engine/outcome.py",
        "                self._doubt(rows, known)",
        "                self._defer(rows, InDoubt(known.message))",
        _RULES + "j3_whatever_else_a_write_ends_in_its_answer_is_unknown",
    ),
    Safeguard(
        "a new version leaves doubt alone",
        "`sending` ends by asking, not by wanting something else (J4)",
        "state/journal.py",
        "if row.state is State.SETTLED and not (row.there and row.settled_digest == wanted):",
        "if row.state in (State.SETTLED, State.SENDING) and not (row.there and row.settled_digest == wanted):",
        _RULES + "j4_a_new_version_neither_shortens_the_wait_nor_ends_sending",
    ),
    Safeguard(
        "find asks with the body last sent",
        "what is wanted by now may look otherwise than what may stand there (J5)",
        "engine/settle.py",
        "sent = as_sent(row.sent, self._lookup)\n                return lambda: module.find",
        "sent = as_sent(row.wanted, self._lookup)\n                return lambda: module.find",
        _RULES + "j5_in_doubt_find_asks_with_the_body_last_sent",
    ),
    Safeguard(
        "a duplicate that nobody sees is looked for again",
        "lists lag: refused as there, and not shown yet (J5)",
        "engine/outcome.py",
        "        if now < until:\n            self._journal.doubt(row.ref, until, now, words, duplicate=True)",
        "        if now < until:\n            self._journal.absent(row.ref, now)",
        _RULES + "j5_a_create_refused_as_duplicate_that_find_does_not_see_is_doubt_then_conflict",
    ),
    Safeguard(
        "a stranger's document is not taken over",
        "equal names are no proof: another's document stays another's (J5)",
        "engine/outcome.py",
        "            case Stranger(ours=True):",
        "            case Stranger():",
        _RULES + "j5_a_strangers_name_is_left_to_him_and_ours_carries_its_id",
    ),
    Safeguard(
        "a known id is never created again",
        "a row with a remote id is changed, not made (J6)",
        "engine/decide.py",
        "    if not row.remote_id:\n        return _create",
        "    if row.remote_id or not row.there:\n        return _create",
        _RULES + "j6_a_row_with_a_remote_id_is_never_created_again",
    ),
    Safeguard(
        "moves only inside a commit",
        "no half-written row (J7)",
        "state/journal.py",
        "if not self._db.in_transaction:",
        "if self._db is None:",
        _RULES + "j7_a_move_outside_a_commit_is_a_defect",
    ),
    Safeguard(
        "file lock of run",
        "two runs at once write nothing twice (J7)",
        "state/store.py",
        "fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(handle, fcntl.LOCK_UN)",
        _RULES + "j7_one_writer_a_second_run_is_turned_away_and_nothing_is_stale_after_a_crash",
    ),
    Safeguard(
        "a row belongs to one scope",
        "no two records write one document (J9)",
        "state/journal.py",
        "if row.scope != scope:\n            raise",
        "if row.scope is None:\n            raise",
        _RULES + "j9_a_row_belongs_to_one_scope_for_life",
    ),
    Safeguard(
        "that a list does not name it is no evidence",
        "a list may lag or be cut short: only its id tells that a document is gone",
        "engine/outcome.py",
        '        if answer is None and handling(step) != "find":\n            self._take_silence(step)\n            return\n',
        '        if answer is None and handling(step) != "find":\n            answer = Gone()\n',
        "tests/engine/test_settle.py::test_one_that_a_list_leaves_out_is_asked_for_by_itself_and_changed",
    ),
    Safeguard(
        "what an answer does not name is doubt",
        "a call about several may have reached one that its answer leaves out, or not",
        "engine/outcome.py",
        "            self._journal.doubt(step.row.ref, now, now, Complaint.of(error))\n\n    def _take_answer",
        "            self._journal.settle(step.row.ref, None, now)\n\n    def _take_answer",
        "tests/engine/test_settle.py::test_one_that_the_answer_to_a_change_leaves_out_is_asked_about_before_anything_is_sent_again",
    ),
    Safeguard(
        "rows of one call share their absence",
        "a payment that was lost took its applications with it (J9)",
        "engine/outcome.py",
        "for each in self._in_one_call(row):\n                self._journal.absent(each.ref, now)",
        "for each in [row]:\n                self._journal.absent(each.ref, now)",
        _RULES + "j9_rows_of_one_call_share_their_absence",
    ),
    Safeguard(
        "a rider without an answer is asked about",
        "an application that the answer does not name may stand all the same (J9)",
        "engine/outcome.py",
        'self._doubt([rider], InDoubt("the answer to the call that it left in does not name it"))',
        "self._journal.absent(rider.ref, now)",
        _RULES + "j9_an_application_that_the_answer_does_not_name_is_asked_about_and_not_sent_again",
    ),
    Safeguard(
        "a payment is asked about before its applications",
        "their answer hangs on it (J9)",
        "engine/decide.py",
        "if lead is not None and lead.state is State.SENDING:",
        "if lead is not None and lead.state is State.HELD:",
        _RULES + "j9_in_doubt_the_applications_are_not_asked_about_before_their_payment",
    ),
    Safeguard(
        "once fields",
        "number, day and rate stay as first written",
        "state/journal.py",
        "body = _with_once(intent.body, row, once)",
        "body = intent.body",
        _RULES + "once_fields_are_repeated_as_first_settled",
    ),
    Safeguard(
        "a held row stays held",
        "what a person ended is not written by a run",
        "state/journal.py",
        "elif row.state is State.FAILED and row.wanted_digest != wanted and not row.unclear:",
        "elif row.state in (State.FAILED, State.HELD) and row.wanted_digest != wanted and not row.unclear:",
        _RULES + "a_held_row_is_freed_only_by_a_person",
    ),
    Safeguard(
        "only what never left is adopted",
        "a document in doubt is asked about, not taken as it is",
        "state/journal.py",
        'if row.was_sent:\n            raise ValueError(f"{ref.key} in {ref.module} was sent',
        'if row.remote_id == "?":\n            raise ValueError(f"{ref.key} in {ref.module} was sent',
        _RULES + "a_document_that_a_call_left_for_is_not_adopted",
    ),
    Safeguard(
        "children are withdrawn first",
        "one write in doubt in a scope keeps back what it hangs on",
        "engine/decide.py",
        "if other.state is State.SENDING and (row.ref in other.refs or other.seq > row.seq):",
        "if other.state is State.HELD and row.ref == other.ref:",
        _RULES + "a_parent_is_not_taken_back_while_the_withdrawal_of_its_child_is_in_doubt",
    ),
    Safeguard(
        "one call for a row in a wave",
        "calls side by side are for different documents",
        "engine/settle.py",
        "return None if step.row.ref in taken else step",
        "return step",
        _RULES + "j2_every_row_of_a_wave_and_every_row_of_a_fused_call_says_sending_when_its_call_leaves",
    ),
)

RUN = (
    Safeguard(
        "cursor and intents in one commit",
        "nothing is passed over because the program died while reading (J1)",
        "engine/collect.py",
        "            self._records.set_cursor(stream, page.cursor)\n        self.read.records",
        "        with self._job.state.store.commit():\n"
        "            self._records.set_cursor(stream, page.cursor)\n        self.read.records",
        _RULES + "j1_the_cursor_and_the_intents_of_a_page_commit_together",
    ),
    Safeguard(
        "a person's edit is a conflict",
        "what was edited in the target is not written over",
        "engine/outcome.py",
        "        if row.settled is None or row.forced or not _edits(module, settled, answer, row.written):\n"
        "            self.looked",
        "        if row.settled is None or row.forced or answer:\n            self.looked",
        _PEOPLE + "an_edit_made_at_the_remote_is_a_conflict_that_shows_both_versions",
    ),
    Safeguard(
        "check of totals after the write",
        "nothing builds on a document that the target totals otherwise",
        "engine/outcome.py",
        "self._journal.fail(row.ref, Complaint.of(objection), self._now(), proven=False)",
        "pass",
        "tests/e2e/test_totals.py::test_an_invoice_that_comes_to_another_total_is_not_marked_sent_and_a_retry_compares_again",
    ),
    Safeguard(
        "brake on changes",
        "many changes at once wait for a person",
        "engine/run.py",
        "too_many = changed > max(_FREE_CHANGES, settled // 5) or withdrawn",
        "too_many = withdrawn",
        _PEOPLE + "too_many_changes_at_once_stop_until_a_person_accepts_them",
    ),
    Safeguard(
        "brake on withdrawals",
        "many documents are not taken back at once without a person",
        "engine/run.py",
        " or withdrawn > max(_FREE_WITHDRAWALS, settled // 20)",
        "",
        _PEOPLE + "many_to_be_taken_back_at_once_stop_until_a_person_accepts_it",
    ),
    Safeguard(
        "many deletions at once stop the run",
        "a source that lost its list is not believed",
        "engine/compare.py",
        "if len(missing) > max(_FREE, len(known) // 5) and not accepted:",
        "if missing is None:",
        _GONE + "many_that_are_gone_at_once_stop_the_run_until_a_person_has_looked",
    ),
    Safeguard(
        "gone is believed in the second run",
        "one slip of the source takes nothing back",
        "engine/collect.py",
        "if self._records.gone(key, self._run):\n            self._take_back_all(key)",
        "self._records.gone(key, self._run)\n        self._take_back_all(key)",
        _GONE + "a_customer_who_is_gone_is_disabled_in_the_second_run_that_sees_so",
    ),
    Safeguard(
        "switches of deletion",
        "documents of money stay unless their switch is on",
        "engine/collect.py",
        "return switches is not None and switches.delete",
        "return switches is not None",
        _GONE + "orders_and_invoices_that_nothing_hangs_on_stay_while_their_switch_is_off",
    ),
    Safeguard(
        "page torn",
        "where deletions may have passed unseen, ids are compared in the same run",
        "engine/collect.py",
        "            self.read.torn.add(stream)",
        "            pass",
        _GONE + "where_deletions_may_have_passed_unseen_ids_are_compared_in_the_same_run",
    ),
    Safeguard(
        "an empty report is not believed at once",
        "a period that was full and reads as empty is for a person",
        "engine/collect.py",
        "if standing <= _FREE_ROWS:",
        "if standing >= 0:",
        "tests/e2e/test_firm.py::test_a_period_that_reads_as_empty_is_not_believed_at_once",
    ),
    Safeguard(
        "init comes first",
        "no run writes before the state knows what stands there",
        "engine/run.py",
        'if job.state.store.fact("initialised_at") is None:\n        raise',
        "if job is None:\n        raise",
        _PEOPLE + "run_is_refused_before_init",
    ),
    Safeguard(
        "tag frozen in the state",
        "keys begin with it for ever",
        "engine/run.py",
        "if tag is not None and tag != job.source.tag:",
        'if tag == "":',
        _PEOPLE + "a_renamed_source_is_refused",
    ),
    Safeguard(
        "realm frozen in the state",
        "ids of one organisation are not used in another",
        "engine/run.py",
        "if realm is not None and realm != job.target.realm:",
        'if realm == "":',
        _PEOPLE + "a_state_of_another_organisation_is_refused",
    ),
    Safeguard(
        "payments that the state does not know",
        "a lost state writes no payment again",
        "engine/strangers.py",
        "    if unknown:\n        raise",
        "    if unknown is None:\n        raise",
        _PEOPLE + "init_refuses_an_organisation_that_knows_us_while_the_state_does_not",
    ),
    Safeguard(
        "an older copy of the state is noticed",
        "a back-up does not know what was written since",
        "state/store.py",
        'return known > 0 if side is None else int(side.get("run", 0)) > known',
        "return known > 0 if side is None else False",
        _STORE + "an_older_copy_in_its_place_is_noticed",
    ),
    Safeguard(
        "another machine is noticed",
        "one state on two machines would write twice",
        "state/store.py",
        'return "" if last == (host or socket.gethostname()) else last',
        'return ""',
        _STORE + "another_host_is_noticed",
    ),
    Safeguard(
        "state file of its owner alone",
        "guests' data is nobody else's",
        "state/store.py",
        "os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_EXCL, _OWNER_ONLY))",
        "os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o644))",
        _RULES + "j8_the_file_is_its_owners_alone",
    ),
)
