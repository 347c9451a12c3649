"""How the stand-in hotel misbehaves when it is told to: one fault a rule, by resource, for some requests or until told off.

off           the webservice is switched off: 503, code 22
redirect      as for a wrong host name: 302, empty
empty_500     PHP died: 500 with an empty body
php_error     a PHP warning while serving: 500, code 3, the data is lost
html_warning  the warning is printed before the data (developer mode): 200, `application/javascript`
half_page     the body ends in the middle
empty_body    200 with nothing
empty_list    200 and `[]` for a table that has rows
slow          the right answer, late
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from werkzeug import Response

Fault = Literal["off", "redirect", "empty_500", "php_error", "html_warning", "half_page", "empty_body", "empty_list", "slow"]

_LATE_S = 30.0
_WARNING = b'{"errors":[{"code":3,"message":"[PHP Warning #2] a stand-in warning"}]}'
_PRINTED = b"<br />\n<b>Warning</b>:  a stand-in warning in <b>nowhere.php</b> on line <b>1</b><br />\n"


@dataclass(slots=True)
class _Rule:
    fault: Fault
    resource: str | None
    times: int | None
    after: int


class Mood:
    """The faults to come. `sleep` is what a slow answer calls, with seconds."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._rules: list[_Rule] = []
        self._sleep = sleep

    def turn(self, fault: Fault, *, resource: str | None, times: int | None, after: int) -> None:
        self._rules.append(_Rule(fault, resource, times, after))

    def clear(self) -> None:
        self._rules.clear()

    def next(self, resource: str) -> Fault | None:
        """The fault of this request, counted; the first rule that applies wins."""
        for rule in self._rules:
            if rule.resource not in (None, resource) or rule.times == 0:
                continue
            if rule.after > 0:
                rule.after -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule.fault
        return None

    def spoil(self, fault: Fault | None, good: Response, resource: str) -> Response:
        """`good` as the fault leaves it."""
        html = "text/html; charset=utf-8"
        match fault:
            case "empty_500":
                return Response(b"", status=500, content_type=html)
            case "php_error":
                return Response(_WARNING, status=500, content_type="application/json")
            case "html_warning":
                return _with_body(good, _PRINTED + good.get_data(), "application/javascript")
            case "half_page":
                return _with_body(good, good.get_data()[: len(good.get_data()) // 2], good.content_type or html)
            case "empty_body":
                return _with_body(good, b"", good.content_type or html)
            case "empty_list" if resource:
                return _with_body(good, b"[]", "application/json")
            case "slow":
                self._sleep(_LATE_S)
        return good


def _with_body(good: Response, body: bytes, content_type: str) -> Response:
    response = Response(body, status=good.status_code, content_type=content_type)
    for name in ("Access-Time", "PSWS-Version", "Execution-Time"):
        if name in good.headers:
            response.headers[name] = good.headers[name]
    return response
