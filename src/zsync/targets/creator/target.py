"""Zoho Creator as a target: a module for each form, the mapping, and what can be checked before a first run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from zsync.errors import ConfigError, ZsyncError
from zsync.model.intent import Body, KnownRows, Plan, Ref
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.model.row import Row
from zsync.net.client import Http
from zsync.net.pace import Pace
from zsync.ports import Budget, Finding, Match, Module, Quota
from zsync.targets.creator import adoption, mapping
from zsync.targets.creator.client import CreatorClient
from zsync.targets.creator.forms import kept_field, written_day
from zsync.targets.creator.links import link
from zsync.targets.creator.module import FormModule
from zsync.targets.creator.rules import FormRule, Rules
from zsync.targets.creator.settings import CreatorSettings

if TYPE_CHECKING:
    from zsync.targets.zoho.oauth import Zoho


class CreatorTarget:
    """Implements `zsync.ports.Target`. Nothing is sent before the first call."""

    name = "zoho-creator"

    def __init__(self, settings: CreatorSettings, rules: Rules, http: Http, pace: Pace, zoho: Zoho) -> None:
        self._settings = settings
        self._rules = rules
        self._http = http
        self._pace = pace
        self._zoho = zoho
        self._client = CreatorClient(
            http, pace, settings.owner, settings.app, environment=settings.environment, skip=settings.skip_workflow
        )
        self._modules = {form: FormModule(self._client, rule) for form, rule in rules.forms.items()}

    @property
    def realm(self) -> str:
        return realm(self._settings)

    @property
    def modules(self) -> Mapping[str, Module]:
        return self._modules

    @property
    def calls(self) -> int:
        return self._client.calls

    @property
    def accounts_calls(self) -> int:
        return self._zoho.calls

    def learn(self) -> Mapping[str, Any]:
        """Date format and zone of the application, the fields of each form: a call, and one for each form. ConfigError for a date
        format that is not understood, and for a key field that is not unique."""
        app = self._client.application()
        pattern = str(app.get("date_format") or "")
        written_day(date(2000, 1, 1), pattern)
        forms = {
            form: {str(each.get("link_name")): kept_field(each) for each in self._client.fields(form)}
            for form in self._rules.forms
        }
        for rule in self._rules.forms.values():
            _check_key(rule, forms[rule.form])
        return {
            "organization": {"name": str(app.get("application_name") or ""), "time_zone": str(app.get("time_zone") or "")},
            "date_format": pattern,
            "forms": forms,
        }

    def describe(self, name: str) -> Mapping[str, Any]:
        """The facts of one form, whether the configuration names it or not."""
        fields = {str(each.get("link_name")): kept_field(each) for each in self._client.fields(name)}
        return {"organization": {}, "date_format": "", "forms": {name: fields}}

    def plan(self, record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any]) -> Plan:
        return mapping.plan(record, known, refused, facts, self._rules)

    def own(self, key: Key, read_at: datetime) -> Record | None:
        return None

    def refers(self, plan: Plan) -> Mapping[Key, Sequence[Ref]]:
        return mapping.refers(plan)

    def removable(self, rows: Sequence[Row], allowed: Collection[Ref]) -> Collection[Ref]:
        """Rows are copies of what the source has: all of them may go with it."""
        return list(allowed)

    def check(self) -> Iterator[Finding]:
        """Sign-in, application, forms with their key fields, reports."""
        try:
            facts = self.learn()
            reports = self._client.reports()
        except ZsyncError as err:
            yield Finding("Zoho Creator", False, err.message, err.hint)
            return
        about = facts["organization"]
        words = f"application `{about['name']}`, dates as {facts['date_format']}, time zone {about['time_zone'] or 'unknown'}"
        yield Finding("Zoho Creator", True, words)
        for rule in self._rules.forms.values():
            if rule.report in reports:
                yield Finding(f"form {rule.form}", True, f"its key field `{rule.key}` is unique; seen through {rule.report}")
            else:
                words = f"the application has no report `{rule.report}`"
                yield Finding(f"form {rule.form}", False, words, f"reports: {', '.join(sorted(reports))}")

    @property
    def adoptable(self) -> Sequence[str]:
        return tuple(self._modules)

    @property
    def asked_singly(self) -> Collection[str]:
        return ()

    def recognise(self, module: str, asked: Sequence[tuple[Key, Body]]) -> Iterator[Match | None]:
        return adoption.recognise(self._client, self._modules[module], asked)

    def claimed(self, tag: str) -> Collection[Key]:
        """Rows carry the user's own keys, and Creator refuses a second: nothing can double by a lost state."""
        return ()

    def latest(self, tag: str) -> Collection[Key]:
        return ()

    def link(self, module: str, id: str) -> str:
        return link(self._settings, self._rules, module, id)

    def number_label(self, module: str) -> str:
        return "row"

    @property
    def concurrency(self) -> int:
        return self._pace.concurrency

    def reserve(self, calls: int) -> None:
        self._pace.release()
        self._pace.reserve(calls)

    def quota(self) -> Quota:
        return self._pace.quota()

    def budget(self) -> Budget:
        return self._pace.budget()

    def close(self) -> None:
        self._http.close()


def realm(settings: CreatorSettings) -> str:
    """Identity of the application: its environments are stores of their own."""
    stage = "" if settings.environment == "production" else f"/{settings.environment}"
    return f"zoho-creator:{settings.owner}/{settings.app}{stage}"


def _check_key(rule: FormRule, fields: Mapping[str, Mapping[str, Any]]) -> None:
    key = fields.get(rule.key)
    if key is None:
        known = ", ".join(sorted(fields))
        raise ConfigError(f"the form `{rule.form}` has no field `{rule.key}` to be its key", hint=f"its fields: {known}")
    if not key["unique"]:
        raise ConfigError(
            f"the key field `{rule.key}` of the form `{rule.form}` is not unique, so a lost answer could double a row",
            hint='set "No duplicate values" for the field in Creator, or name another field as key',
        )
    if key["type"] not in (1, 3, 5, 27):
        raise ConfigError(
            f"the key field `{rule.key}` of the form `{rule.form}` is no text or number", hint="choose a single line field"
        )
