"""Calls on auto-response settings, with what a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from tests.servicer import tenants
from tests.servicer.world import Caller

PROFILE = tenants.PROFILE
START, STOP, INFO = 1, 2, 3


def create(
    caller: Caller, *keywords: str, op: int = STOP, country: str = "US", profile: str = PROFILE, **more: Any
) -> Any:
    return caller.CreateAutoResponse(profile_id=profile, country_code=country, keywords=keywords, op=op, **more).data


def replace(caller: Caller, setting: str, *keywords: str, op: int = STOP, country: str = "US", **more: Any) -> Any:
    return caller.UpdateAutoResponse(
        profile_id=PROFILE, autoresp_cfg_id=setting, country_code=country, keywords=keywords, op=op, **more
    ).data


def get(caller: Caller, setting: str, profile: str = PROFILE) -> Any:
    return caller.GetAutoResponse(profile_id=profile, autoresp_cfg_id=setting).data
