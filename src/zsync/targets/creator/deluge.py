"""A scheduled Deluge function that does the incremental pull of one entity inside Creator, from the same map. Pure.

    constants --> Sync_State: since when --> pages of a query --> each record: fields, find by key, insert or change --> mark

Zoho's limits decide what fits: some 5,000 statements in a run, five minutes, each call counted. What Deluge cannot do in them,
or what is not settled about it, is refused with the field's name; `--without` leaves a field out on purpose. Deletions do not
show in queries. Checked by structure only: nothing here was compiled by Zoho.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zsync.errors import ConfigError
from zsync.mapping.fields import Condition, Rule, as_text
from zsync.targets.creator.forms import COMPOUND, SUBFORM, Field
from zsync.targets.creator.rules import EntityRule, Rules

MOST_STATEMENTS = 4_500
"""Of the 5,000 that a run has: what the estimate may reach."""

PAGE = 100
_SMALLEST_PAGE = 20
_MOST_PAGES = 5
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SLOT = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")
_NAMES = frozenset("Account Class Customer Department Employee Item PaymentMethod TaxCode Term Vendor".split())
"""Objects whose inactive members a query hides unless it asks for them."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is read: the QuickBooks object, its company and host; `connection` is the link name of the connection in Creator."""

    object: str
    realm: str
    api: str
    connection: str = "quickbooks"
    mail: str = ""
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """The function's text, its pages and their size, and what a full run would take: statements by our own estimate, calls."""

    text: str
    pages: int
    size: int
    statements: int


def script(rule: EntityRule, form: Mapping[str, Field], origin: Origin, rules: Rules, without: Collection[str] = ()) -> Script:
    """The function for one entity. ConfigError names the first field that Deluge cannot fill, or the limit that does not fit."""
    if not origin.object:
        raise ConfigError(
            f"`{rule.name}` is a report, whose rows are nested: a schedule has no recursion to walk them",
            hint="leave reports to `zsync run`",
        )
    if not origin.realm:
        raise ConfigError(
            "the script needs the company's id", hint="set realm_id under [source], or sign in: `zsync auth quickbooks`"
        )
    fields = {name: each for name, each in rule.fields.items() if name not in without}
    unknown = [name for name in without if name not in rule.fields]
    if unknown or rule.key in without:
        raise ConfigError(f"`{(unknown or [rule.key])[0]}` cannot be left out", hint=f"fields: {', '.join(rule.fields)}")
    block = [line for name, each in fields.items() for line in _field(name, each, form.get(name), rules)]
    record = [*_conditions(origin.where), *_record(rule, fields, block, guarded=bool(origin.where))]
    pages, size, statements = _within_limits(record)
    frame = [*_head(rule, origin, pages, size, statements), *_constants(rule, origin)]
    lines = [*frame, *_pages(origin, pages, size, record), *_end(rule, origin)]
    return Script("\n".join(lines) + "\n", pages, size, statements)


# --- fields -----------------------------------------------------------------------------------------------------------------


def _field(name: str, rule: Rule, field: Field | None, rules: Rules) -> Iterator[str]:
    """The statements that put the value of one field into the variable `v_NAME`."""
    if field is None:
        raise ConfigError(f"`{rule.where}`: the form has no field `{name}`", hint="`zsync config check --online`")
    variable = f"v_{name}"
    if rule.parts or field.type in COMPOUND or field.type == SUBFORM:
        raise _cannot(rule, name, f"it is not settled how a script fills a {field.kind} field")
    if rule.lookup:
        yield from _lookup(variable, name, rule, rules)
        return
    if field.is_lookup:
        raise _cannot(rule, name, "a lookup needs `lookup` with the entity that it refers to")
    yield from _value(variable, name, rule)
    if rule.table:
        yield from _table(variable, rule)
    if rule.default is not None:
        yield f'if({variable} == "")'
        yield "{"
        yield f"    {variable} = {_literal(as_text(rule.default))};"
        yield "}"
    yield from _typed(variable, name, rule, field)


def _value(variable: str, name: str, rule: Rule) -> Iterator[str]:
    """The raw text of a path, of a template of paths, or of a constant."""
    if rule.template:
        rest = _SLOT.sub("", rule.template)
        if "{" in rest or "}" in rest or not _SLOT.search(rule.template):
            raise _cannot(rule, name, "a script fills {{ path }} in a text, and no filters or conditions")
        yield f'{variable} = "";'
        at = 0
        for slot in _SLOT.finditer(rule.template):
            if slot.start() > at:
                yield f"{variable} = {variable} + {_literal(rule.template[at : slot.start()])};"
            yield from _path(f"p_{name}", slot[1])
            yield f"{variable} = {variable} + p_{name};"
            at = slot.end()
        if at < len(rule.template):
            yield f"{variable} = {variable} + {_literal(rule.template[at:])};"
    elif rule.path:
        yield from _path(variable, rule.path)
    else:
        yield f"{variable} = {_literal(as_text(rule.constant))};"


