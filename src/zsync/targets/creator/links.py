"""Web addresses of rows: the report of their form, narrowed to the one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zsync.targets.creator.rules import Rules
    from zsync.targets.creator.settings import CreatorSettings


def link(settings: CreatorSettings, rules: Rules, module: str, id: str) -> str:
    """Where people see this row; empty for a form that the configuration does not have any more."""
    form = rules.forms.get(module)
    if form is None or not id:
        return ""
    stage = "" if settings.environment == "production" else f"/environment/{settings.environment}"
    return f"{settings.centre.books}/{settings.owner}{stage}/{settings.app}/#Report:{form.report}?ID={id}"
