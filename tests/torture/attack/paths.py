"""For each JSON path a good request that names things: what it touches, and the RPC whose role it needs.

The paths are the gateway's own; a path that is not told of here fails the test that counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from server.domain.model import Role
from server.gateway.app import VENDORS
from server.gateway.vendor import Operation, Vendor
from tests.servicer import supplies, tenants
from tests.servicer.roles import ROLES

PUBLIC = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs"})
"""What is told to everybody: nothing of a tenant."""
_NEEDED = {rpc: role for roles in ROLES.values() for rpc, role in roles.items()}


@dataclass(frozen=True, slots=True)
class Things:
    """One thing of each kind, by its name."""

    department: str
    client: str
    profile: str
    setting: str
    email: str
    mobile: str
    user: str

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, as they may stand in an answer."""
        named = (self.department, self.client, self.profile, self.setting, self.email, self.mobile, self.user)
        return (*named, self.mobile.removeprefix("+"), self.email.lower(), quote(self.email))


OURS = Things(
    *(tenants.DEPARTMENT, tenants.CLIENT, tenants.PROFILE, tenants.AUTO_RESPONSE),
    *(tenants.EMAIL, supplies.KNOWN, supplies.USER),
)
NOBODYS = Things(
    *(tenants.UNKNOWN_UUID, "nobodys-client", "nobodys-profile", "00000000-0000-4000-8000-00000000ffff"),
    *("nobody@example.com", supplies.UNKNOWN_MOBILE, "nobodys-user"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Path:
    """What a path touches. `of_all`: it reads what the tenant's credentials may all read, bound ones too.

    `any_name`: it lists or reads by a name that need not be anything's, so it answers 200 for every name.
    """

    rpc: str
    ask: Callable[[Things], Asked]
    of_all: bool = False
    any_name: bool = False

    @property
    def role(self) -> Role:
        """The least role."""
        return _NEEDED[self.rpc]


_SMS = {"channel": "CHANNEL_SMS", "address": "+16505551234"}
_STOP = {"messageUUID": "m-1", "event": "STOP_MESSAGE_RECEIVED", "updateType": "MESSAGE"}
_VALUE = {"communicationType": "TEXT", "communicationValue": "+16505551234"}
_RELAYED = {"channel_addr": "6505551234", "channel_type": "sms"}
_DRAFT = {"country_code": "US", "keywords": ["PAUSE"], "op": "stop"}
_YES = {
    "recipient": _SMS,
    "purpose": "marketing",
    "state": "CONSENT_STATE_OPTED_IN",
    "strength": "STRENGTH_EXPRESS",
    "actor": "ACTOR_BUSINESS",
}


def _setting(things: Things, body: Any = None) -> Asked:
    return Asked({"profile_id": things.profile, "autoresp_cfg_id": things.setting}, body)


def _department(things: Things, body: Any = None, **more: str) -> Asked:
    return Asked({"department_uuid": things.department, **more}, body)


_CHECK = {"recipient": _SMS, "purposes": ["marketing"]}
_BATCH = {"purpose": "marketing", "channels": ["CHANNEL_SMS"], "addresses": ["+16505551234"]}
_HEARD = {"channel": "CHANNEL_SMS", "from": "+16505551234", "body": "STOP", "providerMessageId": "m-1"}
_IN_PATH = {"communication_type": "TEXT", "communication_value": "+16505551234"}
_SETTINGS = "/messaging_profiles/{profile_id}/autoresp_configs"
_SETTING = _SETTINGS + "/{autoresp_cfg_id}"
_STATUS = (
    "/department/{department_uuid}/communicationType/{communication_type}/communicationValue/{communication_value}"
    "/optoutstatus"
)
_USERS = "/api/user/actions"
PATHS: dict[tuple[str, str], Path] = {
    ("POST", "/v1/consents:check"): Path("CheckConsent", lambda t: Asked(body={**_CHECK, "sender": t.department})),
    ("POST", "/v1/consents:batchCheck"): Path(
        "BatchCheckConsent", lambda t: Asked(body={**_BATCH, "sender": t.department})
    ),
    ("POST", "/v1/consents:record"): Path(
        "RecordConsent", lambda t: Asked(body={"statement": {**_YES, "sender": t.department}})
    ),
    ("GET", "/v1/consents"): Path("ListConsents", lambda t: Asked(query={"sender": t.department}), any_name=True),
    ("GET", "/v1/consentEvents"): Path(
        "ListConsentEvents", lambda t: Asked(query={"sender": t.department}), any_name=True
    ),
    ("POST", "/v1/inboundMessages:handle"): Path(
        "HandleInboundMessage", lambda t: Asked(body={**_HEARD, "sender": t.department})
    ),
    ("POST", "/department/{department_uuid}/optoutstatus"): Path(
        "UpdateOptOutStatus", lambda t: _department(t, {**_STOP, "communicationAttributesList": [_VALUE]})
    ),
    ("GET", _STATUS): Path("BatchGetOptOutStatus", lambda t: _department(t, **_IN_PATH)),
    ("POST", "/department/{department_uuid}/communications/optoutstatus/list"): Path(
        "BatchGetOptOutStatus", lambda t: _department(t, {"communicationList": [_VALUE]})
    ),
    ("POST", "/department/{department_uuid}/customers/optoutstatus/list"): Path(
        "BatchGetOptOutStatus", lambda t: _department(t, {"customerUUIDList": [t.user]})
    ),
    ("PUT", "/messaging/client/{client_id}/consent/channel_addr/{channel_addr}/channel_type/{channel_type}"): Path(
        "UpdateChannelConsent", lambda t: Asked({"client_id": t.client, **_RELAYED}, {"consent_type": "stop"})
    ),
    ("PUT", "/messaging/client/{client_id}/consent/bulk"): Path(
        "BatchUpdateChannelConsents",
        lambda t: Asked({"client_id": t.client}, {"batch": [{**_RELAYED, "consent_type": "stop"}]}),
    ),
    ("GET", _SETTINGS): Path("ListAutoResponses", lambda t: Asked({"profile_id": t.profile})),
    ("POST", _SETTINGS): Path("CreateAutoResponse", lambda t: Asked({"profile_id": t.profile}, _DRAFT)),
    ("GET", _SETTING): Path("GetAutoResponse", _setting),
    ("PUT", _SETTING): Path("UpdateAutoResponse", lambda t: _setting(t, _DRAFT)),
    ("DELETE", _SETTING): Path("DeleteAutoResponse", _setting),
    ("GET", "/messaging_optouts"): Path(
        "ListMessagingOptOuts", lambda t: Asked(query={"filter[messaging_profile_id]": t.profile})
    ),
    ("PUT", f"{_USERS}/optout/email/{{email}}"): Path("OptOutUserByEmail", lambda t: Asked({"email": t.email})),
    ("PUT", f"{_USERS}/optout/mobile/{{mobile}}"): Path("OptOutUserByMobile", lambda t: Asked({"mobile": t.mobile})),
    ("GET", f"{_USERS}/status/email/{{email}}"): Path("GetUser", lambda t: Asked({"email": t.email}), of_all=True),
    ("GET", f"{_USERS}/status/mobile/{{mobile}}"): Path("GetUser", lambda t: Asked({"mobile": t.mobile}), of_all=True),
    ("GET", f"{_USERS}/status/id/{{id}}"): Path("GetUser", lambda t: Asked({"id": t.user}), of_all=True),
    ("GET", "/api/user/email/{email}"): Path("GetUser", lambda t: Asked({"email": t.email}), of_all=True),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path as the gateway serves it."""

    vendor: Vendor
    operation: Operation
    base: str

    @property
    def name(self) -> str:
        """The method and the template."""
        return f"{self.operation.method} {self.base}{self.operation.path}"

    @property
    def is_alias(self) -> bool:
        """Whether another path means the same."""
        return self.base != self.vendor.bases[0]

    @property
    def told(self) -> Path:
        """What it touches. Raises KeyError for a path that was forgotten."""
        return PATHS[self.operation.method, self.operation.path]

    def request(self, things: Things) -> tuple[str, bytes | None]:
        """The good request's target and body, about these things."""
        asked = self.told.ask(things)
        path = self.base + self.operation.path
        for name, value in asked.path.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        target = f"{path}?{urlencode(asked.query)}" if asked.query else path
        return target, None if asked.body is None else orjson.dumps(asked.body)


ENDPOINTS = tuple(
    Endpoint(vendor, operation, base)
    for vendor in VENDORS
    for operation in vendor.operations
    for base in vendor.bases
    if operation.path not in PUBLIC
)
"""Every path of the gateway but the public ones, from its own routes."""
