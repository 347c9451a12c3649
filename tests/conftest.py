"""Shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# The same cases in every run, and no clock: a law that fails fails for everybody. New cases are looked for by
# `pytest --hypothesis-profile=search`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=3000, deadline=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make sweep` asks for every point; each run of the tests for a part of them that leaves no kind of point out."""
    parser.addoption("--thorough", action="store_true", help="the sweeps take every point, not every second or third")
    parser.addoption("--golden", action="store_true", help="golden files are written anew, to be read in review")


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether the sweeps take every point."""
    return bool(pytestconfig.getoption("--thorough"))


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are written anew."""
    return bool(pytestconfig.getoption("--golden"))


@pytest.fixture(scope="session", autouse=True)
def no_secret_was_written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the last test (of each worker): no file and no stream of zsync's holds a secret of the sandbox. See leaks.py."""
    yield
    from leaks import STREAMS, in_folder

    found = [*in_folder(tmp_path_factory.getbasetemp()), *STREAMS.found]
    assert not found, "secrets where none may stand:\n" + "\n".join(found)
