"""How long a state machine walks: a little in each run of the tests, for hours under `--hypothesis-profile=search`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def walks(examples: int, steps: int) -> settings:
    """So many examples of at most so many steps, the same in every run of the tests; a search takes as many as its profile says.

    Long walks are what these machines are for: Hypothesis need not warn of them.
    """
    if settings.get_current_profile_name() == "steady":
        return settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    return settings(stateful_step_count=steps, suppress_health_check=list(HealthCheck))
