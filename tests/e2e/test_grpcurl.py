"""PyPI's grpcurl, as a person types it: the contract by reflection, each operation, health, and nonsense."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from consent.v1.consent_service_pb2 import DESCRIPTOR as CONSENT
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests.e2e.accounts import BRAND, CLIENT, DEPARTMENT, EMAIL, MOBILE, PROFILE, Account
from tests.e2e.process import Served

GRPCURL = Path(sysconfig.get_path("scripts")) / "grpcurl"
SERVICE = "consent.v1.ConsentService"
OPERATIONS = [method.name for method in CONSENT.services_by_name["ConsentService"].methods]

FILES = [
    "auto_response",
    "channel_consent",
    "consent",
    "consent_service",
    "decision",
    "inbound",
    "ledger",
    "opt_out_status",
    "user_opt_out",
]


def grpcurl(served: Served, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Type a command; what comes before the address are options."""
    typed = [str(GRPCURL), "-plaintext", *options, served.grpc, *arguments]
    return subprocess.run(typed, capture_output=True, text=True, check=False)


def said(served: Served, *arguments: str, options: tuple[str, ...] = ()) -> str:
    """What a command that succeeds prints."""
    done = grpcurl(served, *arguments, options=options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(served: Served, account: Account, method: str, request: Any) -> Any:
    """Call a method as a writer."""
    options = ("-H", f"x-api-key: {account.key}", "-d", json.dumps(request), "-emit-defaults")
    return json.loads(said(served, f"{SERVICE}/{method}", options=options))


def test_list(served: Served) -> None:
    services = [
        "consent.v1.AdminService",
        SERVICE,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    ]
    assert said(served, "list").split() == services
    assert said(served, "list", SERVICE).split() == sorted(f"{SERVICE}.{name}" for name in OPERATIONS)


def test_describe(served: Served) -> None:
    described = said(served, "describe", f"{SERVICE}.CheckConsent")
    assert "rpc CheckConsent ( .consent.v1.CheckConsentRequest ) returns ( .consent.v1.CheckConsentResponse )" in (
        described
    )
    assert "/communications/department/{department_uuid}/optoutstatus" in said(served, "describe", SERVICE)
    assert 'json_name = "departmentUUID"' in said(served, "describe", "consent.v1.UpdateOptOutStatusRequest")
    assert "VERDICT_DENY = 2" in said(served, "describe", "consent.v1.Verdict")


def test_the_files_have_their_true_names(served: Served, folder: Path) -> None:
    said(served, "describe", SERVICE, options=("-protoset-out", str(folder / "set")))
    files = {file.name for file in FileDescriptorSet.FromString((folder / "set").read_bytes()).file}
    ours = {name for name in files if not name.startswith("google/")}
    assert ours == {f"consent/v1/{name}.proto" for name in FILES}
    assert "google/api/annotations.proto" in files


def test_opt_out_status(served: Served, account: Account) -> None:
    request = {
        "departmentUUID": DEPARTMENT,
        "messageUUID": "grpcurl-1",
        "communicationAttributesList": [
            {"communicationType": "COMMUNICATION_TYPE_TEXT", "communicationValue": "+16502535001"}
        ],
        "event": "OPT_OUT_EVENT_STOP_MESSAGE_RECEIVED",
        "updateType": "OPT_OUT_UPDATE_TYPE_MESSAGE",
    }
    assert ask(served, account, "UpdateOptOutStatus", request) == {"errors": [], "warnings": [], "reply_permits": []}
    (warning,) = ask(served, account, "UpdateOptOutStatus", request)["warnings"]
    assert warning["warning_code"] == "OPT_OUT_WARNING_CODE_NO_CHANGE"


def test_channel_consent_and_check(served: Served, account: Account) -> None:
    request = {"client_id": CLIENT, "channel_addr": "6502535002", "channel_type": 1, "consent_type": 1}
    answer = ask(served, account, "UpdateChannelConsent", request)
    assert answer["applied"] is True
    assert answer["consent"]["consent_type"] == "CONSENT_TYPE_WRITTEN"
    recipient = {"channel": "CHANNEL_SMS", "address": "+1 650 253 5002"}
    question = {"sender": CLIENT, "recipient": recipient, "purposes": ["marketing", "transactional"]}
    answer = ask(served, account, "CheckConsent", question)
    assert [(d["purpose"], d["verdict"], d["reason"]) for d in answer["decisions"]] == [
        ("marketing", "VERDICT_ALLOW", "VERDICT_REASON_OPTED_IN"),
        ("transactional", "VERDICT_ALLOW", "VERDICT_REASON_ALLOWED_BY_RULE"),
    ]
    assert answer["recipient"]["address"] == "+16502535002"


def test_auto_responses(served: Served, account: Account) -> None:
    draft = {"country_code": "BR", "keywords": ["SAIR"], "op": "AUTO_RESPONSE_OP_STOP"}
    made = ask(served, account, "CreateAutoResponse", {"profile_id": PROFILE, **draft})["data"]
    named = {"profile_id": PROFILE, "autoresp_cfg_id": made["id"]}
    assert ask(served, account, "GetAutoResponse", named)["data"] == made
    updated = ask(served, account, "UpdateAutoResponse", {**named, **draft, "resp_text": "Tchau"})["data"]
    assert updated["resp_text"] == "Tchau"
    listed = ask(served, account, "ListAutoResponses", {"profile_id": PROFILE, "country_code": "BR"})
    assert (listed["data"], listed["meta"]["total_results"]) == ([updated], 1)
    assert ask(served, account, "DeleteAutoResponse", named) == {}


def test_opt_out_by_email(served: Served, account: Account) -> None:
    user = ask(served, account, "OptOutUserByEmail", {"email": EMAIL})["user"]
    assert (user["mobile"], user["role"], user["opt_status"]) == (MOBILE, "enduser", False)
    recipient = {"channel": "CHANNEL_SMS", "address": MOBILE}
    listed = ask(served, account, "ListConsents", {"recipient": recipient})["consents"]
    assert [(record["sender"], record["lifted_by"]) for record in listed] == [("*", "LIFTED_BY_RECIPIENT")]


@pytest.mark.parametrize("service", ["", SERVICE, "consent.v1.AdminService"])
def test_health(served: Served, service: str) -> None:
    options = ("-d", json.dumps({"service": service}))
    assert json.loads(said(served, "grpc.health.v1.Health/Check", options=options)) == {"status": "SERVING"}


CHECK = '{"sender": "%s", "recipient": {"channel": "CHANNEL_SMS", "address": "%s"}, "purposes": ["%s"]}'


@pytest.mark.parametrize(
    ("method", "request_text", "code", "reason"),
    [
        ("CheckConsent", "{}", "InvalidArgument", "INVALID_FIELD"),
        ("CheckConsent", CHECK % (BRAND, "no number", "marketing"), "InvalidArgument", "INVALID_FIELD"),
        ("CheckConsent", CHECK % (BRAND, "+16502530000", "gossip"), "NotFound", "PURPOSE_NOT_FOUND"),
        ("CheckConsent", CHECK % ("nobody", "+16502530000", "marketing"), "NotFound", "SENDER_NOT_FOUND"),
        ("ListConsents", '{"page_size": -1}', "InvalidArgument", "INVALID_FIELD"),
        ("ListConsents", '{"page_token": "nonsense"}', "InvalidArgument", "INVALID_PAGE_TOKEN"),
        ("OptOutUserByEmail", '{"email": "no at"}', "InvalidArgument", "INVALID_FIELD"),
        ("OptOutUserByEmail", '{"email": "nobody@example.com"}', "NotFound", "CONTACT_NOT_FOUND"),
        ("UpdateChannelConsent", '{"consent_type": 77}', "InvalidArgument", "INVALID_FIELD"),
    ],
)
def test_nonsense_is_refused(
    served: Served, account: Account, method: str, request_text: str, code: str, reason: str
) -> None:
    options = ("-H", f"authorization: Bearer {account.key}", "-d", request_text)
    done = grpcurl(served, f"{SERVICE}/{method}", options=options)
    assert done.returncode != 0
    assert f"Code: {code}" in done.stderr
    assert f'"reason": "{reason}"' in done.stderr.replace('":"', '": "')


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("consent.v1.ConsentService/Nothing",), ()),
        (("consent.v2.Nothing/Nothing",), ()),
        (("describe", "consent.v1.Nothing"), ()),
        ((f"{SERVICE}/CheckConsent",), ("-d", '{"nothing": 1}')),
        ((f"{SERVICE}/CheckConsent",), ("-d", "not JSON")),
    ],
)
def test_what_there_is_not(served: Served, arguments: tuple[str, ...], options: tuple[str, ...]) -> None:
    assert grpcurl(served, *arguments, options=options).returncode != 0


def test_no_credential(served: Served) -> None:
    done = grpcurl(served, f"{SERVICE}/ListConsents")
    assert "Code: Unauthenticated" in done.stderr
    assert "CREDENTIAL_MISSING" in done.stderr
