"""What can go wrong, by what happened. Messages are for a person and hold no address and no secret.

    ConsentError
     ├ CredentialMissing · CredentialInvalid · LoginThrottled
     ├ RoleInsufficient · SenderNotPermitted · TenantWideNotPermitted
     ├ MalformedRequest · InvalidField · InvalidPageToken · RequestIdReused · KeywordReserved · SecretTooWeak
     ├ NotFound            TENANT, SENDER, PURPOSE, CONTACT, AUTO_RESPONSE, CREDENTIAL, REVIEW_ITEM, RECIPIENT
     ├ ContactWithoutMobile
     ├ AlreadyExists       TENANT, SENDER, PURPOSE, CONTACT, CREDENTIAL
     ├ KeywordTaken · CredentialRevoked · ForceNotPermitted · InvalidReplyPermit · ReviewItemResolved
     ├ LegalHold · ResumeTokenOutOfRange · TooManyWatchers
     ├ DeadlinePassed · CallTooLong · Overloaded · RateLimited · ServerStopping
     └ StorageUnavailable

`reason` is the name of a value of the contract's ErrorReason, without its prefix; `facts` is the ErrorInfo metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class FieldFault(StrEnum):
    """What is wrong with a field."""

    REQUIRED = "REQUIRED"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    INVALID_FORMAT = "INVALID_FORMAT"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_ALLOWED = "NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong: its path in the contract's names, what is wrong, and how to mend it."""

    field: str
    fault: FieldFault
    description: str


class ConsentError(Exception):
    """A refusal that the caller can understand."""

    reason: str

    def __init__(
        self, message: str, facts: Mapping[str, str] | None = None, violations: Sequence[Violation] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.facts = dict(facts or {})
        self.violations = tuple(violations)


class CredentialMissing(ConsentError):
    """The call carries no credential."""

    reason = "CREDENTIAL_MISSING"

    def __init__(self) -> None:
        super().__init__("a credential is needed: authorization (Bearer or Basic), x-api-key or xx-relay-api-key")


class CredentialInvalid(ConsentError):
    """The credential is unknown, wrong, revoked or expired; the caller is not told which."""

    reason = "CREDENTIAL_INVALID"

    def __init__(self) -> None:
        super().__init__("the credential is not valid")


class LoginThrottled(ConsentError):
    """Too many failed logins from one caller."""

    reason = "LOGIN_THROTTLED"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"too many failed logins; try again in {retry_after_seconds} s",
            {"retry_after_seconds": str(retry_after_seconds)},
        )
        self.retry_after_seconds = retry_after_seconds


class RoleInsufficient(ConsentError):
    """The credential's role does not reach."""

    reason = "ROLE_INSUFFICIENT"

    def __init__(self, role: str, required_role: str) -> None:
        super().__init__(
            f"this call needs the role {required_role}; the credential has {role}",
            {"role": role, "required_role": required_role},
        )


class SenderNotPermitted(ConsentError):
    """The credential is bound to other senders; whether this one exists is not told."""

    reason = "SENDER_NOT_PERMITTED"

    def __init__(self) -> None:
        super().__init__("the credential is bound to other senders")


class TenantWideNotPermitted(ConsentError):
    """A bound credential tried to write what covers the whole tenant."""

    reason = "TENANT_WIDE_NOT_PERMITTED"

    def __init__(self) -> None:
        super().__init__("a credential that is bound to senders cannot write what covers the whole tenant")


class MalformedRequest(ConsentError):
    """The bytes are no message of the type."""

    reason = "MALFORMED_REQUEST"

    def __init__(self) -> None:
        super().__init__(
            "the request cannot be decoded: it is no message of this type, or holds text that is not UTF-8"
        )


class InvalidField(ConsentError):
    """Fields are missing or wrong."""

    reason = "INVALID_FIELD"

    def __init__(self, *violations: Violation) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations), violations=violations)


class InvalidPageToken(ConsentError):
    """The page token is not ours, or belongs to another question."""

    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        message = "the token is not one of this service's, or belongs to another question"
        super().__init__(message, violations=[Violation("page_token", FieldFault.INVALID_FORMAT, message)])


