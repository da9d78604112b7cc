"""Hi Marley: opt users out of SMS, and see how they stand."""

from __future__ import annotations

from consent.v1.user_opt_out_pb2 import (
    GetUserRequest,
    OptOutUserByEmailRequest,
    OptOutUserByMobileRequest,
    OptStatusDetail,
    User,
)

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.docs import himarley as docs
from server.gateway.envelope import describe, documented_status
from server.gateway.errors import Fault, FaultKind, Violation
from server.gateway.fields import Words
from server.gateway.vendor import Operation, Vendor

_DETAILS = Words(OptStatusDetail)


async def opt_out_user_by_email(call: Call) -> Answer:
    """Opts the user out and answers how they stand now."""
    request = OptOutUserByEmailRequest(email=call.path["email"])
    response = await call.send(call.upstream.consent.OptOutUserByEmail, request)
    return Answer(200, _print(response.user))


async def opt_out_user_by_mobile(call: Call) -> Answer:
    """Opts the user out and answers how they stand now."""
    request = OptOutUserByMobileRequest(mobile=call.path["mobile"])
    response = await call.send(call.upstream.consent.OptOutUserByMobile, request)
    return Answer(200, _print(response.user))


async def get_user(call: Call) -> Answer:
    """The user."""
    return Answer(200, _print(await _find(call)))


async def get_status(call: Call) -> Answer:
    """Whether SMS may reach the user at all."""
    user = await _find(call)
    return Answer(200, {"optStatus": user.opt_status})


async def _find(call: Call) -> User:
    """The user that the path names, by the one key that it holds."""
    response = await call.send(call.upstream.consent.GetUser, GetUserRequest(**call.path))
    return response.user


def _print(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "first": user.first,
        "last": user.last,
        "email": user.email,
        "mobile": user.mobile,
        "role": user.role,
        "optStatus": user.opt_status,
        "optStatusDetail": _DETAILS.word(user.opt_status_detail),
    }


_KEYS = {"email", "mobile", "id"}
_CODES = {
    FaultKind.MISSING_CREDENTIALS: "INVALID_API_KEY",
    FaultKind.WRONG_CREDENTIALS: "INVALID_API_KEY",
    FaultKind.NOT_FOUND: "USER_NOT_FOUND",
    FaultKind.TOO_MANY_REQUESTS: "THROTTLED",
}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """`{"errors": [{category, code, detail, method, path, requestId, retryable}]}`, one error for each field."""
    errors = [
        {
            "category": _category(fault.kind),
            "code": _code(fault.kind, complaint),
            "detail": describe(complaint, complaint.field, {}),
            "method": occasion.method,
            "path": occasion.path,
            "requestId": occasion.request_id,
            "retryable": _category(fault.kind) != "ClientError",
        }
        for complaint in fault.complaints
    ]
    return Answer(documented_status(fault.kind), {"errors": errors})


def _category(kind: FaultKind) -> str:
    if kind is FaultKind.TOO_MANY_REQUESTS:
        return "ThrottleError"
    return "ServerError" if kind.status >= FaultKind.INTERNAL_ERROR.status else "ClientError"


def _code(kind: FaultKind, complaint: Violation) -> str:
    if complaint.field in _KEYS:
        return f"INVALID_{complaint.field.upper()}"
    return _CODES.get(kind, kind.name)


HIMARLEY = Vendor(
    name="Hi Marley",
    prefixes=("/api",),
    bases=("",),
    operations=(
        Operation("PUT", "/api/user/actions/optout/email/{email}", opt_out_user_by_email, docs.OPT_OUT_BY_EMAIL),
        Operation("PUT", "/api/user/actions/optout/mobile/{mobile}", opt_out_user_by_mobile, docs.OPT_OUT_BY_MOBILE),
        Operation("GET", "/api/user/actions/status/email/{email}", get_status, docs.STATUS_BY_EMAIL),
        Operation("GET", "/api/user/actions/status/mobile/{mobile}", get_status, docs.STATUS_BY_MOBILE),
        Operation("GET", "/api/user/actions/status/id/{id}", get_status, docs.STATUS_BY_ID),
        Operation("GET", "/api/user/email/{email}", get_user, docs.USER_BY_EMAIL),
    ),
    credentials=(CredentialHeader("x-api-key"), CredentialHeader("authorization", "Bearer")),
    render=render,
    manual=docs.MANUAL,
    challenge='Bearer realm="consent"',
)
