"""Files with secrets are their owner's alone, or they are not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from zsync.config.secrets import deferred
from zsync.errors import ConfigError


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "key").write_text("hidden")
    (tmp_path / "key").chmod(mode)

    with pytest.raises(ConfigError, match="others can read") as caught:
        deferred("file", "key", "zsync.toml:3", tmp_path, {}).reveal()

    assert "hidden" not in str(caught.value)
    assert "chmod 600 key" in caught.value.hint


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_file_of_its_owner_alone_is_used(tmp_path: Path, mode: int) -> None:
    (tmp_path / "key").write_text("hidden\n")
    (tmp_path / "key").chmod(mode)

    assert deferred("file", "key", "zsync.toml:3", tmp_path, {}).reveal() == "hidden"
