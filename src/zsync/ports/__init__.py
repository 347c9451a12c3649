"""The ports: the promises between the engine and everything around it. `remote` faces the world (`limits`, `tokens`: what it
allows and what it gives), `state` the disk."""

from zsync.ports.limits import Budget, Quota
from zsync.ports.remote import (
    Clock,
    Finding,
    Found,
    Handling,
    Lots,
    Match,
    Module,
    Progressed,
    Rider,
    Source,
    Standing,
    Stranger,
    Switches,
    Target,
    Write,
)
from zsync.ports.tokens import Tokens, TokenStore

__all__ = [
    "Budget",
    "Clock",
    "Finding",
    "Found",
    "Handling",
    "Lots",
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
