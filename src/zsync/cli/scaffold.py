"""The work of `zsync config scaffold`: a few records of the source and the fields of a form become a mapping to start from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from pydantic import ValidationError

from zsync.cli.session import Session, build_target
from zsync.errors import ConfigError

_SAMPLES = 20


def scaffolded(session: Session, entity: str, origin: Mapping[str, str], form: str, report_name: str) -> str:
    """A table [entities.NAME] as TOML. ConfigError for what neither side has."""
    from zsync.net.tokens import FileTokenStore

    config = session.config
    try:
        reads = config.source_plugin.reads.model_validate(dict(origin))
    except ValidationError as err:
        words = err.errors(include_url=False)[0]["msg"]
        raise ConfigError(f"the source cannot read that: {words}", hint="name one with --object, or with --report") from err
    store = FileTokenStore(config.source_token_path)
    source = config.source_plugin.build(config.source, {entity: reads}, clock=session.clock, token_store=store)
    try:
        name = reads.origin(entity)  # type: ignore[attr-defined] # what every `reads` has: see plugins.py
        found = islice(source.samples(name), _SAMPLES)
        records = [record.fields[each.key] for record in found for each in record.documents if each.entity == name]
    finally:
        source.close()
    target = build_target(session, None)
    try:
        facts = target.describe(form)
    finally:
        target.close()
    return config.target_plugin.draft(entity, origin, form, report_name, facts, records)
