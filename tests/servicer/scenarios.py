"""For each ErrorReason a call that is answered by it, and what its details must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.api import pipeline
from server.api.capacity import Capacity
from server.api.streams import RETRY_AFTER_SECONDS, Streams
from server.usecases.pages import PageTokens
from tests.servicer import supplies, tenants
from tests.servicer.auto_responses import START, STOP, create
from tests.servicer.refusals import Refused, refused
from tests.servicer.samples import sample
from tests.servicer.world import KEYS, METHODS, PEER, Caller, World

Provoke = Callable[[World], Refused]


@dataclass(frozen=True)
class Scenario:
    """A call that must fail: with this metadata beside the request id, and these fields named."""

    provoke: Provoke
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Mapping[str, str] = field(default_factory=dict)


class Defective:
    """A storage that has a defect: it cannot be read, and says why in words that are nobody's business."""

    SAYS = "/var/lib/consent.db row 4711 of +16505551234"

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def read(self, *_: object) -> Any:
        raise ValueError(self.SAYS)

    glimpse = read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def _as(key: str, rpc: str, **changes: Any) -> Provoke:
    """The good request with some fields changed, by the holder of a key."""

    def provoke(world: World) -> Refused:
        request = sample(rpc)
        for name, value in changes.items():
            request.ClearField(name)
            request.MergeFrom(type(request)(**{name: value}))
        return refused(getattr(world.holder(key), rpc), request)

    return provoke


def _throttled(world: World) -> Refused:
    found = [refused(world.holder("a-wrong-key").ListConsents) for _ in range(21)]
    assert [one.reason for one in found[:-1]] == ["CREDENTIAL_INVALID"] * 20
    return found[-1]


def _malformed(world: World) -> Refused:
    metadata = (("x-api-key", tenants.ADMIN), ("x-test-peer", PEER))
    return refused(world.line.call, METHODS["CheckConsent"], pipeline.MALFORMED, metadata)


def _request_id_reused(world: World) -> Refused:
    writer = world.holder(tenants.WRITER)
    writer.UpdateChannelConsent(_relayed(2))
    return refused(writer.UpdateChannelConsent, _relayed(3))


def _relayed(consent_type: int) -> Any:
    request = sample("UpdateChannelConsent")
    request.consent_type, request.request_id = consent_type, "request-1"
    return request


def _without_mobile(world: World) -> Refused:
    admin = world.holder(tenants.ADMIN)
    admin.CreateContact(contact={"id": "mail-only", "email": "only@example.com"})
    return refused(admin.OptOutUserByEmail, email="only@example.com")


def _keyword_taken(world: World) -> Refused:
    return refused(create, world.holder(tenants.WRITER), "HUSH", op=START)


def _keyword_reserved(world: World) -> Refused:
    return refused(create, world.holder(tenants.WRITER), "Start", op=STOP)


def _rotate_revoked(world: World) -> Refused:
    admin = world.holder(tenants.ADMIN)
    admin.RevokeCredential(id=tenants.SPARE)
    return refused(admin.RotateCredential, id=tenants.SPARE)


def _held(world: World) -> Refused:
    admin = world.holder(tenants.ADMIN)
    admin.SetLegalHold(sample("SetLegalHold"))
    return refused(admin.ForgetRecipient, sample("ForgetRecipient"))


def _judged_otherwise(world: World) -> Refused:
    writer = world.holder(tenants.WRITER)
    writer.ResolveReviewItem(sample("ResolveReviewItem"))
    return refused(writer.ResolveReviewItem, id=supplies.REVIEW, resolution=1)


def _beyond_the_head(world: World) -> Refused:
    question = ("watch", world.tenant_id(tenants.ACME))
    token = PageTokens(KEYS).seal(question, ["first", 10**6])
    return refused(world.holder(tenants.READER).WatchConsentEvents, resume_token=token)


def _one_watch_too_many(world: World) -> Refused:
    line = world.another_process(streams=Streams(Capacity(watches_a_tenant=0)))
    return refused(Caller(line, (("x-api-key", tenants.READER),)).WatchConsentEvents)


def _too_often(world: World) -> Refused:
    line = world.another_process(capacity=Capacity(rate=1, burst=1))
    caller = Caller(line, (("x-api-key", tenants.READER),))
    caller.ListConsents(sample("ListConsents"))
    return refused(caller.ListConsents, sample("ListConsents"))


def _stopping(world: World) -> Refused:
    streams = Streams()
    line = world.another_process(streams=streams)
    streams.stop()
    return refused(Caller(line, (("x-api-key", tenants.READER),)).VerifyLedger)


def _late(world: World) -> Refused:
    return refused(Caller(world.line, (("x-api-key", tenants.ADMIN),), seconds_left=0.0).ListConsents)


def _closed(world: World) -> Refused:
    world.holder(tenants.ADMIN).ListConsents()
    world.storage.close()
    return refused(world.holder(tenants.ADMIN).UpdateChannelConsent, sample("UpdateChannelConsent"))


def _defective(world: World) -> Refused:
    line = world.another_process(Defective(world.storage))
    return refused(Caller(line, (("x-api-key", tenants.ADMIN),)).ListConsents)


