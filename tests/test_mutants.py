"""The page of mutants is made of what mutmut prints; mutmut itself is no part of the tests."""

from __future__ import annotations

from collections import Counter
from configparser import ConfigParser

from proof.edited import ROOT, SOURCE
from proof.equivalent import EQUIVALENT
from proof.mutants import SUBJECTS, Score, configuration, ends_of, page, survivor

SHOWN = """# zsync.model.money.xǁMoneyǁ__sub____mutmut_5: survived
--- src/zsync/model/money.py
+++ src/zsync/model/money.py
@@ -1,2 +1,2 @@
 def __sub__(self, other: Money) -> Money:
-    return Money(self.amount - self._same(other), self.currency)
+    return Money(self.amount + self._same(other), self.currency)
"""


def test_each_subject_and_its_tests_exist() -> None:
    for each in SUBJECTS:
        assert (SOURCE / each.file).is_file()
        assert all((ROOT / test).exists() for test in each.tests)


def test_what_mutmut_must_know_is_written_as_it_reads_it() -> None:
    parser = ConfigParser()
    parser.read_string(configuration(SUBJECTS[0]))
    assert parser["mutmut"]["only_mutate"] == "src/zsync/state/journal.py"
    assert parser["mutmut"]["pytest_add_cli_args_test_selection"].split() == list(SUBJECTS[0].tests)


def test_ends_are_read_from_the_list_of_results() -> None:
    printed = "hint\n    zsync.model.money.x_split__mutmut_3: killed\n    zsync.model.money.x_split__mutmut_4: no tests\n"
    assert Counter(dict(ends_of(printed)).values()) == {"killed": 1, "no tests": 1}


def test_a_survivor_is_told_by_its_function_and_both_lines() -> None:
    found = survivor("zsync.model.money.xǁMoneyǁ__sub____mutmut_5", SHOWN)
    assert (found.function, found.words, found.reason) == ("Money.__sub__", False, "")
    assert found.was == "return Money(self.amount - self._same(other), self.currency)"
    assert found.became == "return Money(self.amount + self._same(other), self.currency)"


def test_a_change_of_a_text_alone_is_one_of_words() -> None:
    changed = SHOWN.replace("self._same(other), self.currency", '"total"').replace('+ "total"', '- "XXtotalXX"')
    assert survivor("zsync.model.money.x_split__mutmut_1", changed).words


def test_the_page_counts_what_is_open_and_names_it() -> None:
    found = survivor("zsync.model.money.xǁMoneyǁ__sub____mutmut_5", SHOWN)
    score = Score(SUBJECTS[1], Counter(killed=8, timeout=1, survived=1), (found,))
    made = page([score])
    assert "| money | `model/money.py` | 10 | 9 | 0 | 0 | 1 |" in made
    assert f"| Money.__sub__ | `{found.was}` | `{found.became}` | open |" in made


def test_each_reason_is_for_a_function_that_exists() -> None:
    sources = "".join((SOURCE / each.file).read_text("utf-8") for each in SUBJECTS)
    assert all(f"def {function.rpartition('.')[2]}(" in sources for function, _ in EQUIVALENT)
