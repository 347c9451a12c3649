"""Mutants that change nothing: looked at by a person, each with the reason.

The key is the function and the line as the mutant has it, or the line that it lacks; the page of mutants shows both.
"""

from __future__ import annotations

from collections.abc import Mapping

EQUIVALENT: Mapping[tuple[str, str], str] = {
    (
        "Journal.absent",
        "self._set(ref, state=State.WANTED, ask_at=None, lead_module=None, duplicate=0, error=None)",
    ): "without its module no lead is read",
    (
        "Journal.apart",
        "self._set(ref, state=State.WANTED, ask_at=None, due_at=None, lead_module=None, alone=1)",
    ): "without its module no lead is read",
    (
        "Journal.apart",
        "self._set(ref, state=State.WANTED, ask_at=None, due_at=None, lead_module=None, lead_key=None, alone=2)",
    ): "any number but 0 is true",
    ("Journal._log", 'log.info(" ".join(filter(None, words)))'): "a line without arguments is not formatted",
    ("Journal.defer", "lead_key=None,"): "without its module no lead is read",
    ("Journal.retry", "self._set(ref, forced=2)"): "any number but 0 is true",
    (
        "_by_status",
        'duplicate = code in DUPLICATE or (code == "1000" and 400 <= status <= 500)',
    ): "500 and above ended before, in `_without_words`",
    (
        "_by_status",
        'duplicate = code in DUPLICATE or (code == "1000" and 400 <= status < 501)',
    ): "500 and above ended before, in `_without_words`",
    ("_needed_by", "case _: continue"): "it is the last thing in the loop",
    ("_reason", "case _: assert_never(document)"): "every kind of document has its case: it is never reached",
    ("_reason", "assert_never(None)"): "every kind of document has its case: it is never reached",
    ("_reason", "return refused.get(document.sale, None) or off"): "nothing, or an empty text: the switch decides in both cases",
    ("round_half_up", "ctx.prec = max(29, amount.adjusted() + decimals + 3)"): "one digit more than are needed",
    ("round_half_up", "ctx.prec = max(28, amount.adjusted() + decimals + 4)"): "one digit more than are needed",
    (
        "round_half_up",
        "return amount.quantize(Decimal(2).scaleb(-decimals), rounding=ROUND_HALF_UP)",
    ): "`quantize` takes the exponent only",
    ("split", "ctx.prec = 61"): "one digit more than are needed",
    ("split", "weight_sum = sum(weights, )"): "0 and Decimal(0) add up to the same",
    ("split", "left = int(units - sum(floors, ))"): "0 and Decimal(0) add up to the same",
    (
        "_withdraw",
        "if other.state is State.SENDING and (row.ref in other.refs or other.seq >= row.seq):",
    ): "no two rows of a scope have one number, and this row is not out",
    (
        "_parent_withdrawn",
        "parent = lookup(Ref(module.parent, row.key)) if (module.parent) or True else None",
    ): "no module is called by an empty name",
    (
        "_moment",
        'return rest.until.timestamp() if (rest.until is not None) or True else float("inf")',
    ): "it is asked about moments only",
    (
        "_moment",
        "return rest.until.timestamp() if rest.until is not None else float(None)",
    ): "it is asked about moments only",
    ("plan", "fields = record.fields.get(first.key, None)"): "templates see nothing and an empty record alike",
    ("plan", "fields = record.fields.get(first.key, )"): "templates see nothing and an empty record alike",
    ("plan", "case _: assert_never(first)"): "every kind of document has its case: it is never reached",
    ("plan", "assert_never(None)"): "every kind of document has its case: it is never reached",
    (
        "_hotel",
        "return _thing(hotel.name, found_sku, Decimal(0), block(description, 2001))",
    ): "`filled` has cut it already",
    (
        "_tax_or_none",
        'return tax_id(item.tax_rate, item.tax_group, rules, facts) if (item.tax_rate is not None) or True else ""',
    ): "it is asked with a rate only",
}
