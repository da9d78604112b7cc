"""What a caller does about each reason, for docs/errors.md. The contract says what a reason means; this, what helps."""

from __future__ import annotations

from server.domain.errors import FieldFault

REMEDIES = {
    "CREDENTIAL_MISSING": "Send the credential, in `x-api-key` or `authorization`.",
    "CREDENTIAL_INVALID": (
        "Do not repeat it. `consent credential list` says whether it was revoked or has ended; `rotate` makes a new "
        "secret."
    ),
    "LOGIN_THROTTLED": "Wait for as long as the answer says, and mend the secret: each wrong one counts.",
    "ROLE_INSUFFICIENT": "Use a credential with the role that the metadata names.",
    "SENDER_NOT_PERMITTED": "Use a credential that is bound to this sender, or to none.",
    "TENANT_WIDE_NOT_PERMITTED": "Use a credential that is bound to no sender.",
    "MALFORMED_REQUEST": "A defect of the caller: make the message from the contract.",
    "INVALID_FIELD": "A defect of the caller, or bad data: mend the fields that the details list.",
    "INVALID_PAGE_TOKEN": "Ask for the first page again, with the same question for all pages.",
    "REQUEST_ID_REUSED": "A defect of the caller: a new request id for each new request, the same one for a repeat.",
    "SENDER_NOT_FOUND": "Register it: `consent sender create`. Until then nothing may be sent there.",
    "PURPOSE_NOT_FOUND": "`consent purpose list` says which there are.",
    "CONTACT_NOT_FOUND": "Import the contact, or opt the address out itself.",
    "CONTACT_WITHOUT_MOBILE": "Import the contact's mobile; there is nothing to stop until then.",
    "AUTO_RESPONSE_NOT_FOUND": "List the settings of the profile.",
    "CREDENTIAL_NOT_FOUND": "`consent credential list`.",
    "TENANT_NOT_FOUND": "`consent tenant list`.",
    "KEYWORD_RESERVED": "Choose another word: this one means the same everywhere.",
    "KEYWORD_TAKEN": "Take the word out of the setting that the metadata names, or choose another.",
    "SENDER_ALREADY_EXISTS": "It is there: go on.",
    "CONTACT_ALREADY_EXISTS": "It is there: update it.",
    "CREDENTIAL_ALREADY_EXISTS": "Choose another secret or user name, also where the first one was revoked.",
    "TENANT_ALREADY_EXISTS": "It is there: go on.",
    "PURPOSE_ALREADY_EXISTS": "It is there: go on, or update it.",
    "SECRET_TOO_WEAK": "Let the service make one; `--allow-weak` where a legacy caller cannot change.",
    "CREDENTIAL_REVOKED": "Make a new credential.",
    "FORCE_NOT_PERMITTED": "A person decides: `consent record --force`, or a credential with `--allow-force`.",
    "INVALID_REPLY_PERMIT": "Check without the permit, and do as the verdict says.",
    "REVIEW_ITEM_NOT_FOUND": "List the review items anew.",
    "REVIEW_ITEM_RESOLVED": "Somebody was faster; look at what they decided.",
    "LEGAL_HOLD": "Release the hold first: `consent hold --release`.",
    "RECIPIENT_NOT_FOUND": "Nothing is kept, so there is nothing to do.",
    "RESUME_TOKEN_OUT_OF_RANGE": "Read all again from revision 0: the ledger was restored.",
    "TOO_MANY_WATCHERS": "Wait as long as the answer says; watch once a program, not once a thread.",
    "OVERLOADED": "Repeat it after the time that the answer says; tell who runs the service, if it goes on.",
    "RATE_LIMITED": "Wait for as long as the answer says, and call more evenly; batches ask for many in one call.",
    "CALL_TOO_LONG": "Repeat it, a write under the same request id; ask for less in one call.",
    "DEADLINE_PASSED": "Repeat it with more time, a write under the same request id.",
    "SERVER_STOPPING": "Repeat it now; a watch with its last resume token.",
    "STORAGE_UNAVAILABLE": "Repeat it, a write under the same request id, with growing pauses.",
    "INTERNAL": "Tell who runs the service, with the request id.",
}

FIELD_REMEDIES = {
    FieldFault.REQUIRED: "the field is missing or empty",
    FieldFault.UNKNOWN_VALUE: "the enum has no such value",
    FieldFault.INVALID_FORMAT: "the value is not written as it must be: no phone number, no e-mail address, no id",
    FieldFault.TOO_LONG: "the text has too many characters",
    FieldFault.TOO_MANY: "the list has too many items",
    FieldFault.OUT_OF_RANGE: "the number or time is too small or too large",
    FieldFault.NOT_ALLOWED: "the value is good by itself, but not here",
}
