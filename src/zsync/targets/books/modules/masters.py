"""Contacts and items: found by name or sku, disabled instead of deleted, taken into use again under their id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsync.model.intent import Body, Difference, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Stranger
from zsync.targets.books.modules.base import BooksModule, differences, stripped

_ALL = {"filter_by": "Status.All"}  # the list shows active ones only, by default


class _Master(BooksModule):
    revivable = True

    def withdraw(self, standing: Standing) -> Written | None:
        self._calls.post(f"{self.path}/{standing.id}/inactive")
        return self._switched(standing, "inactive")

    def revive(self, standing: Standing) -> Written:
        self._calls.post(f"{self.path}/{standing.id}/active")
        return self._switched(standing, "active")

    def _switched(self, standing: Standing, status: str) -> Written:
        before = standing.written
        return Written(standing.id, before.number, before.total, status, before.modified, before.parts)

    def _is_void(self, content: Mapping[str, Any]) -> bool:
        return str(content.get("status", "active")) == "inactive"


class Contacts(_Master):
    """Customers. `contact_number` carries our key where Zoho takes it; the name is unique by us."""

    name = "contacts"
    path = "/contacts"
    resource = "contact"
    listing = "contacts"
    id_field = "contact_id"
    number_field = "contact_name"
    once = frozenset({"currency_id"})

    def _find(self, key: Key, body: Body) -> Found:
        """By exact name (blanks and case aside), then the key it carries, else equal in all fields sent."""
        wanted = _folded(str(body["contact_name"]))
        rows = [row for row in self._listed({**_ALL, "contact_name": str(body["contact_name"])}) if _is_named(row, wanted)]
        for row in rows:
            content = self._content(str(row["contact_id"]))
            if content is None:
                continue
            written = self._written(content, body, read=True)
            carried = str(content.get("contact_number", ""))
            if carried == str(key):
                return written
            if not list(_differences_but_number(body, content)):
                return Stranger(written, ours=True)
            return Stranger(written, ours=False, message=f"a contact of this name stands in Zoho already (id {written.id})")
        return None

    def renamed(self, key: Key, body: Body) -> Body | None:
        suffix = f" ({key.id})"
        name = str(body["contact_name"])
        return None if name.endswith(suffix) else {**body, "contact_name": name[: 200 - len(suffix)] + suffix}

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        content = written.content or {}
        return tuple(_differences_but_number(body, content))

    def _whole(self, standing: Standing, body: Body) -> Mapping[str, object]:
        """A PUT may replace the persons: the ones that we own go with their ids."""
        whole = stripped(body)
        people, known = whole.get("contact_persons"), standing.written.parts
        if isinstance(people, list) and "person:0" in known:
            whole["contact_persons"] = [
                {**person, "contact_person_id": known[f"person:{n}"]} if f"person:{n}" in known else person
                for n, person in enumerate(people)
            ]
        return whole

    def _written(self, content: Mapping[str, Any], body: Body, *, read: bool = False) -> Written:
        made = super()._written(content, body, read=read)
        people = content.get("contact_persons")
        ids = {
            f"person:{n}": str(person["contact_person_id"])
            for n, person in enumerate(people if isinstance(people, list) else [])
            if isinstance(person, Mapping) and person.get("contact_person_id")
        }
        return Written(made.id, made.number, None, made.status, made.modified, ids, made.content)


class Items(_Master):
    """Room types, services and the collective items, found by sku, else by name (both are unique)."""

    name = "items"
    path = "/items"
    resource = "item"
    listing = "items"
    id_field = "item_id"
    number_field = "sku"

    def _find(self, key: Key, body: Body) -> Found:
        for row in self._listed({**_ALL, "name": str(body["name"])}):
            if _folded(str(row.get("name", ""))) == _folded(str(body["name"])):
                content = self._content(str(row["item_id"]))
                if content is None:
                    continue
                written = self._written(content, body, read=True)
                if str(content.get("sku", "")) == body["sku"]:
                    return written
                return Stranger(written, ours=False, message=f"an item of this name stands in Zoho already (id {written.id})")
        return None

    def read(self, standing: Standing) -> Written | Gone:
        return super().read(standing)


def _differences_but_number(body: Body, content: Mapping[str, Any]) -> list[Difference]:
    """Zoho may keep numbers of contacts to itself (facts, section 6): a missing one is no difference."""
    found = list(differences(body, content))
    return [each for each in found if each.field != "contact_number" or each.theirs.startswith(f"{Key(each.ours).tag}:")]


def _is_named(row: Mapping[str, Any], folded: str) -> bool:
    return _folded(str(row.get("contact_name", ""))) == folded


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