_UNKNOWN = tenants.UNKNOWN
SCENARIOS: dict[str, Scenario] = {
    "CREDENTIAL_MISSING": Scenario(lambda world: refused(world.anybody().ListConsents)),
    "CREDENTIAL_INVALID": Scenario(_as(tenants.REVOKED, "ListConsents")),
    "LOGIN_THROTTLED": Scenario(_throttled, {"retry_after_seconds": "1"}),
    "ROLE_INSUFFICIENT": Scenario(_as(tenants.READER, "GetSender"), {"role": "reader", "required_role": "admin"}),
    "SENDER_NOT_PERMITTED": Scenario(_as(tenants.BOUND_READER, "CheckConsent", sender=tenants.BRAND)),
    "TENANT_WIDE_NOT_PERMITTED": Scenario(_as(tenants.BOUND_WRITER, "OptOutUserByEmail")),
    "MALFORMED_REQUEST": Scenario(_malformed),
    "INVALID_FIELD": Scenario(
        _as(tenants.READER, "CheckConsent", recipient={"channel": 99}),
        violations={"recipient.channel": "UNKNOWN_VALUE", "recipient.address": "REQUIRED"},
    ),
    "INVALID_PAGE_TOKEN": Scenario(
        _as(tenants.READER, "ListConsents", page_token="bm9uc2Vuc2U"), violations={"page_token": "INVALID_FORMAT"}
    ),
    "REQUEST_ID_REUSED": Scenario(_request_id_reused, violations={"request_id": "NOT_ALLOWED"}),
    "SENDER_NOT_FOUND": Scenario(_as(tenants.READER, "CheckConsent", sender=_UNKNOWN), {"sender": _UNKNOWN}),
    "PURPOSE_NOT_FOUND": Scenario(_as(tenants.READER, "CheckConsent", purposes=["none"]), {"purpose": "none"}),
    "CONTACT_NOT_FOUND": Scenario(_as(tenants.ADMIN, "GetContact", id=_UNKNOWN)),
    "CONTACT_WITHOUT_MOBILE": Scenario(_without_mobile),
    "AUTO_RESPONSE_NOT_FOUND": Scenario(
        _as(tenants.READER, "GetAutoResponse", autoresp_cfg_id=tenants.UNKNOWN_UUID),
        {"auto_response": tenants.UNKNOWN_UUID},
    ),
    "CREDENTIAL_NOT_FOUND": Scenario(_as(tenants.ADMIN, "RevokeCredential", id=_UNKNOWN), {"credential": _UNKNOWN}),
    "KEYWORD_RESERVED": Scenario(
        _keyword_reserved, {"keyword": "Start", "op": "start"}, {"keywords[0]": "NOT_ALLOWED"}
    ),
    "KEYWORD_TAKEN": Scenario(
        _keyword_taken, {"keyword": "HUSH", "auto_response": tenants.AUTO_RESPONSE}, {"keywords[0]": "NOT_ALLOWED"}
    ),
    "SENDER_ALREADY_EXISTS": Scenario(
        _as(tenants.ADMIN, "CreateSender", sender={"id": tenants.BRAND, "kind": 4}), {"sender": tenants.BRAND}
    ),
    "CONTACT_ALREADY_EXISTS": Scenario(_as(tenants.ADMIN, "CreateContact", contact={"id": tenants.CONTACT})),
    "CREDENTIAL_ALREADY_EXISTS": Scenario(_as(tenants.ADMIN, "CreateCredential", secret=tenants.RIVAL_ADMIN)),
    "PURPOSE_ALREADY_EXISTS": Scenario(
        _as(tenants.ADMIN, "CreatePurpose", purpose={"id": "marketing", "rule": 2}), {"purpose": "marketing"}
    ),
    "FORCE_NOT_PERMITTED": Scenario(_as(tenants.ADMIN, "RecordConsent", force=True, force_reason="an order")),
    "LEGAL_HOLD": Scenario(_held),
    "REVIEW_ITEM_NOT_FOUND": Scenario(
        _as(tenants.WRITER, "ResolveReviewItem", id=tenants.UNKNOWN_UUID), {"review_item": tenants.UNKNOWN_UUID}
    ),
    "REVIEW_ITEM_RESOLVED": Scenario(_judged_otherwise, {"review_item": supplies.REVIEW}),
    "INVALID_REPLY_PERMIT": Scenario(
        _as(tenants.READER, "CheckConsent", reply_permit="Zm9yZ2Vk"), violations={"reply_permit": "NOT_ALLOWED"}
    ),
    "RESUME_TOKEN_OUT_OF_RANGE": Scenario(_beyond_the_head),
    "RECIPIENT_NOT_FOUND": Scenario(
        _as(tenants.ADMIN, "ForgetRecipient", recipient={"channel": 1, "address": supplies.UNKNOWN_MOBILE})
    ),
    "TOO_MANY_WATCHERS": Scenario(_one_watch_too_many, {"retry_after_seconds": str(RETRY_AFTER_SECONDS)}),
    "RATE_LIMITED": Scenario(_too_often, {"retry_after_seconds": "1"}),
    "SERVER_STOPPING": Scenario(_stopping),
    "SECRET_TOO_WEAK": Scenario(
        _as(tenants.ADMIN, "CreateCredential", secret="short"), violations={"secret": "OUT_OF_RANGE"}
    ),
    "CREDENTIAL_REVOKED": Scenario(_rotate_revoked, {"credential": tenants.SPARE}),
    "DEADLINE_PASSED": Scenario(_late),
    "STORAGE_UNAVAILABLE": Scenario(_closed),
    "INTERNAL": Scenario(_defective),
}
EXEMPT = {
    "UNSPECIFIED": "the zero value, which is never answered",
    "TENANT_ALREADY_EXISTS": "tenants are made by the command line only",
    "TENANT_NOT_FOUND": "no RPC names a tenant",
    "OVERLOADED": "there is nowhere to wait before the chain begins; test_lanes has it behind a port",
    "CALL_TOO_LONG": "the call is refused while it runs, behind a port; test_lanes has it",
}
