"""`zsync config`: is the file right, and what is in force?"""

from __future__ import annotations

from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, JsonOption, VerboseOption
from zsync.cli.output import Output
from zsync.cli.session import start
from zsync.config import shown, shown_lines


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Check or show the configuration.")
    group.command("check", epilog="Example: zsync config check --config hotel-books.toml")(check)
    group.command("show", epilog="Example: zsync config show --json")(show)
    group.command("scaffold", epilog="Example: zsync config scaffold customers --object Customer --form Customers")(scaffold)
    group.command("schema", epilog="Example: zsync config schema > zsync.schema.json")(schema)
    app.add_typer(group, name="config")


def check(
    ctx: typer.Context,
    online: Annotated[bool, typer.Option("--online", help="Also ask the source and the target, as `doctor` does.")] = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Validate the configuration; each mistake with its file, line and key."""
    session = start(ctx, config, verbose)
    if online:
        from zsync.cli.doctor import examine, report

        return report(session.out, list(examine(session)), as_json=False)
    session.out.line(f"{session.config.path}: all well")
    return 0


def show(ctx: typer.Context, as_json: JsonOption = False, config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """Print every setting in force, defaults filled in, secrets masked."""
    session = start(ctx, config, verbose)
    if as_json:
        session.out.json(shown(session.config))
        return
    for key, value in shown_lines(session.config):
        session.out.line(f"{key} = {value}")


def scaffold(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="What the entity shall be called.", metavar="ENTITY")],
    form: Annotated[str, typer.Option("--form", help="Link name of the form.")],
    object: Annotated[str, typer.Option("--object", help="What is read: Customer, Invoice, orders ...")] = "",
    report: Annotated[str, typer.Option("--report", help="Or a report that is read: ProfitAndLoss ...")] = "",
    report_name: Annotated[str, typer.Option("--report-name", help="Link name of a report of the form; default: All_FORM.")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """Read an object's fields and a form's fields, and write a mapping to start from."""
    from zsync.cli.scaffold import scaffolded

    origin = {name: value for name, value in (("object", object), ("report", report)) if value}
    session = start(ctx, config, verbose)
    session.out.raw(scaffolded(session, entity, origin, form, report_name or f"All_{form}"))


def schema(
    source: Annotated[str, typer.Option("--source", help="The source's type.", metavar="TYPE")] = "qloapps",
    target: Annotated[str, typer.Option("--target", help="The target's type.", metavar="TYPE")] = "zoho-books",
) -> None:
    """The JSON Schema of the configuration, for editors. Needs no configuration."""
    from zsync import plugins
    from zsync.config.schema import schema as made

    Output().json(made(plugins.source(source), plugins.target(target)))
