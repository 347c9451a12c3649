"""Contacts and items: found by name or sku, disabled instead of deleted, taken into use again under their id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zsync.model.intent import Body, Difference, Node, Written
from zsync.model.key import Key
from zsync.ports import Found, Standing, Stranger, Write
from zsync.targets.books.modules.base import BooksModule, Calls
from zsync.targets.books.modules.values import Content, compared, identity, key_in, normal, rows, sendable, text

_ALL = {"filter_by": "Status.All"}  # the list shows active ones only, by default
_LONGEST_FILTER = 100
_LONGEST_NAME = 200
_PERSON_FIELDS = ("salutation", "first_name", "last_name", "email", "phone", "mobile", "designation", "department")


class _Master(BooksModule):
    revivable = True
    void_statuses: frozenset[str] = frozenset({"inactive"})  # reads as gone; it is found all the same, since it has its name

    def withdraw(self, standing: Standing) -> Written | None:
        return self._moved(standing, "inactive", "inactive")

    def revive(self, standing: Standing) -> Written:
        return self._revived(standing, "active", "active")


class Contacts(_Master):
    """Customers. `contact_number` carries our key where Zoho takes it, and so does a custom field where one is configured.

    E-mail and phones live in contact persons; a PUT that left one out would delete it, so those that others added go along.
    """

    name = "contacts"
    path = "/contacts"
    resource = "contact"
    listing = "contacts"
    id_field = "contact_id"
    number_field = "contact_name"
    once = frozenset({"currency_id"})
    only_created = frozenset({"language_code", "is_portal_enabled"})
    unshown = frozenset({"contact_type", "customer_sub_type", "currency_id"})
    # What an update cannot carry may be emptied by it (facts, section 7): that is nobody's edit.
    uncompared = only_created | {"contact_number", "ignore_auto_number_generation", "contact_persons", "custom_fields"}

    def __init__(self, calls: Calls, key_field: str = "") -> None:
        super().__init__(calls)
        self._key_field = key_field

    def _find(self, key: Key, body: Body) -> Found:
        """By exact name (blanks and case aside), then the key it carries, else equal in all fields sent."""
        wanted = normal(str(body["contact_name"]))
        stranger: Stranger | None = None
        for id in self._named(str(body["contact_name"])):
            content = self.content(id)
            if content is None or normal(text(content, "contact_name")) != wanted:
                continue
            written = self._written(content, body)
            if str(key) in self._keys(content):
                return written
            message = f"contact {id} has the name that {key} should have, and does not carry that key"
            found = Stranger(written, self._could_be_ours(body, written, content), message)
            stranger = found if stranger is None or found.ours else stranger
        return stranger

    def carries(self, key: Key, id: str) -> bool:
        """Whether a contact carries our key, which lists do not show: one request."""
        content = self.content(id)
        return content is not None and str(key) in self._keys(content)

    def renamed(self, key: Key, body: Body) -> Body | None:
        """The name with the source's id behind it, as the mapping names later guests of one name."""
        suffix = f" ({key.id.partition('/')[0]})"
        name = str(body["contact_name"])
        if suffix in name:
            return None
        return {**body, "contact_name": name[: _LONGEST_NAME - len(suffix)].rstrip() + suffix}

    def _named(self, name: str) -> list[str]:
        """The ids of all contacts of this name, vendors and inactive ones, too: they share it. Filters take 100 characters."""
        field = "contact_name" if len(name) <= _LONGEST_FILTER else "contact_name_startswith"
        listed = self._listed({**_ALL, field: name[:_LONGEST_FILTER]})
        return [identity(row, "contact_id") for row in listed if normal(text(row, "contact_name")) == normal(name)]

    def _could_be_ours(self, body: Body, written: Written, content: Content) -> bool:
        """Zoho may keep numbers of contacts to itself (facts, section 6): then all that was sent must be there."""
        others = any(key_in(each) is not None for each in self._keys(content))
        return not others and text(content, "contact_type") != "vendor" and not self.differences(body, written)

    def _keys(self, content: Content) -> set[str]:
        """What stands where our key may stand."""
        found = {text(content, "contact_number")}
        if self._key_field:
            own = [row for row in rows(content, "custom_fields") if text(row, "api_name") == self._key_field]
            found |= {text(content, self._key_field), *(text(row, "value") for row in own)}
        return found - {""}

    # --- bodies ---------------------------------------------------------------------------------------------------------

    def _first(self, write: Write) -> dict[str, Any]:
        body = super()._first(write) | self._custom_fields(write.key, {})
        if body.get("is_portal_enabled"):
            body["contact_persons"] = [{**person, "enable_portal": True} for person in body["contact_persons"]]
        return body

    def _whole(self, standing: Standing, body: Body) -> dict[str, Any]:
        content = standing.written.content or {}
        whole = super()._whole(standing, body)
        persons = self._persons_of_update(standing, body, content)
        if persons:
            whole["contact_persons"] = persons
        return whole | self._custom_fields(standing.key, content)

    def _persons_of_update(self, standing: Standing, body: Body, content: Content) -> list[dict[str, Any]]:
        ids = {**standing.written.parts, **self._parts(content, body, standing.written.parts)}
        own = _persons(body)
        persons = [
            {**sendable(person), **({"contact_person_id": ids[part]} if part in ids else {})} for part, person in own.items()
        ]
        taken = {ids[part] for part in own if part in ids}
        for other in rows(content, "contact_persons"):
            if text(other, "contact_person_id") not in taken:
                kept = {name: text(other, name) for name in _PERSON_FIELDS if text(other, name)}
                persons.append({"contact_person_id": identity(other, "contact_person_id"), **kept})
        return persons

    def _custom_fields(self, key: Key, content: Content) -> dict[str, Any]:
        """Our key in its field; what others hold goes along."""
        if not self._key_field:
            return {}
        others = [row for row in rows(content, "custom_fields") if text(row, "api_name") not in ("", self._key_field)]
        kept = [{"api_name": text(row, "api_name"), "value": text(row, "value")} for row in others]
        return {"custom_fields": [{"api_name": self._key_field, "value": str(key)}, *kept]}

    # --- persons --------------------------------------------------------------------------------------------------------

    def _parts(self, content: Content, body: Body, parts: Mapping[str, str]) -> Mapping[str, str]:
        """The ids of our contact persons: `person:0` ..."""
        return {part: text(person, "contact_person_id") for part, person in _paired(content, body, parts).items()}

    def _differences(self, body: Body, content: Content, parts: Mapping[str, str]) -> Iterator[Difference]:
        yield from super()._differences(body, content, parts)
        paired = _paired(content, body, parts)
        for part, person in _persons(body).items():
            for name, ours in person.items():
                if name != "is_primary_contact":
                    yield from compared(f"{part}.{name}", ours, paired.get(part, {}).get(name))