class RequestIdReused(ConsentError):
    """One request id, two bodies."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self) -> None:
        message = "the request id was used with another body"
        super().__init__(message, violations=[Violation("request_id", FieldFault.NOT_ALLOWED, message)])


class KeywordReserved(ConsentError):
    """A shipped word cannot be given to another op."""

    reason = "KEYWORD_RESERVED"

    def __init__(self, field: str, keyword: str, op: str) -> None:
        message = f"“{keyword}” always means {op} and cannot be given to another op"
        super().__init__(message, {"keyword": keyword, "op": op}, [Violation(field, FieldFault.NOT_ALLOWED, message)])


class KeywordTaken(ConsentError):
    """Another setting of the profile and country gives the word to another op."""

    reason = "KEYWORD_TAKEN"

    def __init__(self, field: str, keyword: str, auto_response: str) -> None:
        message = f"“{keyword}” has another op in the setting {auto_response} of this profile and country"
        super().__init__(
            message,
            {"keyword": keyword, "auto_response": auto_response},
            [Violation(field, FieldFault.NOT_ALLOWED, message)],
        )


class SecretTooWeak(ConsentError):
    """A short secret needs `allow_weak`."""

    reason = "SECRET_TOO_WEAK"

    def __init__(self, minimum: int) -> None:
        message = f"a secret of fewer than {minimum} characters must be allowed in so many words (allow weak)"
        super().__init__(message, violations=[Violation("secret", FieldFault.OUT_OF_RANGE, message)])


class NotFound(ConsentError):
    """There is no such thing here."""

    def __init__(self, kind: str, name: str = "") -> None:
        self.reason = f"{kind}_NOT_FOUND"
        noun = kind.lower().replace("_", " ")
        named = {kind.lower(): name} if name else {}
        super().__init__(f"no such {noun}" + (f": {name}" if name else ""), named)


class AlreadyExists(ConsentError):
    """The name is taken."""

    def __init__(self, kind: str, name: str = "") -> None:
        self.reason = f"{kind}_ALREADY_EXISTS"
        noun = kind.lower().replace("_", " ")
        named = {kind.lower(): name} if name else {}
        super().__init__(f"there is such a {noun} already" + (f": {name}" if name else ""), named)


class ContactWithoutMobile(ConsentError):
    """The contact has no mobile number, so there is nothing to opt out."""

    reason = "CONTACT_WITHOUT_MOBILE"

    def __init__(self) -> None:
        super().__init__("the customer has no mobile number, so there is nothing to opt out")


class CredentialRevoked(ConsentError):
    """A revoked credential cannot be rotated."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self, credential: str) -> None:
        super().__init__(f"the credential {credential} was revoked; make a new one", {"credential": credential})


class ForceNotPermitted(ConsentError):
    """The credential may not use FORCE."""

    reason = "FORCE_NOT_PERMITTED"

    def __init__(self) -> None:
        super().__init__("the credential may not use force")


class InvalidReplyPermit(ConsentError):
    """The permit is forged, has ended, or is for another tenant, sender or recipient."""

    reason = "INVALID_REPLY_PERMIT"

    def __init__(self) -> None:
        message = "the permit is not one of this service's, has ended, or is for another sender or recipient"
        super().__init__(message, violations=[Violation("reply_permit", FieldFault.NOT_ALLOWED, message)])


class ReviewItemResolved(ConsentError):
    """The review item was judged already, otherwise."""

    reason = "REVIEW_ITEM_RESOLVED"

    def __init__(self, item: str) -> None:
        super().__init__(f"the review item {item} was judged already, otherwise", {"review_item": item})


class LegalHold(ConsentError):
    """A legal hold forbids to forget the recipient."""

    reason = "LEGAL_HOLD"

    def __init__(self) -> None:
        super().__init__("a legal hold is on this recipient; release it before forgetting")


class ResumeTokenOutOfRange(ConsentError):
    """The resume token is of a ledger before a restore, or beyond its head."""

    reason = "RESUME_TOKEN_OUT_OF_RANGE"

    def __init__(self) -> None:
        super().__init__("the resume token is of another ledger than this one, as before a restore; begin anew")


class TooManyWatchers(ConsentError):
    """The tenant, or this process, has as many open watches as it may."""

    reason = "TOO_MANY_WATCHERS"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"too many watches are open; try again in {retry_after_seconds} s",
            {"retry_after_seconds": str(retry_after_seconds)},
        )
        self.retry_after_seconds = retry_after_seconds


class Overloaded(ConsentError):
    """More calls came than can be answered in time; this one was not begun."""

    reason = "OVERLOADED"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"the server has more to do than it can; nothing was done, try again in {retry_after_seconds} s",
            {"retry_after_seconds": str(retry_after_seconds)},
        )
        self.retry_after_seconds = retry_after_seconds


class RateLimited(ConsentError):
    """The credential makes more calls than it may."""

    reason = "RATE_LIMITED"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"the credential makes more calls than it may; nothing was done, try again in {retry_after_seconds} s",
            {"retry_after_seconds": str(retry_after_seconds)},
        )
        self.retry_after_seconds = retry_after_seconds


class ServerStopping(ConsentError):
    """The server stops; what was begun can be resumed elsewhere."""

    reason = "SERVER_STOPPING"

    def __init__(self) -> None:
        super().__init__("the server stops; resume with the last token")


class DeadlinePassed(ConsentError):
    """The deadline passed before the work began."""

    reason = "DEADLINE_PASSED"

    def __init__(self) -> None:
        super().__init__("the deadline passed before the work began; nothing was done")


class CallTooLong(ConsentError):
    """The call took longer than any call may take."""

    reason = "CALL_TOO_LONG"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"the call took longer than {seconds} s; whether it was carried out is not known, so repeat it with the "
            "same request id",
            {"seconds": str(seconds)},
        )


class StorageUnavailable(ConsentError):
    """The database cannot be reached or written."""

    reason = "STORAGE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("the database cannot be reached or written; repeat the call with the same request id")