def _path(variable: str, path: str) -> Iterator[str]:
    """What stands at a path, as text; each level is asked for before it is entered."""
    first, *rest = path.split(".")
    if any(part.isdecimal() for part in (first, *rest)):
        raise ConfigError(f"a script does not reach into lists (`{path}`)", hint="leave the field out: --without FIELD")
    if not rest:
        yield f'{variable} = ifnull(r.get({_literal(first)}),"").toString();'
        return
    yield f'{variable} = "";'
    holder = "r"
    for depth, part in enumerate((first, *rest[:-1])):
        indent = "    " * depth
        yield f"{indent}if({holder}.containsKey({_literal(part)}))"
        yield f"{indent}{{"
        inner = f"m_{variable.partition('_')[2]}_{depth}"
        yield f"{indent}    {inner} = {holder}.get({_literal(part)});"
        holder = inner
    indent = "    " * len(rest)
    yield f'{indent}{variable} = ifnull({holder}.get({_literal(rest[-1])}),"").toString();'
    for depth in range(len(rest) - 1, -1, -1):
        yield "    " * depth + "}"


def _table(variable: str, rule: Rule) -> Iterator[str]:
    for place, (value, made) in enumerate(rule.table.items()):
        yield f"{'else ' if place else ''}if({variable} == {_literal(value)})"
        yield "{"
        yield f"    {variable} = {_literal(made)};"
        yield "}"
    missing = f'problem = "no entry in the table of {rule.where}";'
    yield "else"
    yield "{"
    yield f"    {variable} = {_literal(as_text(rule.default))};" if rule.default is not None else f"    {missing}"
    yield "}"


def _lookup(variable: str, name: str, rule: Rule, rules: Rules) -> Iterator[str]:
    """The ID of the other entity's row, by its key; without one the record waits for it."""
    other = rules.entities[rule.lookup]
    if not rule.path:
        raise _cannot(rule, name, "a lookup needs a path")
    yield from _path(variable, rule.path)
    yield f"o_{name} = {_link(other.form)}[{_link(other.key)} == {variable}];"
    yield f'if({variable} != "" && o_{name}.count() == 0)'
    yield "{"
    yield f'    problem = "no row in {other.form} for its {name}";'
    yield "}"


def _typed(variable: str, name: str, rule: Rule, field: Field) -> Iterator[str]:
    """The text as the field's own type takes it; an empty one clears a number or a date."""
    match field.type:
        case 1 | 3 | 26 | 27 | 31:
            yield f"{variable} = {variable}.left({rule.cut or field.most or 255});"
        case 2 | 4 if rule.cut:
            yield f"{variable} = {variable}.left({rule.cut});"
        case 2 | 4 | 12 | 13:
            return
        case 5:
            yield from _or_null(variable, "toLong()")
        case 6 | 7 | 8:
            rounded = f".round({rule.round})" if rule.round is not None else ""
            yield from _or_null(variable, f"toDecimal(){rounded}")
        case 10 if not rule.format:
            yield from _or_null(variable, 'left(10).toDate("yyyy-MM-dd")')
        case 10:
            raise _cannot(rule, name, "a script reads dates as yyyy-MM-dd only")
        case 16:
            yield f'{variable} = {variable} == "true";'
        case _:
            raise _cannot(rule, name, f"it is not settled how a script fills a {field.kind} field")


def _or_null(variable: str, conversion: str) -> Iterator[str]:
    yield f'if({variable} == "")'
    yield "{"
    yield f"    {variable} = null;"
    yield "}"
    yield "else"
    yield "{"
    yield f"    {variable} = {variable}.{conversion};"
    yield "}"


def _cannot(rule: Rule, name: str, why: str) -> ConfigError:
    hint = f"leave it to `zsync run`, or out: --without {name}"
    return ConfigError(f"`{rule.where}` cannot be done in Deluge: {why}", hint=hint)


# --- the record, the pages, the frame -----------------------------------------------------------------------------------------


def _conditions(where: Sequence[Condition]) -> Iterator[str]:
    """`wanted` says whether a record is to be written."""
    if not where:
        return
    yield "wanted = true;"
    for place, (path, operator, operand) in enumerate(where):
        variable = f"w_{place}"
        yield from _path(variable, path)
        yield f"if({_refused(variable, operator, operand)})"
        yield "{"
        yield "    wanted = false;"
        yield "}"


