"""The layering rule, read from the imports of every module; `docs/layers.md` says it in words.

    errors < model < ports < net, mapping, state < sources, targets, engine < plugins < config < cli

`violations` names each line that breaks it. Change the rule here, there, and in a decision record together.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

RANKS: Mapping[str, int] = {
    "errors": 0,
    "model": 1,
    "ports": 2,
    "net": 3,
    "mapping": 3,
    "state": 3,
    "sources": 4,
    "targets": 4,
    "engine": 4,
    "plugins": 5,
    "config": 6,
    "cli": 7,
}

EXCEPTIONS = {("targets.books", "targets.zoho"), ("targets.creator", "targets.zoho")}
"""Siblings that may meet: the products use the kit."""

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "engine": ("net", "state", "plugins"),
    "sources": ("state",),
    "targets": ("state",),
    "plugins": ("state",),
}
"""What a layer must not see although it stands lower: no HTTP and no SQL in the engine, no state in a plugin."""

SANDBOX_MAY = ("errors", "model.money", "sandbox")

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "sqlite3": ("state",),
    "httpx2": ("net", "targets.zoho", "sandbox"),
    "authlib": ("net", "targets.zoho"),
    "tomllib": ("config",),
    "tomli_w": ("cli",),
    "typer": ("cli",),
    "rich": ("cli",),
    "jinja2": ("mapping",),
    "werkzeug": ("sandbox",),
    "keyring": ("config",),
}
"""Packages that may be imported in these folders only."""

STRICT = ("parse.py", "parse_masters.py", "mapping.py")
"""Pure modules of plugins: they, and whatever of their own folder they import, see values, errors and ports."""

STRICT_MAY = ("errors", "model", "ports", "mapping")
IMPURE = frozenset(
    "asyncio http httpx2 logging os pathlib random secrets socket sqlite3 subprocess threading time urllib".split()
)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module (dotted, whole) and the line that does it."""

    name: str
    line: int


def violations(root: Path) -> list[str]:
    """`path:line: what is wrong` for every breach below `root`, the folder of the package `zsync`."""
    found: list[str] = []
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        own = unit_of(path.relative_to(root))
        where = path.relative_to(root.parent)
        found += [f"{where}:{line}: {words}" for line, words in _of_module(tree, own, path, root)]
    return found


def unit_of(path: Path) -> str:
    """The layer, or the plugin, that a file belongs to: `net`, `targets.books`; empty for the package itself."""
    parts = path.with_suffix("").parts
    if parts[0] in ("sources", "targets") and len(parts) > 1 and parts[1] != "__init__":
        return f"{parts[0]}.{parts[1]}"
    return "" if parts[0] in ("__init__", "__main__") else parts[0]


def _of_module(tree: ast.Module, own: str, path: Path, root: Path) -> Iterator[tuple[int, str]]:
    imports = list(_imports(tree, path, root))
    for each in imports:
        words = _own_words(each.name, own) if each.name.split(".")[0] == "zsync" else _foreign_words(each.name, own)
        if words:
            yield each.line, words
    yield from _speaking(tree, own)
    if path.name in STRICT and own.split(".")[0] in ("sources", "targets"):
        yield from _impurities(path, root, imports, set())


def _own_words(name: str, own: str) -> str:
    """What is wrong with importing this module of ours, or empty."""
    parts = name.split(".")[1:]
    if not parts:
        return ""  # `import zsync`, for its version
    theirs = unit_of(Path(*parts))
    if own == theirs or not own:
        return ""
    if own == "sandbox":
        allowed = any(".".join(parts) == may or ".".join(parts).startswith(may + ".") for may in SANDBOX_MAY)
        return "" if allowed else f"the sandbox may not import zsync.{'.'.join(parts)}: errors and model.money only"
    if theirs == "sandbox":
        return "" if own == "cli" else f"{own} may not import the sandbox: only cli starts it"
    mine, other = own.split(".")[0], theirs.split(".")[0]
    if mine not in RANKS or other not in RANKS:
        return f"{own if mine not in RANKS else theirs} stands in no layer"
    if (own, theirs) in EXCEPTIONS:
        return ""
    if other in FORBIDDEN.get(mine, ()):
        return f"{own} may not import {theirs}"
    if RANKS[mine] < RANKS[other]:
        return f"{own} may not import {theirs}: it stands higher"
    if RANKS[mine] == RANKS[other]:
        return f"{own} may not import {theirs}: siblings never meet"
    return ""


def _foreign_words(name: str, own: str) -> str:
    package = name.split(".")[0]
    homes = ONLY_IN.get(package)
    if homes is None or any(own == home or own.startswith(home + ".") for home in homes):
        return ""
    return f"{own or 'zsync'} may not import {package}: only {', '.join(homes)} may"


def _speaking(tree: ast.Module, own: str) -> Iterator[tuple[int, str]]:
    """Only cli prints and exits; only config reads the environment."""
    for node in ast.walk(tree):
        if own != "cli" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
            yield node.lineno, f"{own} may not {node.func.id}: only cli does"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            called = f"{node.value.id}.{node.attr}"
            if called == "sys.exit" and own != "cli":
                yield node.lineno, f"{own} may not exit: only cli does"
            if called in ("os.environ", "os.getenv") and own != "config":
                yield node.lineno, f"{own} may not read the environment: only config does"


def _impurities(path: Path, root: Path, imports: list[Import], seen: set[Path]) -> Iterator[tuple[int, str]]:
    """Breaches of purity in a strict module, and in what it imports of its own folder (`settings` excepted)."""
    seen.add(path)
    folder = ".".join(("zsync", *path.parent.relative_to(root).parts))
    for each in imports:
        package = each.name.split(".")[0]
        if package in IMPURE:
            yield each.line, f"{path.name} is pure: it may not import {package}"
        if package != "zsync" or each.name == folder:
            continue
        if each.name.startswith(folder + "."):
            other = root.joinpath(*each.name.split(".")[1:]).with_suffix(".py")
            if other.name != "settings.py" and other.exists() and other not in seen:
                inner = list(_imports(ast.parse(other.read_text("utf-8")), other, root))
                for _, words in _impurities(other, root, inner, seen):
                    yield each.line, f"{words} (reached from {path.name})"
        elif each.name.split(".")[1] not in STRICT_MAY:
            yield each.line, f"{path.name} is pure: it may not import {each.name}"


def _imports(tree: ast.Module, path: Path, root: Path) -> Iterator[Import]:
    """Every import, wherever it stands in the file. `from p import m` names `p.m` where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path, root)
            for alias in node.names:
                yield Import(_module(base, alias.name, root), node.lineno)


def _absolute(node: ast.ImportFrom, path: Path, root: Path) -> str:
    if not node.level:
        return node.module or ""
    package = ("zsync", *path.parent.relative_to(root).parts)
    kept = package[: len(package) - node.level + 1]
    return ".".join((*kept, node.module) if node.module else kept)


def _module(base: str, name: str, root: Path) -> str:
    if base.split(".")[0] != "zsync":
        return base
    place = root.joinpath(*base.split(".")[1:], name)
    return f"{base}.{name}" if place.with_suffix(".py").exists() or place.is_dir() else base
