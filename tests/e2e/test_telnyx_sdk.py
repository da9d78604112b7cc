"""PyPI's `telnyx` against this service: its base address is changed and nothing else, its own retries stay on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import telnyx
from consent.v1 import admin_pb2
from telnyx import AsyncTelnyx, Telnyx
from telnyx.types.messaging_profiles.auto_resp_config import AutoRespConfig

from server import demo
from tests.e2e.accounts import PROFILE, Account, Caller, register
from tests.e2e.process import DATABASE, Served, serving

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def profile(caller: Caller, request: pytest.FixtureRequest) -> str:
    """A messaging profile of this test alone."""
    sender = admin_pb2.Sender(id=request.node.name.translate(PLAIN), kind=admin_pb2.SENDER_KIND_MESSAGING_PROFILE)
    caller.admin.CreateSender(admin_pb2.CreateSenderRequest(sender=sender), metadata=caller.as_admin)
    return sender.id


PLAIN = str.maketrans("[] ", "---")


@pytest.fixture
def sdk(served: Served, account: Account) -> Iterator[Telnyx]:
    with Telnyx(api_key=account.key, base_url=f"{served.http}/v2") as client:
        assert client.max_retries == 2
        yield client


def create(sdk: Telnyx, profile: str, *keywords: str, **changes: Any) -> AutoRespConfig:
    """A new setting; `changes` over a start for the United States."""
    given = {"country_code": "US", "op": "start", "resp_text": "Hello there!", **changes}
    made = sdk.messaging_profiles.autoresp_configs.create(profile, keywords=list(keywords), **given).data
    assert made is not None
    return made


def test_its_life(sdk: Telnyx, profile: str) -> None:
    configs = sdk.messaging_profiles.autoresp_configs
    made = create(sdk, profile, "JOIN", "BEGIN")
    assert (made.country_code, made.keywords, made.op) == ("US", ["JOIN", "BEGIN"], "start")
    assert made.resp_text == "Hello there!"
    assert made.created_at == made.updated_at
    assert made.created_at.tzinfo is not None
    assert configs.retrieve(made.id, profile_id=profile).data == made

    updated = configs.update(made.id, profile_id=profile, country_code="*", keywords=["PAUSE"], op="stop").data
    assert (updated.id, updated.created_at) == (made.id, made.created_at)
    assert (updated.country_code, updated.keywords, updated.op) == ("*", ["PAUSE"], "stop")
    assert updated.resp_text is None, "an update replaces the whole setting"
    assert updated.updated_at > made.updated_at
    assert configs.list(profile).data == [updated]

    assert configs.delete(made.id, profile_id=profile) == "null"
    with pytest.raises(telnyx.NotFoundError):
        configs.retrieve(made.id, profile_id=profile)
    assert configs.list(profile).data == []


def test_the_async_client(served: Served, account: Account, profile: str) -> None:
    async def life() -> None:
        async with AsyncTelnyx(api_key=account.key, base_url=f"{served.http}/v2") as client:
            configs = client.messaging_profiles.autoresp_configs
            made = (await configs.create(profile, country_code="CA", keywords=["INFOS"], op="info")).data
            assert (await configs.retrieve(made.id, profile_id=profile)).data == made
            updated = (
                await configs.update(
                    made.id, profile_id=profile, country_code="CA", keywords=["AIDE"], op="info", resp_text="Bonjour"
                )
            ).data
            assert (updated.id, updated.resp_text) == (made.id, "Bonjour")
            listed = await configs.list(profile, country_code="CA")
            assert (listed.data, listed.meta.total_results) == ([updated], 1)
            await configs.delete(made.id, profile_id=profile)
            with pytest.raises(telnyx.NotFoundError):
                await configs.retrieve(made.id, profile_id=profile)
            with pytest.raises(telnyx.UnprocessableEntityError):
                await configs.create(profile, country_code="CA", keywords=["STOP"], op="start")

    asyncio.run(life())


def test_every_filter(sdk: Telnyx, profile: str) -> None:
    configs = sdk.messaging_profiles.autoresp_configs
    made = [create(sdk, profile, f"WORD{number}", country_code=code) for number, code in enumerate(("US", "CA", "*"))]
    first, second, third = made
    touched = configs.update(first.id, profile_id=profile, country_code="US", keywords=["WORD"], op="start").data

    def found(**filters: Any) -> list[str]:
        return [setting.id for setting in configs.list(profile, **filters).data]

    def at(moment: datetime) -> str:
        return moment.isoformat()

    assert found() == [third.id, second.id, first.id], "newest first"
    assert found(country_code="CA") == [second.id]
    assert found(country_code="*") == [third.id]
    assert found(country_code="MX") == []
    assert found(created_at={"gte": at(second.created_at)}) == [third.id, second.id]
    assert found(created_at={"lte": at(second.created_at)}) == [second.id, first.id]
    assert found(created_at={"gte": at(second.created_at), "lte": at(second.created_at)}) == [second.id]
    assert found(updated_at={"gte": at(touched.updated_at)}) == [first.id]
    assert found(updated_at={"lte": at(second.updated_at)}) == [second.id]
    assert found(updated_at={"lte": at(third.updated_at)}, country_code="*") == [third.id]


def test_the_paging_loop(sdk: Telnyx, profile: str) -> None:
    made = [create(sdk, profile, f"WORD{number}").id for number in range(5)]
    listed: list[str] = []
    number, pages = 1, 1
    while number <= pages:
        page = sdk.messaging_profiles.autoresp_configs.list(
            profile, extra_query={"page[number]": number, "page[size]": 2}
        )
        assert (page.meta.page_number, page.meta.page_size) == (number, 2)
        assert (page.meta.total_pages, page.meta.total_results) == (3, 5)
        listed += [setting.id for setting in page.data]
        pages, number = page.meta.total_pages, number + 1
    assert listed == made[::-1]


def test_a_profile_with_no_setting(sdk: Telnyx, profile: str) -> None:
    page = sdk.messaging_profiles.autoresp_configs.list(profile)
    assert (page.data, page.meta.total_pages, page.meta.total_results) == ([], 0, 0)


def refused(call: Callable[[], object], status: type[telnyx.APIStatusError]) -> dict[str, Any]:
    """The first error of a call that must fail at once: a refusal is never repeated."""
    with pytest.raises(status) as raised:
        call()
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert raised.value.request.headers["x-stainless-retry-count"] == "0"
    assert isinstance(raised.value.body, dict)
    error: dict[str, Any] = raised.value.body["errors"][0]
    return error


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"op": "begin"}, "10032", "/op"),
        ({"country_code": ""}, "10004", "/country_code"),
        ({"country_code": "USA"}, "10025", "/country_code"),
        ({"country_code": "ZZ"}, "10027", "/country_code"),
        ({"keywords": []}, "10004", "/keywords"),
        ({"keywords": [f"WORD{number}" for number in range(21)]}, "10025", "/keywords"),
        ({"keywords": ["JOIN", "STOP"]}, "10027", "/keywords/1"),
        ({"resp_text": "x" * 1601}, "10025", "/resp_text"),
    ],
)
def test_what_cannot_be_processed(
    sdk: Telnyx, account: Account, changes: dict[str, Any], code: str, pointer: str
) -> None:
    given = {"country_code": "US", "keywords": ["JOIN"], "op": "start", **changes}
    create = sdk.messaging_profiles.autoresp_configs.create
    error = refused(lambda: create(PROFILE, **given), telnyx.UnprocessableEntityError)
    assert (error["code"], error["source"]) == (code, {"pointer": pointer})


def test_a_clash_names_the_other_setting(sdk: Telnyx, profile: str) -> None:
    other = create(sdk, profile, "JOIN")
    error = refused(lambda: create(sdk, profile, "join!", op="stop"), telnyx.UnprocessableEntityError)
    assert error["code"] == "10027"
    assert other.id in error["detail"]
    assert create(sdk, profile, "JOIN").keywords == ["JOIN"], "the same op may have it again"


def test_its_other_errors(served: Served, caller: Caller, sdk: Telnyx, profile: str) -> None:
    configs = sdk.messaging_profiles.autoresp_configs
    missing = refused(lambda: configs.retrieve(NOBODY, profile_id=profile), telnyx.NotFoundError)
    assert (missing["code"], missing["source"]) == ("10005", {"parameter": "autoresp_cfg_id"})
    nowhere = refused(lambda: configs.list("nobody"), telnyx.NotFoundError)
    assert (nowhere["code"], nowhere["source"]) == ("10005", {"parameter": "profile_id"})
    unread = refused(lambda: configs.list(profile, created_at={"gte": "yesterday"}), telnyx.BadRequestError)
    assert unread["code"] == "10015"

    stranger = Telnyx(api_key="no key of anybody's", base_url=f"{served.http}/v2")
    with stranger:
        unknown = refused(
            lambda: stranger.messaging_profiles.autoresp_configs.list(profile), telnyx.AuthenticationError
        )
    assert unknown["code"] == "10009"

    register(caller, "sdk-reader-key-0123456789", admin_pb2.Credential(role=admin_pb2.ROLE_READER))
    with Telnyx(api_key="sdk-reader-key-0123456789", base_url=f"{served.http}/v2") as reader:
        assert reader.messaging_profiles.autoresp_configs.list(profile).data == []
        denied = refused(lambda: create(reader, profile, "JOIN"), telnyx.PermissionDeniedError)
    assert denied["code"] == "10010"


def test_its_own_retries_outlast_an_outage(folder: Path) -> None:
    database, away = folder / DATABASE, folder / "away"
    with serving(folder, "--demo") as served, Telnyx(api_key=demo.API_KEY, base_url=f"{served.http}/v2") as sdk:
        made = create(sdk, demo.PROFILE, "JOIN")
        configs = sdk.messaging_profiles.autoresp_configs
        database.rename(away)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(lambda: configs.with_raw_response.retrieve(made.id, profile_id=demo.PROFILE))
            while "STORAGE_UNAVAILABLE" not in served.log:
                pass
            away.rename(database)
            raw = answer.result()
        assert raw.retries_taken > 0
        assert raw.parse().data == made


def test_a_create_is_not_repeated_by_itself(folder: Path) -> None:
    """Whether the first one was done is not known, so that the caller decides."""
    with serving(folder, "--demo") as served, Telnyx(api_key=demo.API_KEY, base_url=f"{served.http}/v2") as sdk:
        (folder / DATABASE).rename(folder / "away")
        error = refused(lambda: create(sdk, demo.PROFILE, "JOIN"), telnyx.InternalServerError)
    assert error["code"] == "10007"