def _refused(variable: str, operator: str, operand: object) -> str:
    """The condition under which a record is left out."""
    text = _literal(as_text(operand))  # type: ignore[arg-type] # a value of the configuration
    match operator:
        case "is":
            return f"{variable} != {text}"
        case "not":
            return f"{variable} == {text}"
        case "set":
            return f'{variable} {"==" if operand else "!="} ""'
        case "in" if isinstance(operand, list):
            return " && ".join(f"{variable} != {_literal(as_text(each))}" for each in operand) or "true"
        case _:
            sign = {"lt": ">=", "le": ">", "gt": "<=", "ge": "<"}[operator]
            return f'{variable} == "" || {variable}.toDecimal() {sign} {text}.toDecimal()'


def _record(rule: EntityRule, fields: Mapping[str, Rule], block: Sequence[str], *, guarded: bool) -> Iterator[str]:
    """Fields, then the row by its key: changed if it is there, else inserted. One failure is logged and the others go on."""
    indent = ""
    if guarded:
        yield "if(wanted)"
        yield "{"
        indent = "    "
    yield f"{indent}try"
    yield f"{indent}{{"
    yield f'{indent}    problem = "";'
    yield from (f"{indent}    {line}" for line in block)
    yield f'{indent}    if(problem != "")'
    yield f"{indent}    {{"
    yield from (f"{indent}        {line}" for line in _log(rule, "problem"))
    yield f"{indent}    }}"
    yield f"{indent}    else"
    yield f"{indent}    {{"
    yield f"{indent}        row = {_link(rule.form)}[{_link(rule.key)} == v_{rule.key}];"
    yield f"{indent}        if(row.count() == 0)"
    yield f"{indent}        {{"
    yield f"{indent}            newId = insert into {_link(rule.form)}"
    yield f"{indent}            ["
    yield f"{indent}                Added_User = zoho.loginuser"
    yield from (f"{indent}                {_link(name)} = {_assigned(name, each)}" for name, each in fields.items())
    yield f"{indent}            ];"
    yield f"{indent}        }}"
    yield f"{indent}        else if(row.count() == 1)"
    yield f"{indent}        {{"
    changed = [f"row.{_link(name)} = {_assigned(name, each)};" for name, each in fields.items() if name != rule.key]
    yield from (f"{indent}            {line}" for line in changed)
    yield f"{indent}        }}"
    yield f"{indent}        done = done + 1;"
    yield f"{indent}    }}"
    yield f"{indent}}}"
    yield f"{indent}catch (e)"
    yield f"{indent}{{"
    yield from (f"{indent}    {line}" for line in _log(rule, "e.message"))
    yield f"{indent}}}"
    if guarded:
        yield "}"


def _assigned(name: str, rule: Rule) -> str:
    return f"o_{name}.ID" if rule.lookup else f"v_{name}"


def _log(rule: EntityRule, message: str) -> Iterator[str]:
    yield "failed = failed + 1;"
    yield "logId = insert into Sync_Log"
    yield "["
    yield "    Added_User = zoho.loginuser"
    yield f"    Entity = {_literal(rule.name)}"
    yield '    Record_Id = ifnull(r.get("Id"),"").toString()'
    yield f"    Message = {message}.left(255)"
    yield "];"


def _head(rule: EntityRule, origin: Origin, pages: int, size: int, statements: int) -> Iterator[str]:
    yield f"// zsync export deluge {rule.name}: {origin.object} of QuickBooks into the form {rule.form}."
    yield "// Paste it into a schedule: Workflow > Schedules > Deluge script. Checked by structure, not by Zoho's compiler."
    yield f"// One run: at most {pages} calls, {pages * size} records, some {statements} of 5,000 statements, and five minutes."
    yield "// Needs the forms Sync_State (Name, Prev_Time, Last_Time, Last_Result: single line; Last_Count: number) with a row"
    yield f"// whose Name is {rule.name}, and Sync_Log (Entity, Record_Id, Message: single line), and the connection"
    yield f"// {origin.connection} to QuickBooks, with a sign-in of its own: two programs with one would end each other's."
    yield "// It reads again what the last run read, so that nothing falls between two runs. Deletions do not show in queries:"
    yield "// they are found by zsync run, to which the first load belongs as well."


def _constants(rule: EntityRule, origin: Origin) -> Iterator[str]:
    yield f"realm = {_literal(origin.realm)};"
    yield f"qboBase = {_literal(origin.api.rstrip('/') + '/v3/company/')} + realm;"
    yield f"state = Sync_State[Name == {_literal(rule.name)}];"
    yield 'since = ifnull(state.Prev_Time,"");'
    yield 'if(since == "")'
    yield "{"
    yield '    since = zoho.currentdate.addDay(-1).toString("yyyy-MM-dd") + "T00:00:00Z";'
    yield "}"
    yield 'started = "";'
    yield 'trouble = "";'
    yield "more = true;"
    yield "done = 0;"
    yield "failed = 0;"


