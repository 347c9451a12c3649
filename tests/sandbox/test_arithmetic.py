"""Totals worked by hand: from the examples of the published contracts, and from the rules of the facts.

Each case says in its comment how a person gets there with pencil and paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from zsync.sandbox.books.arithmetic import Discount, Line, Sums, Tax, Terms, work_out

D = Decimal

VAT_9 = Tax("9", "VAT 9%", D("9"))
VAT_125 = Tax("12.5", "VAT", D("12.5"))
VAT_20 = Tax("20", "VAT 20%", D("20"))
VAT_18 = Tax("18", "VAT 18%", D("18"))
VAT_15 = Tax("15", "VAT 15%", D("15"))
VAT_10 = Tax("10", "VAT 10%", D("10"))
CGST = Tax("cgst", "CGST", D("9"))
SGST = Tax("sgst", "SGST", D("9"))
CGST_6 = Tax("cgst6", "CGST", D("6"))
SGST_6 = Tax("sgst6", "SGST", D("6"))
GST_5 = Tax("gst", "GST", D("5"))
QST = Tax("qst", "QST", D("10"), compound=True)


def line(rate: str, quantity: str = "1", *taxes: Tax, off: str = "", percent: str = "") -> Line:
    discount = Discount(D(percent), percent=True) if percent else Discount(D(off or "0"))
    return Line(D(rate), D(quantity), taxes, discount)


@dataclass(frozen=True)
class Case:
    says: str
    lines: tuple[Line, ...]
    terms: Terms
    sub_total: str
    tax: str
    total: str
    taxes: tuple[str, ...] = ()


CASES = (
    # The published invoice example: one hard drive, 120 x 1, VAT 12.5 %. Tax 120 x 0.125 = 15. Total 135.
    Case("the contract's line of 120 with 12.5%", (line("120", "1", VAT_125),), Terms(), "120.00", "15.00", "135.00"),
    # The published tax example: 153 at 12.5 % = 19.125, a half cent goes up: 19.13. Total 172.13.
    Case("the contract's tax of 19.13 on 153", (line("153", "1", VAT_125),), Terms(), "153.00", "19.13", "172.13"),
    # The published sales order: 120 x 40 = 4800 at 12.5 % = 600, and 7000 without tax: 11800 + 600 = 12400.
    Case("the contract's sales order", (line("120", "40", VAT_125), line("7000")), Terms(), "11800.00", "600.00", "12400.00"),
    # The same with its shipping charge of 2 and adjustment of 0.2, both after tax: 12402.20.
    Case(
        "shipping and adjustment come after tax",
        (line("120", "40", VAT_125), line("7000")),
        Terms(shipping=D("2"), adjustment=D("0.2")),
        "11800.00",
        "600.00",
        "12402.20",
    ),
    # The published bill: 10 x 4 = 40, tax 0 %. Total 40.
    Case("the contract's bill without tax", (line("10", "4"),), Terms(), "40.00", "0.00", "40.00"),
    # Inclusive: 100 + 50 = 150 is the total. 9 %: 150 x 9 / 109 = 12.3853 -> 12.39. Net 137.61.
    Case(
        "inclusive: the sum of the lines is the total",
        (line("100", "1", VAT_9), line("50", "1", VAT_9)),
        Terms(inclusive=True),
        "137.61",
        "12.39",
        "150.00",
    ),
    # Inclusive, line by line: 100 x 9/109 = 8.2569 -> 8.26; 50 x 9/109 = 4.1284 -> 4.13. 12.39 again; net 137.61.
    Case(
        "inclusive, line by line",
        (line("100", "1", VAT_9), line("50", "1", VAT_9)),
        Terms(inclusive=True, tax_per_line=True),
        "137.61",
        "12.39",
        "150.00",
    ),
    # Inclusive, two rates: 240 at 20 % -> 240/6 = 40; 218 at 9 % -> 218 x 9/109 = 18. Total 458.
    Case(
        "inclusive, two rates",
        (line("120", "2", VAT_20), line("109", "2", VAT_9)),
        Terms(inclusive=True),
        "400.00",
        "58.00",
        "458.00",
        ("40.00", "18.00"),
    ),
    # Exclusive, per tax on the sum: 3 x 0.33 lines of 9 %: sum 0.99 x 0.09 = 0.0891 -> 0.09. Total 1.08.
    Case(
        "exclusive: a tax is rounded once, on the sum",
        (line("0.33", "1", VAT_9), line("0.33", "1", VAT_9), line("0.33", "1", VAT_9)),
        Terms(),
        "0.99",
        "0.09",
        "1.08",
    ),
    # Rounding line by line loses or wins a cent: 0.06 x 0.09 = 0.0054 -> 0.01, three times 0.03; on the sum
    # 0.18 x 0.09 = 0.0162 -> 0.02.
    Case(
        "exclusive on the sum: 0.02",
        (line("0.06", "1", VAT_9), line("0.06", "1", VAT_9), line("0.06", "1", VAT_9)),
        Terms(),
        "0.18",
        "0.02",
        "0.20",
    ),
    Case(
        "exclusive line by line: 0.03",
        (line("0.06", "1", VAT_9), line("0.06", "1", VAT_9), line("0.06", "1", VAT_9)),
        Terms(tax_per_line=True),
        "0.18",
        "0.03",
        "0.21",
    ),
    # Several taxes: 100 at 20 % = 20; 50.50 at 9 % = 4.545 -> 4.55; 10 untaxed. 160.50 + 24.55 = 185.05.
    Case(
        "exclusive, several taxes",
        (line("100", "1", VAT_20), line("50.50", "1", VAT_9), line("10")),
        Terms(),
        "160.50",
        "24.55",
        "185.05",
        ("20.00", "4.55"),
    ),
    # A numeric discount is money: 3 x 50 = 150 - 10 = 140; 20 % = 28. Total 168.
    Case("a line's discount in money", (line("50", "3", VAT_20, off="10"),), Terms(), "140.00", "28.00", "168.00"),
    # A text with % is a share: 3 x 50 = 150 - 15 = 135; 20 % = 27. Total 162.
    Case("a line's discount in percent", (line("50", "3", VAT_20, percent="10"),), Terms(), "135.00", "27.00", "162.00"),
    # Inclusive with percent: 99.99 - 12.5 % (12.49875 -> 12.50) = 87.49; 20 % inside: 87.49/6 = 14.58167 -> 14.58.
    Case(
        "a discount in percent on a rate with tax",
        (line("99.99", "1", VAT_20, percent="12.5"),),
        Terms(inclusive=True),
        "72.91",
        "14.58",
        "87.49",
    ),
    # The document's discount before tax: 100 + 300 = 400, 10 % = 40: 10 and 30 off. Tax on 360: 72. Total 432.
    Case(
        "a discount of the document before tax",
        (line("100", "1", VAT_20), line("300", "1", VAT_20)),
        Terms(discount=Discount(D("10"), percent=True)),
        "400.00",
        "72.00",
        "432.00",
    ),
    # In proportion over two rates: 100 at 20 % and 300 at 10 %, 40 off: 90 x 0.2 = 18, 270 x 0.1 = 27. 360 + 45 = 405.
    Case(
        "a discount of the document over two rates",
        (line("100", "1", VAT_20), line("300", "1", VAT_10)),
        Terms(discount=Discount(D("40"))),
        "400.00",
        "45.00",
        "405.00",
        ("18.00", "27.00"),
    ),
    # After tax: 400 + 80 - 40 = 440.
    Case(
        "a discount of the document after tax",
        (line("100", "1", VAT_20), line("300", "1", VAT_20)),
        Terms(discount=Discount(D("40")), before_tax=False),
        "400.00",
        "80.00",
        "440.00",
    ),
    # No decimals (yen): 3 x 333.5 = 1000.5 -> 1001; 10 % = 100.1 -> 100. Total 1101.
    Case("no decimals", (line("333.5", "3", VAT_10),), Terms(decimals=0), "1001", "100", "1101"),
    # No decimals, inclusive: 1980 x 10/110 = 180. Net 1800.
    Case("no decimals, inclusive", (line("990", "2", VAT_10),), Terms(decimals=0, inclusive=True), "1800", "180", "1980"),
    # Three decimals (dinar): 12.345 x 3 = 37.035; 15 % = 5.55525 -> 5.555. Total 42.590.
    Case("three decimals", (line("12.345", "3", VAT_15),), Terms(decimals=3), "37.035", "5.555", "42.590"),
    # Three decimals, inclusive: 11.500 x 15/115 = 1.5.
    Case(
        "three decimals, inclusive", (line("11.5", "1", VAT_15),), Terms(decimals=3, inclusive=True), "10.000", "1.500", "11.500"
    ),
    # A group, component by component: 100.05 x 9 % = 9.0045 -> 9.00, twice: 18.00; 18 % at once is 18.009 -> 18.01.
    Case(
        "a group is rounded component by component",
        (line("100.05", "1", CGST, SGST),),
        Terms(),
        "100.05",
        "18.00",
        "118.05",
        ("9.00", "9.00"),
    ),
    Case("its sum at once is a cent more", (line("100.05", "1", VAT_18),), Terms(), "100.05", "18.01", "118.06"),
    # A group of halves inside: 112 gross, 6 + 6: net 100, 6 each.
    Case(
        "a group inside the rate",
        (line("112", "1", CGST_6, SGST_6),),
        Terms(inclusive=True),
        "100.00",
        "12.00",
        "112.00",
        ("6.00", "6.00"),
    ),
    # 100 gross, 9 + 9: net 84.7458, each 7.6271 -> 7.63: 15.26, so the net shows as 84.74.
    Case(
        "a group inside the rate, not even",
        (line("100", "1", CGST, SGST),),
        Terms(inclusive=True),
        "84.74",
        "15.26",
        "100.00",
        ("7.63", "7.63"),
    ),
    # A compound group: GST 5 % of 200 = 10; QST 10 % of 210 = 21. Total 231.
    Case(
        "a compound tax is on top of the simple one",
        (line("200", "1", GST_5, QST),),
        Terms(),
        "200.00",
        "31.00",
        "231.00",
        ("10.00", "21.00"),
    ),
    # The same inside: 231 / 1.155 = 200; 10 and 21.
    Case(
        "a compound tax inside the rate",
        (line("231", "1", GST_5, QST),),
        Terms(inclusive=True),
        "200.00",
        "31.00",
        "231.00",
        ("10.00", "21.00"),
    ),
    # An adjustment of a cent, downwards: 19.99 inclusive of 20 % is 3.33166 -> 3.33; total 19.98.
    Case(
        "an adjustment downwards",
        (line("19.99", "1", VAT_20),),
        Terms(inclusive=True, adjustment=D("-0.01")),
        "16.66",
        "3.33",
        "19.98",
    ),
    # Inclusive, net first: 100 - 8.26 = 91.74 and 50 - 4.13 = 45.87 are 137.61; 9 % of that is 12.3849 -> 12.38. A cent is lost.
    Case(
        "inclusive with the nets rounded first: a cent is lost",
        (line("100", "1", VAT_9), line("50", "1", VAT_9)),
        Terms(inclusive=True, net_first=True),
        "137.61",
        "12.38",
        "149.99",
    ),
    # Inclusive, the document's discount: 120 + 60 = 180 - 30 = 150 is the total; 20 % inside: 25. Net of the lines 155.
    Case(
        "a discount of the document on rates with tax",
        (line("120", "1", VAT_20), line("60", "1", VAT_20)),
        Terms(inclusive=True, discount=Discount(D("30"))),
        "155.00",
        "25.00",
        "150.00",
    ),
    # A group and one of its taxes alone: 100 at 9 + 9 are 9 and 9; 50 at 9 are 4.50. CGST 13.50, SGST 9: 172.50.
    Case(
        "a group beside one of its own taxes",
        (line("100", "1", CGST, SGST), line("50", "1", CGST)),
        Terms(),
        "150.00",
        "22.50",
        "172.50",
        ("13.50", "9.00"),
    ),
    # A rate keeps six decimals: 15.3766667 -> 15.376667 x 6 = 92.260002 -> 92.26.
    Case("a rate keeps six decimals", (line("15.3766667", "6"),), Terms(), "92.26", "0.00", "92.26"),
    # A rate cut to two decimals: 15.38 x 6 = 92.28.
    Case("a rate cut to two decimals", (line("15.3766667", "6"),), Terms(rate_decimals=2), "92.28", "0.00", "92.28"),
    # Nothing at all.
    Case("a document of nothing", (line("0", "1", VAT_20),), Terms(), "0.00", "0.00", "0.00"),
)


def sums_of(case: Case) -> Sums:
    return work_out(case.lines, case.terms)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_total_is_what_a_person_gets_by_hand(case: Case) -> None:
    sums = sums_of(case)
    assert (str(sums.sub_total), str(sums.tax_total), str(sums.total)) == (case.sub_total, case.tax, case.total)


@pytest.mark.parametrize("case", [case for case in CASES if case.taxes], ids=lambda case: case.says)
def test_each_tax_is_shown_with_its_own_amount(case: Case) -> None:
    assert tuple(str(amount) for _, amount in sums_of(case).taxes) == case.taxes


def test_a_total_in_whole_units_is_rounded_at_the_very_end() -> None:
    # 19.49 + 0.01 of adjustment = 19.50, half up: 20. Tax stays 20 % inside 19.49: 3.24833 -> 3.25.
    sums = work_out((line("19.49", "1", VAT_20),), Terms(inclusive=True, adjustment=D("0.01"), whole_total=True))
    assert (str(sums.tax_total), str(sums.total)) == ("3.25", "20.00")


def test_there_are_at_least_twenty_totals_worked_by_hand() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_net_and_tax_make_the_gross_of_every_document(case: Case) -> None:
    sums = sums_of(case)
    after = sums.sub_total - sums.discount + sums.tax_total + case.terms.shipping + case.terms.adjustment
    assert after == sums.total
