"""What is wrong with a map before anything runs: the form's fields and a few records of the source, put together. Pure.

field that the form does not have | that cannot be written | mandatory and not in the map | lookup of the wrong form
path that no record has | value that the field does not take (kind, length, decimals, choices)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from zsync.errors import RecordError
from zsync.mapping.fields import Fields, Lookup, Rule, at, evaluate, is_empty, paths
from zsync.model.intent import Ref
from zsync.model.key import Key
from zsync.model.record import Record, Value
from zsync.targets.creator.forms import Application, Field
from zsync.targets.creator.rules import EntityRule, Rules
from zsync.targets.creator.values import written

Objection = tuple[tuple[str, ...], str, str]
"""(key path in the configuration, what is wrong, what to do)."""

_ENOUGH = 5
"""A path that so many records do not have is taken for wrong: sources leave empty fields out."""


def objections(rules: Rules, facts: Mapping[str, Any], samples: Mapping[str, Sequence[Record]]) -> Iterator[Objection]:
    """Everything that is wrong with the maps, as far as the forms and these records (by entity) tell."""
    app = Application.of(facts)
    for name, rule in rules.entities.items():
        form = app.forms.get(rule.form, {})
        records = [
            record.fields[each.key] for record in samples.get(name, ()) for each in record.documents if each.entity == name
        ]
        yield from _of_form(name, rule, form, rules)
        for field, each in rule.fields.items():
            if field in form and form[field].is_writable:
                where = ("entities", name, "map", field)
                yield from _of_paths(where, each, records)
                yield from _of_values(where, each, form[field], app, rules, records)


def _of_form(name: str, rule: EntityRule, form: Mapping[str, Field], rules: Rules) -> Iterator[Objection]:
    """What the form alone tells."""
    for field, each in rule.fields.items():
        where = ("entities", name, "map", field)
        known = form.get(field)
        if known is None:
            yield where, f"the form {rule.form} has no field `{field}`", _nearest(field, form)
        elif not known.is_writable:
            yield where, f"the field is filled by Creator itself, or by an upload ({known.kind})", "leave it out of the map"
        else:
            yield from _of_lookup(where, each, known, rules)
            yield from _of_choices(where, each, known)
    for field, known in form.items():
        if known.mandatory and field not in rule.fields:
            yield ("entities", name, "map"), f"the form asks for `{field}` ({known.kind}), and the map does not fill it", "map it"


def _of_lookup(where: tuple[str, ...], rule: Rule, field: Field, rules: Rules) -> Iterator[Objection]:
    if rule.lookup and not field.is_lookup:
        yield where, f"the field is no lookup ({field.kind})", "leave `lookup` out"
    if rule.lookup and field.is_lookup and field.ref_form and rules.entities[rule.lookup].form != field.ref_form:
        words = f"the field looks up the form {field.ref_form}, `{rule.lookup}` goes to {rules.entities[rule.lookup].form}"
        yield where, words, "name the entity of that form"
    if field.is_lookup and not rule.lookup and not rule.template and not rule.constant:
        hint = 'add lookup = "NAME" with the entity whose id the value is'
        yield where, f"the field looks up the form {field.ref_form or '?'}, and takes IDs of its rows only", hint


def _of_choices(where: tuple[str, ...], rule: Rule, field: Field) -> Iterator[Objection]:
    """What a table, a constant or a default would write, against the field's choices."""
    written_always = [*rule.table.values(), *(each for each in (rule.constant, rule.default) if isinstance(each, str) and each)]
    for text in written_always:
        if field.choices and not field.is_lookup and text not in field.choices:
            yield where, f"the field has no choice `{text}`", f"its choices: {', '.join(field.choices)}"


def _of_paths(where: tuple[str, ...], rule: Rule, records: Sequence[Fields]) -> Iterator[Objection]:
    """Paths that none of the records has."""
    for path in paths(rule):
        if not records or any(at(fields, path) is not None for fields in records):
            continue
        known = sorted({each for fields in records for each in leaves(fields)})
        close = get_close_matches(path, known, 1, cutoff=0.75)
        if close or (len(records) >= _ENOUGH and not any(at(fields, path.partition(".")[0]) is not None for fields in records)):
            hint = f"did you mean `{close[0]}`?" if close else "`zsync show` lists what a record has"
            yield where, f"none of the {len(records)} records looked at has `{path}`", hint


def _of_values(
    where: tuple[str, ...], rule: Rule, field: Field, app: Application, rules: Rules, records: Sequence[Fields]
) -> Iterator[Objection]:
    """The first record whose value the field does not take."""

    def reference(lookup: Lookup) -> Ref:
        return Ref(rules.entities[lookup.entity].form, Key.of(rules.tag, lookup.entity, lookup.id))

    for fields in records:
        try:
            value = evaluate(rule, fields)
            written(value, field, rule, app, reference)
        except RecordError as err:
            yield where, f"{err.message.removeprefix(f'`{rule.where}`: ')} (record {_id(fields)})", err.hint
            return
        if field.mandatory and is_empty(value):
            yield where, f"the field is mandatory, and record {_id(fields)} has nothing for it", "give a default"
            return


def leaves(fields: Mapping[str, Value], prefix: str = "") -> Iterator[str]:
    """The paths of all plain values in a record, lists left out."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield f"{prefix}{name}"


def _id(fields: Fields) -> str:
    return str(fields.get("key", "?"))


def _nearest(field: str, form: Mapping[str, Field]) -> str:
    close = get_close_matches(field, form, 1, cutoff=0.5)
    listed = f"its fields: {', '.join(sorted(form))}" if form else "check form: it is a link name"
    return f"did you mean `{close[0]}`? {listed}" if close else listed
