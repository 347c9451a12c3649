"""The tree of errors: a class says what the engine does next, and how the program ends.

    ZsyncError                  message, hint, key, remote, request_id
    ├─ ConfigError              nothing was read or sent                                   exit 2
    ├─ RunError                 this remote is unusable now; stop, keep the journal
    │  ├─ SignInNeeded                                                                     exit 4
    │  ├─ OutOfReach            no answer                                                  exit 5
    │  ├─ ContractBroken        an answer that is not understood                           exit 5
    │  ├─ QuotaUsedUp           nothing more until `until`                                 exit 6
    │  └─ SuspiciousChange      too much at once, or a full table that came back empty     exit 3
    ├─ RecordError              this record cannot go; mark it failed, go on               exit 3 at the end
    │  ├─ Unmappable            names the key to add to the configuration
    │  ├─ TotalsDisagree
    │  ├─ Refused               the remote's code and words
    │  └─ Conflict              what stands at the remote is not ours, or was edited there
    ├─ Retryable                certainly not applied; due again later
    │  ├─ Throttled
    │  └─ Unavailable
    └─ InDoubt                  sent, answer unknown: ask before sending again

`engine/outcome.py` alone turns these into outcomes; `cli/` alone turns them into words and exit codes.
"""

from __future__ import annotations

from datetime import datetime


class ZsyncError(Exception):
    """What went wrong, in one lower-case sentence without a full stop; `hint` says what a person can do about it.

    `key` is the record's key, `remote` the system that spoke (`zoho-books`, `qloapps`), `request_id` its own number for
    the request, for support. None of them, nor the message, may hold a secret or a guest's data.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        key: str = "",
        remote: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.key = key
        self.remote = remote
        self.request_id = request_id

    @property
    def code(self) -> str:
        """The stable name of this kind of error, as it stands in `--json` (`totals_disagree`, `refused`, ...)."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class ConfigError(ZsyncError):
    """The configuration, the command line or the state file is at fault; nothing was read or sent."""

    exit_code = 2


class RunError(ZsyncError):
    """A remote is unusable now: the run stops, the journal keeps everything."""

    exit_code = 5


class SignInNeeded(RunError):
    """There is no usable token: a person must sign in (again)."""

    exit_code = 4


class OutOfReach(RunError):
    """The remote does not answer, or answers only that it cannot."""


class ContractBroken(RunError):
    """The remote answered something that is not understood; going on would be guessing."""


class QuotaUsedUp(RunError):
    """No call may leave before `until` (aware, UTC)."""

    exit_code = 6

    def __init__(self, message: str, *, until: datetime, hint: str = "", remote: str = "", request_id: str = "") -> None:
        super().__init__(message, hint=hint, remote=remote, request_id=request_id)
        self.until = until


class SuspiciousChange(RunError):
    """More changed at once than a person should let pass unseen, or a table that was full reads as empty."""

    exit_code = 3


class RecordError(ZsyncError):
    """This record cannot go as it is: not retried by the clock, only on changed data, changed settings or a person's word."""

    exit_code = 3


class Unmappable(RecordError):
    """The configuration does not say where something goes; `config_key` is the line to add.

    `stale` is true where newer facts of the target (its taxes, accounts, currencies) could answer: they are read again
    once in a run before the record is given up.
    """

    def __init__(self, message: str, *, config_key: str = "", stale: bool = False, hint: str = "", key: str = "") -> None:
        super().__init__(message, hint=hint or (f"add {config_key} to the configuration" if config_key else ""), key=key)
        self.config_key = config_key
        self.stale = stale


class TotalsDisagree(RecordError):
    """What the target would compute, or has computed, is not what the source says; `detail` shows both line by line."""

    def __init__(self, message: str, *, detail: str = "", hint: str = "", key: str = "") -> None:
        super().__init__(message, hint=hint, key=key)
        self.detail = detail


class Refused(RecordError):
    """The remote said no: its code and its words. `duplicate`: because it has such a document already.

    `gone`: because the document that the call names does not exist (any more).
    """

    def __init__(
        self,
        message: str,
        *,
        remote_code: str = "",
        duplicate: bool = False,
        gone: bool = False,
        hint: str = "",
        key: str = "",
        remote: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint, key=key, remote=remote, request_id=request_id)
        self.remote_code = remote_code
        self.duplicate = duplicate
        self.gone = gone


class Conflict(RecordError):
    """What stands at the remote is a person's, or was edited by one: only a person decides (`zsync resolve`)."""


class Retryable(ZsyncError):
    """Certainly not applied; due again after `after_s` seconds (0: the engine's own back-off)."""

    exit_code = 5

    def __init__(self, message: str, *, after_s: float = 0.0, hint: str = "", remote: str = "", request_id: str = "") -> None:
        super().__init__(message, hint=hint, remote=remote, request_id=request_id)
        self.after_s = after_s


class Throttled(Retryable):
    """The remote asks for a pause: too many calls in a minute, or at once."""


class Unavailable(Retryable):
    """The remote could not be reached, or said that it did nothing."""


class InDoubt(ZsyncError):
    """Sent, and the answer is unknown: a time-out, a cut connection, a 5xx on a write. Ask before sending again."""

    exit_code = 5