class Items(_Master):
    """Room types, services and the collective items: ours is what has our name and our sku.

    The list has no documented filter by sku, so it is asked by name, then by a search for the sku; rows are compared here.
    """

    name = "items"
    path = "/items"
    resource = "item"
    listing = "items"
    id_field = "item_id"
    number_field = "sku"
    unshown = frozenset({"account_id", "item_type", "product_type"})

    def _find(self, key: Key, body: Body) -> Found:
        stranger: Stranger | None = None
        for id, same_name, same_sku in self._candidates(str(body["name"]), str(body["sku"])):
            content = self.content(id)
            if content is None:
                continue
            written = self._written(content, body)
            if same_name and same_sku:
                return written
            what = f"the sku {body['sku']}" if same_sku else f"the name of {key}"
            stranger = stranger or Stranger(written, False, f"item {id} has {what}, and is not ours")
        return stranger

    def _candidates(self, name: str, sku: str) -> Iterator[tuple[str, bool, bool]]:
        """(id, has our name, has our sku) of each item that has one of them, once."""
        seen: set[str] = set()
        for asked in ({"name": name[:_LONGEST_FILTER]}, {"search_text": sku[:_LONGEST_FILTER]}):
            for row in self._listed({**_ALL, **asked}):
                id = identity(row, "item_id")
                same_name, same_sku = normal(text(row, "name")) == normal(name), normal(text(row, "sku")) == normal(sku)
                if id not in seen and (same_name or same_sku):
                    seen.add(id)
                    yield id, same_name, same_sku


def _persons(body: Body) -> dict[str, dict[str, Node]]:
    listed = body.get("contact_persons")
    persons = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {f"person:{place}": person for place, person in enumerate(persons)}


def _paired(content: Content, body: Body, parts: Mapping[str, str]) -> dict[str, Content]:
    """Our persons as Zoho has them: by id where it is known, else the primary one for the first, then in order."""
    left = [row for row in rows(content, "contact_persons") if text(row, "contact_person_id")]
    left.sort(key=lambda row: text(row, "is_primary_contact").lower() != "true")
    paired: dict[str, Content] = {}
    for part in _persons(body):
        known = parts.get(part)
        row = next((row for row in left if known is None or text(row, "contact_person_id") == known), None)
        if row is not None:
            paired[part] = row
            left.remove(row)
    return paired
