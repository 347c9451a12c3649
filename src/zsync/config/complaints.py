"""What pydantic found, in the words of the configuration: key path, what is wrong, the nearest key that exists.

No value of the file is repeated: it may be a secret.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError

from zsync.config.places import KeyPath, dotted

Complained = tuple[KeyPath, str, str]


def complaints(error: ValidationError, model: type[BaseModel], root: KeyPath) -> Iterator[Complained]:
    """(key path, message, hint) of each thing wrong with the table at `root`, in the order of the file's settings."""
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        yield _complaint(each["type"], each["msg"], tuple(str(part) for part in each["loc"]), model, root)


def nearest(key: str, known: Iterable[str]) -> str:
    """A hint: the known key that looks most like this one, and the others."""
    names = sorted(known)
    close = get_close_matches(key, names, 1, cutoff=0.5)
    listed = f"known: {', '.join(names)}" if names else ""
    return f"did you mean `{close[0]}`? {listed}" if close else listed


def _complaint(kind: str, words: str, loc: KeyPath, model: type[BaseModel], root: KeyPath) -> Complained:
    if loc and loc[-1] == "[key]":
        loc, kind = loc[:-1], "extra_forbidden"
    path = root + loc
    match kind:
        case "extra_forbidden":
            what = "there is no such entity" if root == ("entities",) and len(loc) == 1 else "there is no such key"
            return path, what, nearest(loc[-1], _keys_at(model, loc[:-1]))
        case "missing":
            field = _described(model, loc)
            return path, "this key is missing", f"add {dotted(path[1:])} under [{path[0]}]" + (f": {field}" if field else "")
        case "value_error":
            return path, words.removeprefix("Value error, "), ""
        case _:
            return path, words[:1].lower() + words[1:], _described(model, loc)


def _keys_at(model: type[BaseModel], loc: Sequence[str]) -> list[str]:
    """The keys that may stand in the table at `loc`."""
    at: Any = _one(_follow(model, loc))
    if isinstance(at, type) and issubclass(at, BaseModel):
        return [field.alias or name for name, field in at.model_fields.items()]
    if _is_mapping(at) and get_origin(get_args(at)[0]) is Literal:
        return [str(key) for key in get_args(get_args(at)[0])]
    return []


def _described(model: type[BaseModel], loc: Sequence[str]) -> str:
    """What the settings say about the key at `loc`, or empty."""
    above = _one(_follow(model, loc[:-1]))
    if isinstance(above, type) and issubclass(above, BaseModel):
        for name, field in above.model_fields.items():
            if (field.alias or name) == loc[-1]:
                return field.description or ""
    return ""


def _follow(annotation: Any, loc: Sequence[str]) -> Any:
    """The type that stands at `loc`, or None where there is none."""
    for part in loc:
        annotation = _one(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = fields.get(part)
        elif _is_mapping(annotation):
            annotation = get_args(annotation)[1]
        else:
            return None
    return _one(annotation)


def _one(annotation: Any) -> Any:
    """`X | None` as X: what a table may hold; tables by any name as what they are tables of."""
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return annotation.model_fields["root"].annotation
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [each for each in get_args(annotation) if each is not type(None)]
        return next((each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)), inner[0])
    return annotation


def _is_mapping(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping) and len(get_args(annotation)) == 2
