"""The settings of a Zoho Creator target: [target], and the target's share of an entity that the user named, [entities.NAME].

The other share is the source's (`object`, `report`): both stand in one table, so an entity's model is put together from both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, create_model, model_validator

from zsync.errors import ConfigError
from zsync.mapping.fields import KINDS, OPERATORS, As, Condition, Rule, is_path
from zsync.mapping.shaped import Feed
from zsync.mapping.templates import check
from zsync.model.record import Value
from zsync.net.duration import Duration
from zsync.net.secret import Secret
from zsync.ports import Switches
from zsync.targets.creator.rules import EntityRule, FormRule, Rules
from zsync.targets.zoho.centres import CENTRES, Centre
from zsync.targets.zoho.settings import Share, Url

LINK_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_APP_NAME = r"^[A-Za-z0-9_-]+$"
_ENTITY = re.compile(r"[a-z][a-z0-9_]{0,19}\Z")


def _path(value: str) -> str:
    if value and not is_path(value):
        raise ValueError('give a path such as "BillAddr.City", with a dot between names and no blanks')
    return value


def _template(value: str) -> str:
    if value:
        try:
            check(value, "this field")
        except ConfigError as err:
            raise ValueError(err.message) from err
    return value


def _field(value: object) -> object:
    """A text is a path, or a template where it has braces."""
    if isinstance(value, str):
        return {"template": value} if "{{" in value or "{%" in value else {"from": value}
    return value


def _entity(value: str) -> str:
    if not _ENTITY.match(value):
        raise ValueError("an entity's name is at most 20 of a-z, 0-9 and _, beginning with a letter; it stays in keys")
    return value


def _constant(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('give a number with a point as text, such as "0.05": numbers are exact')
    return value


Path = Annotated[str, AfterValidator(_path)]
Template = Annotated[str, AfterValidator(_template)]
LinkName = Annotated[str, Field(pattern=LINK_NAME, max_length=100)]
Constant = Annotated[str | bool | int | None, BeforeValidator(_constant)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


class FieldSettings(_Strict):
    """A line of [entities.NAME.map]: where a field's value comes from. A text alone is a path, or a template."""

    from_: Path = Field("", alias="from", description="path in the record")
    template: Template = Field("", description="text with {{ path }} in it")
    value: Constant = Field(None, description="a constant")
    as_: As | Literal[""] = Field("", alias="as", description=f"what the value is: {', '.join(KINDS)}; else what the field takes")
    format: str = Field("", max_length=60, description="how the source writes dates, as for strptime, where that is not ISO 8601")
    default: Constant = Field(None, description="written where the record has nothing")
    table: Mapping[str, str] = Field(default_factory=dict, description="value in the record = value in the field")
    lookup: str = Field("", description="the entity that the value is an id of: the field is a lookup of its form")
    round: int | None = Field(None, ge=0, le=10, description="decimals to round to, half away from zero")
    cut: int | None = Field(None, ge=1, le=65_535, description="characters after which a text is cut")
    split: str = Field("", max_length=5, description="what stands between the parts of a text that is a list")
    each: Path = Field("", description="path of the list whose members become the rows of a subform")
    fields: Mapping[LinkName, MapValue] = Field(
        default_factory=dict, description="the parts of a name or an address, or the fields of a subform's rows"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [bool(self.from_), bool(self.template), self.value is not None, bool(self.fields)]
        if sum(given) != 1:
            raise ValueError('say where the value comes from by one of: from = "path", template, value, fields')
        if self.each and not self.fields:
            raise ValueError("each needs fields: what becomes of each member")
        return self

    def rule(self, where: str) -> Rule:
        """As the mapping works with it; `where` is its key in the configuration."""
        return Rule(
            where=where,
            path=self.from_,
            template=self.template,
            constant=_value(self.value),
            as_=self.as_,
            format=self.format,
            default=_value(self.default),
            table=self.table,
            lookup=self.lookup,
            round=self.round,
            cut=self.cut,
            split=self.split,
            parts={name: each.rule(f"{where}.fields.{name}") for name, each in self.fields.items()},
            each=self.each,
        )


MapValue = Annotated[FieldSettings, BeforeValidator(_field, json_schema_input_type=str | FieldSettings)]
FieldSettings.model_rebuild()


class GoneSettings(_Strict):
    """`gone` where a row is marked rather than deleted."""

    field: LinkName = Field(description="the field that is set")
    value: Constant = Field(description="what it is set to")
    back: Constant = Field(None, description="what it is set to where the record comes back; for true and false the other one")


class CreatorEntity(_Strict):
    """[entities.NAME]: the form that an entity goes to, and how"""

    form: LinkName = Field(description="link name of the form that is written to")
    report_name: LinkName = Field(description="link name of a report of that form: rows are read, updated and deleted through it")
    key: LinkName = Field(description="the field that tells the rows apart: unique in the form, and in the map")
    map: Mapping[LinkName, MapValue] = Field(
        min_length=1, description="field of the form = path in the record, template, or a table"
    )
    each: Path = Field("", description="path of a list: each of its members becomes a row (the lines of an invoice)")
    where: Mapping[Path, Any] = Field(
        default_factory=dict, description="only records with these values: a value, a list of them, or { gt = 0 } and the like"
    )
    write: Literal["update", "replace"] = Field(
        "update", description="changed rows are updated one by one, or deleted and added in lots of 200"
    )
    gone: Literal["delete"] | GoneSettings = Field(
        "delete", description='what becomes of rows whose record is gone: "delete", or { field = "Active", value = false }'
    )
    auto_create: bool = Field(True, description="new records are written to the target")
    auto_update: bool = Field(True, description="changed records are written again")
    auto_delete: bool = Field(True, description="deleted in the source: deleted, or marked as `gone` says")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.key not in self.map:
            raise ValueError(f"the key field `{self.key}` must be in the map")
        key = self.map[self.key]
        if key.fields or key.lookup:
            raise ValueError(f"the key field `{self.key}` must be a plain text or number")
        if isinstance(self.gone, GoneSettings) and self.gone.field == self.key:
            raise ValueError("the key field cannot mark a row as gone")
        if isinstance(self.gone, GoneSettings) and self.write == "replace":
            raise ValueError('`write = "replace"` deletes rows that change, so `gone` cannot mark them: leave one of the two out')
        for _ in self.conditions():
            pass  # raises ValueError for one that is none
        return self

    def conditions(self) -> Iterator[Condition]:
        """`where` as the mapping works with it."""
        for path, wanted in self.where.items():
            if not isinstance(wanted, Mapping):
                yield path, "in" if isinstance(wanted, list) else "is", _value(wanted)
                continue
            for operator, operand in wanted.items():
                if operator not in OPERATORS:
                    raise ValueError(f"where.{path}: `{operator}` is no comparison; known: {', '.join(OPERATORS)}")
                yield path, operator, _value(operand)


class LimitSettings(_Strict):
    """[target.limits]"""

    calls_per_minute: int = Field(45, ge=1, le=100_000, description="calls in any 60 seconds; Creator allows a user 50")
    calls_per_day: int = Field(
        250,
        ge=1,
        description="calls a day: the plan's number for all its users (Standard 250, Professional 500, Enterprise 1000 each)",
    )
    reserve: Share = Field(Decimal("0.2"), description="share of the day that is left to people and other programs")
    concurrency: int = Field(4, ge=1, le=6, description="calls under way at once; Creator allows an account 6")
    timeout: Duration = Field(60.0, description="longest life of one call")
    grace: Duration = Field(17 * 60.0, description="how long a write whose answer was lost may still land and be found")


class CreatorSettings(_Strict):
    """[target]"""

    type: Literal["zoho-creator"] = Field("zoho-creator", description="the target")
    data_center: Literal["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"] = Field(description="Zoho's data centre")
    owner: str = Field(pattern=_APP_NAME, description="name of the account that owns the application, as in its address")
    app: str = Field(pattern=_APP_NAME, description="link name of the application")
    environment: Literal["production", "development", "stage"] = Field("production", description="the application's environment")
    client_id: str = Field(min_length=1, description="of the client in the Zoho API console")
    client_secret: Secret = Field(description="of the client in the Zoho API console")
    accounts_url: Url = Field("", description="overrides the data centre's sign-in server")
    api_url: Url = Field("", description="overrides the data centre's API host")
    web_url: Url = Field("", description="overrides the data centre's web address, for links")
    skip_workflow: tuple[Literal["all", "form_workflow", "schedules"], ...] = Field(
        (), description='workflows of the forms that our writes do not start: "all", or "form_workflow", "schedules"'
    )
    redirect_port: int = Field(8976, ge=1024, le=65535, description="port of the sign-in's callback on 127.0.0.1")
    limits: LimitSettings = Field(default_factory=LimitSettings, description="calls, time-outs")

    @property
    def centre(self) -> Centre:
        base = CENTRES[self.data_center]
        return Centre(self.accounts_url or base.accounts, self.api_url or base.api, self.web_url or base.creator)

    @property
    def redirect_uri(self) -> str:
        return f"http://127.0.0.1:{self.redirect_port}/callback"


# --- entities that the user names -----------------------------------------------------------------------------------------

EntityName = Annotated[str, AfterValidator(_entity)]


@cache
def entities_of(reads: type[BaseModel]) -> type[RootModel[Any]]:
    """The model of [entities]: tables by any name, each with the source's share (`reads`) and ours."""
    entity = create_model("Entity", __base__=(CreatorEntity, reads), __doc__="[entities.NAME]")

    class Entities(RootModel[dict[EntityName, entity]]):
        """[entities.*], by the names that the user gives them"""

        @model_validator(mode="after")
        def _together(self) -> Self:
            for words in _clashes(self.root):
                raise ValueError(words)
            return self

    return Entities


def _clashes(entities: Mapping[str, Any]) -> Iterator[str]:
    """What single tables cannot see: one form in several ways, lookups of nothing."""
    forms: dict[str, tuple[str, Any]] = {}
    taken: dict[tuple[str, str, str], str] = {}
    for name, each in entities.items():
        first, other = forms.setdefault(each.form, (name, each))
        if (each.key, each.report_name, each.write, each.gone) != (other.key, other.report_name, other.write, other.gone):
            yield f"{first} and {name} share the form {each.form}: key, report_name, write and gone must be the same in both"
        origin = each.origin(name)
        same = taken.setdefault((each.form, origin, each.each), name)
        if same != name and not (each.where and entities[same].where):
            yield f"{same} and {name} write the same records to the form {each.form}: only with `where` in both can that be meant"
        for field, rule in each.map.items():
            for lookup in _lookups(rule):
                if lookup not in entities:
                    yield f"{name}.map.{field}: there is no entity `{lookup}` to look up; known: {', '.join(entities)}"


def _lookups(rule: FieldSettings) -> Iterator[str]:
    if rule.lookup:
        yield rule.lookup
    for part in rule.fields.values():
        yield from _lookups(part)


@dataclass(frozen=True, slots=True)
class Made:
    """[entities] taken apart, for the engine's side (`feeds`, `switches`) and for ours (`rules`)."""

    feeds: tuple[Feed, ...]
    switches: Mapping[str, Switches]
    rules: Rules


def made(entities: RootModel[Any], tag: str) -> Made:
    """What the settings of the entities mean."""
    table: Mapping[str, Any] = entities.root
    feeds = tuple(
        Feed(name, each.origin(name), tuple(each.conditions()), each.each, each.line_id) for name, each in table.items()
    )
    switches = {name: Switches(each.auto_create, each.auto_update, each.auto_delete) for name, each in table.items()}
    forms = {each.form: _form(each) for each in table.values()}
    rules = {
        name: EntityRule(
            name,
            each.form,
            each.key,
            {field: rule.rule(f"entities.{name}.map.{field}") for field, rule in each.map.items()},
            each.auto_delete,
        )
        for name, each in table.items()
    }
    return Made(feeds, switches, Rules(tag, rules, forms))


def _form(each: Any) -> FormRule:
    gone = each.gone
    if not isinstance(gone, GoneSettings):
        return FormRule(each.form, each.report_name, each.key, each.write == "replace")
    back = gone.back if gone.back is not None else (not gone.value if isinstance(gone.value, bool) else "")
    return FormRule(each.form, each.report_name, each.key, each.write == "replace", gone.field, gone.value, back)


def _value(node: Any) -> Value:
    """A constant of the configuration as the mapping's values: numbers exact."""
    match node:
        case bool() | str() | None:
            return node
        case int():
            return Decimal(node)
        case float():
            return Decimal(repr(node))
        case list() | tuple():
            return [_value(each) for each in node]
        case _:
            return str(node)
