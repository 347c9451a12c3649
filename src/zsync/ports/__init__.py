"""The ports: the promises between the engine and everything around it. `remote` faces the world, `state` the disk."""

from zsync.ports.remote import (
    Clock,
    Finding,
    Found,
    Match,
    Module,
    Progressed,
    Quota,
    Rider,
    Source,
    Standing,
    Stranger,
    Switches,
    Target,
    Tokens,
    TokenStore,
    Write,
)

__all__ = [
    "Clock",
    "Finding",
    "Found",
    "Match",
    "Module",
    "Progressed",
    "Quota",
    "Rider",
    "Source",
    "Standing",
    "Stranger",
    "Switches",
    "Target",
    "TokenStore",
    "Tokens",
    "Write",
]
