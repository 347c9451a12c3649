"""The promises of `zsync.ports.Source`, as a suite: a source's tests subclass it and give a source over data that stands.

class TestQloApps(SourceContract):
    def stage(self): ...   # -> Opened: builds a source anew, lets time pass
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from zsync.errors import ConfigError
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.ports import Source


@dataclass
class Opened:
    """`build` makes the source as a new run does, over the same remote; `pass_time` lets half a day go by. `change` changes
    one record of a stream, `remove` takes one away, and both tell its stream and scope; `missing` is a document's key that the
    remote does not have."""

    build: Callable[[], Source]
    pass_time: Callable[[], None]
    change: Callable[[], tuple[str, Key]]
    remove: Callable[[], tuple[str, Key]]
    missing: Key


class SourceContract:
    """Subclass it as `Test...` and give `stage`."""

    def stage(self) -> Opened:
        raise NotImplementedError

    # --- reading -------------------------------------------------------------------------------------------------------

    def test_a_first_reading_hands_out_each_record_once(self) -> None:
        source = self.stage().build()
        for stream in source.streams:
            found = [record.key for page in source.read(stream, None) for record in page.records]
            assert found
            assert len(found) == len(set(found))

    def test_keys_carry_the_tag(self) -> None:
        source = self.stage().build()
        keys = [document.key for record in _records(source) for document in record.documents]
        assert {key.tag for key in keys} == {source.tag}
        assert len(keys) == len(set(keys))

    def test_reading_again_from_the_last_cursor_brings_nothing_new(self) -> None:
        stage = self.stage()
        for stream in stage.build().streams:
            pages = list(stage.build().read(stream, None))
            before = {record.key: record.revision for record in _readable(pages)}
            stage.pass_time()
            for record in _readable(list(stage.build().read(stream, pages[-1].cursor))):
                assert before[record.key] == record.revision

    def test_a_reading_cut_short_after_any_page_goes_on_from_its_cursor(self) -> None:
        stage = self.stage()
        for stream in stage.build().streams:
            whole = list(stage.build().read(stream, None))
            expected = {record.key for page in whole for record in page.records}
            for cut in range(1, len(whole) + 1):
                first = [next_page for next_page, _ in zip(stage.build().read(stream, None), range(cut), strict=False)]
                rest = list(stage.build().read(stream, first[-1].cursor))
                assert {record.key for page in [*first, *rest] for record in page.records} == expected

    def test_a_change_is_handed_out_with_another_revision(self) -> None:
        stage = self.stage()
        cursors = {stream: list(stage.build().read(stream, None))[-1].cursor for stream in stage.build().streams}
        before = {record.key: record.revision for record in _records(stage.build())}
        stage.pass_time()
        stream, key = stage.change()
        found = {record.key: record.revision for record in _readable(list(stage.build().read(stream, cursors[stream])))}
        assert found[key] != before[key]

    def test_the_same_data_has_the_same_revision_whoever_reads_it(self) -> None:
        stage = self.stage()
        once, again = ({record.key: record.revision for record in _records(stage.build())} for _ in range(2))
        assert once == again

    # --- single records ------------------------------------------------------------------------------------------------

    def test_every_documents_key_leads_to_its_record(self) -> None:
        source = self.stage().build()
        for record in _records(source):
            for key in (record.key, *(document.key for document in record.documents)):
                found = source.get(key)
                assert isinstance(found, Record)
                assert (found.key, found.revision) == (record.key, record.revision)

    def test_what_is_not_there_is_gone(self) -> None:
        stage = self.stage()
        assert stage.build().get(stage.missing) == Gone()

    # --- ids -----------------------------------------------------------------------------------------------------------

    def test_the_ids_of_a_stream_are_the_scopes_that_it_hands_out(self) -> None:
        source = self.stage().build()
        for stream in source.streams:
            listed = source.ids(stream)
            assert listed is None or listed == {record.key for page in source.read(stream, None) for record in page.records}

    def test_what_was_taken_away_is_no_longer_among_the_ids_and_gone(self) -> None:
        stage = self.stage()
        before = {stream: stage.build().ids(stream) or frozenset() for stream in stage.build().streams}
        stream, key = stage.remove()
        source = stage.build()
        after = {each: source.ids(each) or frozenset() for each in source.streams}
        assert {each: before[each] - after[each] for each in source.streams} == {
            each: {key} if each == stream else set() for each in source.streams
        }
        assert source.get(key) == Gone()

    def test_entities_have_streams_and_ids_have_keys(self) -> None:
        source = self.stage().build()
        for stream in source.streams:
            for record in _readable(list(source.read(stream, None))):
                for document in record.documents:
                    assert source.stream_of(document.entity) == stream
                    assert source.key_of(document.entity, document.source_id) == document.key

    def test_an_unknown_entity_is_refused(self) -> None:
        source = self.stage().build()
        with pytest.raises(KeyError):
            source.stream_of("unicorns")
        with pytest.raises(ConfigError):
            source.key_of("unicorns", "1")

    # --- manners ---------------------------------------------------------------------------------------------------------

    def test_nothing_is_sent_before_the_first_question_and_each_request_is_counted(self) -> None:
        source = self.stage().build()
        assert source.calls == 0
        _records(source)
        assert source.calls > 0
        source.close()

    def test_everything_in_order_gives_only_good_findings(self) -> None:
        findings = list(self.stage().build().check())
        assert findings
        assert all(finding.ok for finding in findings)


def _records(source: Source) -> list[Record]:
    return [record for stream in source.streams for record in _readable(list(source.read(stream, None)))]


def _readable(pages: list[Page]) -> list[Record]:
    found: list[Record | Unreadable] = [record for page in pages for record in page.records]
    return [record for record in found if isinstance(record, Record)]
