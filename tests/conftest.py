"""Shared by all tests."""

from __future__ import annotations

from hypothesis import settings

# The same cases in every run, and no clock: a law that fails fails for everybody. New cases are looked for by
# `pytest --hypothesis-profile=search`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=3000, deadline=None)
settings.load_profile("steady")