def _pages(origin: Origin, pages: int, size: int, record: Sequence[str]) -> Iterator[str]:
    active = "Active in (true, false) and " if origin.object in _NAMES else ""
    query = f"select * from {_link(origin.object)} where {active}MetaData.LastUpdatedTime >= '"  # noqa: S608 - checked names
    before, after, end = _literal(query), _literal("' orderby Id startposition "), _literal(f" maxresults {size}")
    yield f"for each page in {{{','.join(str(page) for page in range(pages))}}}"
    yield "{"
    yield "    if(more)"
    yield "    {"
    yield f"        position = page * {size} + 1;"
    yield f"        q = {before} + since + {after} + position + {end};"
    yield "        resp = invokeurl"
    yield "        ["
    yield '            url: qboBase + "/query?minorversion=75&query=" + zoho.encryption.urlEncode(q)'
    yield "            type: GET"
    yield '            headers: {"Accept":"application/json"}'
    yield f"            connection: {_literal(origin.connection)}"
    yield "            detailed: true"
    yield "        ];"
    yield "        more = false;"
    yield '        if(resp.get("responseCode") == 200)'
    yield "        {"
    yield '            body = resp.get("responseText").toString().toMap();'
    yield '            if(body.containsKey("Fault"))'
    yield "            {"
    yield '                trouble = "fault: " + body.get("Fault").toString().left(200);'
    yield "            }"
    yield "            else"
    yield "            {"
    yield '                if(started == "")'
    yield "                {"
    yield '                    started = body.get("time");'
    yield "                }"
    yield '                answer = body.get("QueryResponse");'
    yield f"                if(answer.containsKey({_literal(origin.object)}))"
    yield "                {"
    yield f"                    rows = answer.get({_literal(origin.object)});"
    yield f"                    more = rows.size() == {size};"
    yield "                    for each r in rows"
    yield "                    {"
    yield from (f"                        {line}" for line in record)
    yield "                    }"
    yield "                }"
    yield "            }"
    yield "        }"
    yield "        else"
    yield "        {"
    yield '            trouble = "QuickBooks answered " + resp.get("responseCode");'
    yield "        }"
    yield "    }"
    yield "}"


def _end(rule: EntityRule, origin: Origin) -> Iterator[str]:
    """The mark moves on only when all went well, so that what failed is read again."""
    yield "if(more)"
    yield "{"
    yield '    trouble = "more changed than one run can read: zsync run takes it all";'
    yield "}"
    yield 'if(trouble == "" && failed == 0)'
    yield "{"
    yield "    state.Prev_Time = state.Last_Time;"
    yield "    state.Last_Time = started;"
    yield '    state.Last_Result = "ok";'
    yield "}"
    yield "else"
    yield "{"
    yield '    state.Last_Result = failed + " failed " + trouble;'
    yield "}"
    yield "state.Last_Count = done;"
    yield f'info {_literal(rule.name + ": ")} + done + " written, " + failed + " failed " + trouble;'
    if origin.mail:
        yield 'if(trouble != "" || failed > 0)'
        yield "{"
        yield "    sendmail"
        yield "    ["
        yield "        from: zoho.adminuserid"
        yield f"        to: {_literal(origin.mail)}"
        yield f"        subject: {_literal('QuickBooks pull of ' + rule.name + ' needs a look')}"
        yield '        message: failed + " records failed. " + trouble'
        yield "    ];"
        yield "}"


# --- limits -------------------------------------------------------------------------------------------------------------------


def _within_limits(record: Sequence[str]) -> tuple[int, int, int]:
    """(pages, size of a page, statements of a full run by our estimate). Each `+` of a text was seen to count as well."""
    each = _statements(record)
    for size in (PAGE, 50, _SMALLEST_PAGE):
        for pages in range(_MOST_PAGES, 0, -1):
            total = 30 + pages * 20 + pages * size * each
            if total <= MOST_STATEMENTS:
                return pages, size, total
    raise ConfigError(
        f"a record takes {each} statements, and a run has some 5,000: not even {_SMALLEST_PAGE} records fit",
        hint="leave fields out: --without FIELD; or leave this entity to `zsync run`",
    )


def _statements(lines: Sequence[str]) -> int:
    """What a record may cost: simple statements, conditions, and each `+`; of branches all are counted."""
    ends = sum(line.rstrip().endswith(";") for line in lines)
    heads = sum(line.lstrip().startswith(("if(", "else if(", "for each")) for line in lines)
    return ends + heads + sum(line.count(" + ") for line in lines)


def _literal(text: str) -> str:
    """A text in double quotes, with what would end it escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{escaped}"'


def _link(name: str) -> str:
    """A link name as it stands in a script: checked, because nothing else may stand there."""
    if not _NAME.match(name):
        raise ConfigError(f"`{name}` is no link name", hint="letters, digits and _, beginning with a letter")
    return name
