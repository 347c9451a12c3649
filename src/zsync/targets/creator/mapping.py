"""What a record becomes in Creator: a row for each of its entries, by the user's own map. Pure.

    Entry, fields --rules--> Intent(module = form, key, body: field = value as the field takes it, Refs for lookups)

Rows of the scope that no entry stands for any more are taken back: a line that was removed, an account that left its period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsync.errors import ConfigError, RecordError, Unmappable
from zsync.mapping.fields import Lookup, as_text, evaluate, is_empty
from zsync.model.documents import Document
from zsync.model.intent import Body, Intent, KnownRows, Node, Plan, Ref, plain, refs
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.targets.creator.forms import Application, Field
from zsync.targets.creator.rules import EntityRule, Rules
from zsync.targets.creator.values import written


def plan(record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any], rules: Rules) -> Plan:
    """All that `record` wants in the application. Pure: see `zsync.ports.Target.plan`."""
    app = Application.of(facts)
    intents: list[Intent] = []
    errors: dict[Key, RecordError] = {}
    for document in record.documents:
        if document.key in refused:
            continue
        try:
            intents.append(_row(document, record, app, rules))
        except RecordError as err:
            errors[document.key] = err
    named = {intent.ref for intent in intents}
    withdrawn = {
        Ref(module, key)
        for module, key in known
        if Ref(module, key) not in named and key not in refused and key not in errors and _may_go(key, rules)
    }
    return Plan(record.key, tuple(intents), errors, withdrawn=frozenset(withdrawn))


def refers(plan: Plan) -> dict[Key, list[Ref]]:
    """The rows of other scopes that lookups name, by the key of their record."""
    own = {intent.ref for intent in plan.intents}
    found: dict[Key, list[Ref]] = {}
    for ref in dict.fromkeys(ref for intent in plan.intents for ref in refs(intent.body)):
        if ref not in own:
            found.setdefault(ref.key, []).append(ref)
    return found


def body_of(fields: Mapping[str, Any], rule: EntityRule, app: Application, rules: Rules) -> Body:
    """The row that these fields of a record make. Raises Unmappable for the first field that cannot be made."""
    form = app.forms.get(rule.form, {})

    def reference(lookup: Lookup) -> Ref:
        other = rules.entities[lookup.entity]
        return Ref(other.form, Key.of(rules.tag, lookup.entity, lookup.id))

    body: Body = {}
    for name, each in rule.fields.items():
        field = form.get(name)
        if field is None:
            raise Unmappable(
                f"the form `{rule.form}` has no field `{name}`", config_key=each.where, stale=True, hint=_known(form)
            )
        body[name] = _written(evaluate(each, fields), field, each, app, reference)
    key = body[rule.key]
    if is_empty(key):
        raise Unmappable(f"the key field `{rule.key}` would be empty", hint=f"map it to what every record has: {rule.name}.map")
    if isinstance(key, str) and ('"' in key or "\\" in key):
        raise Unmappable(
            f"the key field `{rule.key}` would hold a quotation mark or a backslash, by which Creator cannot be asked",
            hint="choose another key, such as the record's id",
        )
    return body


def _row(document: Document, record: Record, app: Application, rules: Rules) -> Intent:
    rule = rules.entities[document.entity]
    body = body_of(record.fields.get(document.key, {}), rule, app, rules)
    return Intent(rule.form, document.key, body, document.key, number=key_text(body[rule.key]))


def _written(value: Any, field: Field, rule: Any, app: Application, reference: Any) -> Node:
    try:
        return written(value, field, rule, app, reference)
    except ConfigError as err:  # the application's date format
        raise Unmappable(err.message, hint=err.hint) from err


def _may_go(key: Key, rules: Rules) -> bool:
    """Whether a row may be taken back: its entity is (still) in the configuration, and says so."""
    rule = rules.entities.get(key.entity)
    return rule is not None and rule.deletes


def key_text(value: Node) -> str:
    """A key as text, as Creator answers it."""
    match value:
        case str():
            return value
        case None | bool() | Ref() | list() | dict():
            return ""
        case int():
            return str(value)
        case _:
            return plain(value)


def _known(form: Mapping[str, Field]) -> str:
    names: Sequence[str] = sorted(form)
    return f"its fields: {', '.join(names)}" if names else "check form under [entities]: it is a link name"


def shown(value: Any) -> str:
    """A mapped value for people."""
    return as_text(value) if not isinstance(value, Lookup) else f"{value.entity} {value.id}"
