"""A mapping to start from: the fields of a form, each with the path of the source that looks most like it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from zsync.errors import ConfigError
from zsync.mapping.fields import Fields
from zsync.targets.creator.checks import leaves
from zsync.targets.creator.forms import COMPOUND, SUBFORM, Application, Field

_ALIKE = 0.82
_LONG = 5
"""A field's name of so many letters that stands in a path means it."""
_NOISE = re.compile(r"^(qb|qbo|quickbooks|source|zoho)_|_(field|c)$", re.IGNORECASE)


def draft(
    entity: str, origin: Mapping[str, str], form: str, report_name: str, facts: Mapping[str, Any], records: Sequence[Fields]
) -> str:
    """The table of an entity as TOML. `origin` is what it reads (`object` or `report`). What has no likely path is a comment.

    ConfigError for a form that has no unique field to be the key.
    """
    fields = Application.of(facts).forms.get(form, {})
    unique = [each for each in fields.values() if each.unique and each.type in (1, 3, 5, 27)]
    if not unique:
        raise ConfigError(
            f"the form `{form}` has no unique field to be the key",
            hint='add a single line field with "No duplicate values" in Creator',
        )
    known = sorted({path for record in records for path in leaves(record)} | ({"key"} if records else set()))
    key = unique[0]
    lines = [f"[entities.{entity}]", *(f'{name} = "{value}"' for name, value in origin.items())]
    lines += [f'form = "{form}"', f'report_name = "{report_name}"', f'key = "{key.name}"', "", f"[entities.{entity}.map]"]
    mapped = list(_mapped(fields, key, known))
    unused = [path for path in known if f'"{path}"' not in " ".join(mapped)]
    rest = ["", "# the records have besides:", *(f"#   {path}" for path in unused)] if unused else []
    return "\n".join([*lines, *mapped, *rest]) + "\n"


def _mapped(fields: Mapping[str, Field], key: Field, known: Sequence[str]) -> Iterator[str]:
    for name, field in fields.items():
        if not field.is_writable:
            continue
        path = _likely_key(known) if name == key.name else _nearest(name, known)
        about = _about(field)
        if field.type in COMPOUND:
            yield f"# {name} = {{ fields = {{ {_blank(field.parts[:4])} }} }}  # {about}"
        elif field.type == SUBFORM:
            yield f'# {name} = {{ each = "", fields = {{ {_blank(list(field.rows))} }} }}  # {about}'
        elif field.is_lookup:
            yield f'# {name} = {{ from = "{path}", lookup = "" }}  # {about}'
        elif path:
            yield f'{name} = "{path}"  # {about}'
        else:
            yield f'# {name} = ""  # {about}'


def _blank(names: Sequence[str]) -> str:
    """Parts to fill in."""
    return ", ".join(f'{name} = ""' for name in names)


def _likely_key(known: Sequence[str]) -> str:
    """What tells records apart: a report's key, else the id."""
    if "account_id" in known and "key" in known:
        return "key"
    return next((name for name in ("Id", "id", "key") if name in known), "key")


def _nearest(name: str, known: Sequence[str]) -> str:
    """The path that looks most like a field's name; empty where none does."""
    wanted = _plain(_NOISE.sub("", name))
    best, score = "", 0.0
    for path in known:
        last = path.rpartition(".")[2]
        found = max(SequenceMatcher(None, wanted, _plain(each)).ratio() for each in (path, last))
        if len(wanted) >= _LONG and wanted in _plain(path):
            found = max(found, _ALIKE)
        if found > score or (found == score and len(path) < len(best)):
            best, score = path, found
    return best if score >= _ALIKE else ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _about(field: Field) -> str:
    """What a field takes, for the comment beside it."""
    said = [field.kind]
    if field.is_lookup and field.ref_form:
        said.append(f"of {field.ref_form}")
    if field.mandatory:
        said.append("mandatory")
    if field.choices and not field.is_lookup:
        said.append("one of: " + ", ".join(field.choices[:6]))
    elif field.most and field.type in (1, 2, 5, 6, 7, 8):
        said.append(f"up to {field.most} {'digits' if field.type in (5, 6, 7, 8) else 'characters'}")
    return ", ".join(said)
