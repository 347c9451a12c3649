"""Options that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file. Default: $ZSYNC_CONFIG, ./zsync.toml, the user's folder."),
]
VerboseOption = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log lines on stderr; twice: every call.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only new problems and the end of old ones.")]
EntityOption = Annotated[
    list[str] | None, typer.Option("--entity", "-e", help="Only these records, and whatever they refer to. May be repeated.")
]
EntityArgument = Annotated[str, typer.Argument(help="Which records: orders, customers, invoices ...", metavar="ENTITY")]
IdArgument = Annotated[str, typer.Argument(help="The id in the source.", metavar="ID")]
