"""Random histories of everything that callers do: the service and the model answer alike after each step.

CONSENT_MODEL_EXAMPLES=2000 makes that many histories, new ones each time, instead of the few that are always the same,
and shortens one that fails. A history that fails prints as steps; test_regressions keeps such steps.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.model.conftest import NewDatabase
from tests.model.game import Step, play
from tests.model.histories import HISTORIES

DEEP = int(os.environ.get("CONSENT_MODEL_EXAMPLES", "0"))


# A history asks thousands of questions, each in a transaction of its own: on PostgreSQL they take three times as long.
EXAMPLES = {"sqlite": 30, "postgres": 10}


@pytest.mark.timeout(0 if DEEP else 300)
def test_service_and_model_agree_after_each_step_of_a_history(
    new_database: NewDatabase, request: pytest.FixtureRequest
) -> None:
    @settings(
        max_examples=DEEP or EXAMPLES[request.node.callspec.params["new_database"]],
        derandomize=not DEEP,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if DEEP else (Phase.generate,),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(history=HISTORIES)
    def hold(history: Sequence[Step]) -> None:
        play(new_database(), history, seed=len(history))

    hold()
