"""What is told of Hi Marley's API."""

from __future__ import annotations

from consent.v1.user_opt_out_pb2 import GetUserRequest, OptOutUserByEmailRequest, OptOutUserByMobileRequest, User

from server.gateway.docs.doc import FAILURES, Doc, Manual, Parameter, Spelling, Style, member

_USER = {
    "id": "bc13bc97-23eb-40eb-ac0f-12341ee99aae",
    "first": "james",
    "last": "bondd",
    "email": "testertester123@verizon.net",
    "mobile": "+15552320405",
    "role": "enduser",
    "optStatus": False,
    "optStatusDetail": "OPTED_OUT",
}
_OPT_OUT = (
    "SMS to the customer's mobile is stopped for the whole organisation. No call lifts it: the way back is the "
    "customer's own START. Repeating it answers the same."
)
_STATUS = {"optStatus": bool}
_STATUS_SAMPLE = {"optStatus": False}

OPT_OUT_BY_EMAIL = Doc("optOutUserByEmail", "Opt a user out, by e-mail address", User, _USER, _OPT_OUT)
OPT_OUT_BY_MOBILE = Doc("optOutUserByMobile", "Opt a user out, by mobile number", User, _USER, _OPT_OUT)
STATUS_BY_EMAIL = Doc("getUserStatusByEmail", "Get a user's status, by e-mail address", _STATUS, _STATUS_SAMPLE)
STATUS_BY_MOBILE = Doc("getUserStatusByMobile", "Get a user's status, by mobile number", _STATUS, _STATUS_SAMPLE)
STATUS_BY_ID = Doc("getUserStatusById", "Get a user's status, by id", _STATUS, _STATUS_SAMPLE)
USER_BY_EMAIL = Doc("getUserByEmail", "Get a user, by e-mail address", User, _USER)

MANUAL = Manual(
    about=(
        "Hi Marley's operations on users. `optStatus` is false while a tenant-wide no, or the suspicion of one, covers "
        "the mobile."
    ),
    style=Style("HiMarley.", Spelling.BARE),
    envelope={
        "errors": [
            {
                "category": str,
                "code": str,
                "detail": str,
                "method": str,
                "path": str,
                "requestId": str,
                "retryable": bool,
            }
        ]
    },
    failures=FAILURES,
    values={
        "email": Parameter(
            member(OptOutUserByEmailRequest, "email"),
            "The e-mail address, compared without case.",
            "testertester123@verizon.net",
        ),
        "mobile": Parameter(
            member(OptOutUserByMobileRequest, "mobile"),
            "The number's digits with its country code, without `+`.",
            "15552320405",
        ),
        "id": Parameter(member(GetUserRequest, "id"), "The customer's id.", "bc13bc97-23eb-40eb-ac0f-12341ee99aae"),
    },
)
