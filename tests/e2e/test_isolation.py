"""Two tenants, the same addresses and the same sender ids: nothing of one is seen or changed by the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import grpc
import pytest
from consent.v1 import admin_pb2, auto_response_pb2, decision_pb2, inbound_pb2, ledger_pb2, user_opt_out_pb2
from consent.v1.admin_service_pb2 import DESCRIPTOR as ADMIN
from consent.v1.consent_service_pb2 import DESCRIPTOR as CONSENT
from google.protobuf.message import Message

from tests.e2e.accounts import BRAND, CLIENT, DEPARTMENT, EMAIL, MOBILE, PROFILE, Caller, calling, open_account
from tests.e2e.named import SMS, Names, check_at, opt_out_at, requests, said_to, setting_at, written_at
from tests.e2e.process import Served
from tests.e2e.refusals import refusal

SECRET = "a-secret-of-the-owner-0123456789"
ADMIN_METHODS = {method.name for method in ADMIN.services_by_name["AdminService"].methods}
METHODS = ADMIN_METHODS | {method.name for method in CONSENT.services_by_name["ConsentService"].methods}
# These name nothing: what they list is looked at as a whole, what they make is the caller's own.
NAMELESS = {
    *("ListConsents", "ListSenders", "ListContacts", "ListCredentials"),
    *("ListPurposes", "ListConsentEvents", "ListReviewItems", "WatchConsentEvents", "VerifyLedger"),
    *("CreateSender", "CreatePurpose", "CreateContact", "CreateCredential", "SetLegalHold"),
}
NOBODYS = Names(
    department="00000000-0000-4000-8000-000000000001",
    client="nobodys-client",
    profile="nobodys-profile",
    setting="00000000-0000-4000-8000-000000000002",
    contact="nobodys-contact",
    email="nobody@example.com",
    credential="00000000-0000-4000-8000-000000000003",
    mobile="+16502539002",
    purpose="nobodys-purpose",
    review="00000000-0000-4000-8000-000000000004",
)


@dataclass(frozen=True)
class Neighbours:
    """Two tenants, and the names of what only the owner has."""

    owner: Caller
    stranger: Caller
    names: Names


def ask(caller: Caller, method: str, request: Any) -> Any:
    """Call a method of either service, with the rights that it needs."""
    if method == "ForgetRecipient":
        return caller.consent.ForgetRecipient(request, metadata=caller.as_admin)
    if method in ADMIN_METHODS:
        return getattr(caller.admin, method)(request, metadata=caller.as_admin)
    return getattr(caller.consent, method)(request, metadata=caller.as_writer)


@pytest.fixture(scope="module")
def neighbours(served: Served) -> Iterator[Neighbours]:
    owner, stranger = open_account(served, "owner"), open_account(served, "stranger")
    with calling(served, owner) as caller, calling(served, stranger) as other:
        department, client, profile = "5a2b1c64-0d5e-4b0e-9d3f-ffffffffffff", "owners-client", "owners-profile"
        for name, kind in (
            (department, admin_pb2.SENDER_KIND_DEPARTMENT),
            (client, admin_pb2.SENDER_KIND_CLIENT),
            (profile, admin_pb2.SENDER_KIND_MESSAGING_PROFILE),
        ):
            sender = admin_pb2.Sender(id=name, kind=kind)
            ask(caller, "CreateSender", admin_pb2.CreateSenderRequest(sender=sender))
        contact = admin_pb2.Contact(id="owners-contact", email="owner@example.com", mobile="+16502539001")
        ask(caller, "CreateContact", admin_pb2.CreateContactRequest(contact=contact))
        credential = admin_pb2.Credential(role=admin_pb2.ROLE_READER)
        made = ask(caller, "CreateCredential", admin_pb2.CreateCredentialRequest(credential=credential, secret=SECRET))
        setting = ask(caller, "CreateAutoResponse", setting_at(PROFILE)).data.id
        ask(caller, "UpdateChannelConsent", written_at(CLIENT))
        ask(caller, "UpdateOptOutStatus", opt_out_at(DEPARTMENT))
        purpose = admin_pb2.Purpose(id="owners-purpose", rule=admin_pb2.PURPOSE_RULE_OPT_OUT_ALLOWED)
        ask(caller, "CreatePurpose", admin_pb2.CreatePurposeRequest(purpose=purpose))
        review = ask(caller, "HandleInboundMessage", said_to(profile, "please stop texting me")).review_item_id
        things = (contact.id, contact.email, made.credential.id, contact.mobile, purpose.id, review)
        names = Names(department, client, profile, setting, *things)
        yield Neighbours(caller, other, names)


def everything(caller: Caller) -> list[Message]:
    """All that a tenant can be asked for, but for ages and last uses, which the asking itself changes."""
    credentials = ask(caller, "ListCredentials", admin_pb2.ListCredentialsRequest())
    for credential in credentials.credentials:
        credential.ClearField("last_used_time")
    reviews = ask(caller, "ListReviewItems", inbound_pb2.ListReviewItemsRequest())
    for item in reviews.items:
        item.ClearField("age_seconds")
    return [
        ask(caller, "ListConsents", decision_pb2.ListConsentsRequest()),
        ask(caller, "ListConsentEvents", ledger_pb2.ListConsentEventsRequest()),
        reviews,
        ask(caller, "ListPurposes", admin_pb2.ListPurposesRequest()),
        ask(caller, "ListSenders", admin_pb2.ListSendersRequest()),
        ask(caller, "ListContacts", admin_pb2.ListContactsRequest()),
        credentials,
        ask(caller, "ListAutoResponses", auto_response_pb2.ListAutoResponsesRequest(profile_id=PROFILE)),
        *(ask(caller, "CheckConsent", check_at(sender)).decisions[0] for sender in (DEPARTMENT, CLIENT, BRAND)),
    ]


def test_every_method_is_here() -> None:
    assert requests(NOBODYS).keys() | NAMELESS == METHODS


@pytest.mark.parametrize("method", sorted(METHODS - NAMELESS))
def test_what_another_tenant_has_is_as_what_nobody_has(neighbours: Neighbours, method: str) -> None:
    before = everything(neighbours.owner), everything(neighbours.stranger)

    def refused(names: Names) -> tuple[grpc.StatusCode, str, str]:
        found = refusal(lambda: ask(neighbours.stranger, method, requests(names)[method]))
        message = found.message
        for name in astuple(names):
            message = message.replace(name, "it")
        return found.code, found.reason, message

    assert refused(neighbours.names) == refused(NOBODYS)
    assert refused(neighbours.names)[0] == grpc.StatusCode.NOT_FOUND
    assert (everything(neighbours.owner), everything(neighbours.stranger)) == before


def json_paths(names: Names) -> list[tuple[str, str, Any]]:
    """Each JSON path that names a thing, with a good body."""
    stop = {"messageUUID": "m", "event": "STOP_MESSAGE_RECEIVED", "updateType": "MESSAGE"}
    value = {"communicationType": "TEXT", "communicationValue": MOBILE}
    draft = {"country_code": "US", "keywords": ["MINE"], "op": "stop"}
    setting = f"/messaging_profiles/{PROFILE}/autoresp_configs/{names.setting}"
    relayed = {"channel_addr": "6502530000", "channel_type": "sms", "consent_type": "stop"}
    relay = f"/messaging/client/{names.client}/consent/channel_addr/6502530000/channel_type/sms"
    return [
        ("POST", f"/department/{names.department}/optoutstatus", {**stop, "communicationAttributesList": [value]}),
        ("PUT", relay, {"consent_type": "stop"}),
        ("GET", f"/messaging_profiles/{names.profile}/autoresp_configs", None),
        ("POST", f"/messaging_profiles/{names.profile}/autoresp_configs", draft),
        ("GET", setting, None),
        ("PUT", setting, draft),
        ("DELETE", setting, None),
        ("PUT", f"/api/user/actions/optout/email/{names.email}", None),
        ("PUT", f"/api/user/actions/optout/mobile/{names.mobile.removeprefix('+')}", None),
        ("GET", f"/api/user/actions/status/id/{names.contact}", None),
        ("GET", f"/api/user/email/{names.email}", None),
        ("PUT", f"/messaging/client/{names.client}/consent/bulk", {"batch": [relayed]}),
        ("POST", f"/department/{names.department}/customers/optoutstatus/list", {"customerUUIDList": ["ann"]}),
        ("GET", f"/v2/messaging_optouts?filter[messaging_profile_id]={names.profile}", None),
    ]


@pytest.mark.parametrize("number", range(len(json_paths(NOBODYS))))
def test_so_it_is_at_the_gateway(neighbours: Neighbours, number: int) -> None:
    before = everything(neighbours.owner), everything(neighbours.stranger)

    def refused(names: Names) -> tuple[int, str]:
        method, path, body = json_paths(names)[number]
        account = neighbours.stranger.account
        headers = {"x-request-id": "same", "xx-relay-api-key": account.key, "x-api-key": account.key}
        if not path.startswith("/department"):
            headers["authorization"] = f"Bearer {account.key}"
        login = None if "authorization" in headers else account.login
        answer = neighbours.stranger.http.request(method, path, json=body, headers=headers, auth=login)
        text = answer.text
        for name in (*astuple(names), names.mobile.removeprefix("+")):
            text = text.replace(name, "it")
        return answer.status_code, text

    assert refused(neighbours.names) == refused(NOBODYS)
    assert refused(neighbours.names)[0] == 404
    assert (everything(neighbours.owner), everything(neighbours.stranger)) == before


def test_the_same_address_is_another_persons(neighbours: Neighbours) -> None:
    owner, stranger = neighbours.owner, neighbours.stranger
    assert (owner.verdict(CLIENT, MOBILE), stranger.verdict(CLIENT, MOBILE)) == ("OPTED_IN", "NO_CONSENT")
    assert (owner.verdict(DEPARTMENT, MOBILE), stranger.verdict(DEPARTMENT, MOBILE)) == ("OPTED_OUT", "NO_CONSENT")
    before = everything(owner)
    ask(stranger, "OptOutUserByEmail", user_opt_out_pb2.OptOutUserByEmailRequest(email=EMAIL))
    ask(stranger, "CreateAutoResponse", setting_at(PROFILE))
    assert stranger.verdict(CLIENT, MOBILE) == "OPTED_OUT"
    assert everything(owner) == before
    listed = ask(owner, "ListConsents", decision_pb2.ListConsentsRequest(recipient=SMS)).consents
    assert sorted(record.sender for record in listed) == sorted([CLIENT, DEPARTMENT, neighbours.names.profile])


def test_a_secret_opens_one_tenant_only(neighbours: Neighbours) -> None:
    credential = admin_pb2.Credential(role=admin_pb2.ROLE_READER)
    request = admin_pb2.CreateCredentialRequest(credential=credential, secret=SECRET)
    found = refusal(lambda: ask(neighbours.stranger, "CreateCredential", request))
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CREDENTIAL_ALREADY_EXISTS")
    assert "owner" not in found.message


def test_a_page_token_leads_into_no_other_tenant(neighbours: Neighbours) -> None:
    token = ask(neighbours.owner, "ListSenders", admin_pb2.ListSendersRequest(page_size=1)).next_page_token
    request = admin_pb2.ListSendersRequest(page_size=1, page_token=token)
    found = refusal(lambda: ask(neighbours.stranger, "ListSenders", request))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
