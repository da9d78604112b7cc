"""AdminService: decode, call the use case, encode."""

from __future__ import annotations

from consent.v1 import admin_pb2 as admin

from server.api import convert, convert_statements
from server.api.call import Call
from server.api.units import Units
from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import Purpose, Role
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Transaction
from server.usecases import access, contacts, credentials, purposes, senders
from server.usecases.pages import PageTokens
from server.usecases.secrets import prepare_secret

SOURCE = "api"
ROLES = dict.fromkeys(
    (
        *("CreateSender", "GetSender", "ListSenders", "UpdateSender"),
        *("CreatePurpose", "GetPurpose", "ListPurposes", "UpdatePurpose"),
        *("CreateContact", "GetContact", "ListContacts", "UpdateContact", "DeleteContact"),
        *("CreateCredential", "ListCredentials", "RevokeCredential", "RotateCredential"),
    ),
    Role.ADMIN,
)


class AdminServicer:
    """The methods behind the chain: each takes the call and the request, and answers the response."""

    def __init__(self, units: Units, tokens: PageTokens, keys: ServiceKeys) -> None:
        self._units = units
        self._tokens = tokens
        self._keys = keys

    def CreateSender(self, call: Call, request: admin.CreateSenderRequest) -> admin.CreateSenderResponse:
        """Register a sender."""
        if not request.sender.kind:
            raise InvalidField(Violation("sender.kind", FieldFault.REQUIRED, "is needed"))
        draft = convert.sender_draft(request.sender)

        def work(tx: Transaction) -> admin.CreateSenderResponse:
            sender = senders.create_sender(tx, call.principal, draft, SOURCE)
            return admin.CreateSenderResponse(sender=convert.sender(sender))

        return self._units.write(call, request, admin.CreateSenderResponse, work)

    def GetSender(self, call: Call, request: admin.GetSenderRequest) -> admin.GetSenderResponse:
        """Get one sender."""
        with self._units.read(call) as snapshot:
            sender = access.find_sender(snapshot, call.principal, request.id)
        return admin.GetSenderResponse(sender=convert.sender(sender))

    def ListSenders(self, call: Call, request: admin.ListSendersRequest) -> admin.ListSendersResponse:
        """List senders."""
        with self._units.read(call) as snapshot:
            page, token = senders.list_senders(
                snapshot, call.principal, self._tokens, request.page_size, request.page_token
            )
        return admin.ListSendersResponse(senders=map(convert.sender, page), next_page_token=token)

    def UpdateSender(self, call: Call, request: admin.UpdateSenderRequest) -> admin.UpdateSenderResponse:
        """Change a sender's settings."""
        draft, mask = convert.sender_draft(request.sender), frozenset(request.update_mask.paths)

        def work(tx: Transaction) -> admin.UpdateSenderResponse:
            sender = senders.change_sender(tx, call.principal, draft.id, draft, mask, SOURCE)
            return admin.UpdateSenderResponse(sender=convert.sender(sender))

        return self._units.write(call, request, admin.UpdateSenderResponse, work)

    def CreatePurpose(self, call: Call, request: admin.CreatePurposeRequest) -> admin.CreatePurposeResponse:
        """Make a purpose."""
        purpose = _purpose(request.purpose)

        def work(tx: Transaction) -> admin.CreatePurposeResponse:
            made = purposes.create_purpose(tx, call.principal, purpose, SOURCE)
            return admin.CreatePurposeResponse(purpose=convert_statements.purpose(made))

        return self._units.write(call, request, admin.CreatePurposeResponse, work)

    def GetPurpose(self, call: Call, request: admin.GetPurposeRequest) -> admin.GetPurposeResponse:
        """Get one purpose."""
        with self._units.read(call) as snapshot:
            purpose = purposes.find_purpose(snapshot, request.id)
        return admin.GetPurposeResponse(purpose=convert_statements.purpose(purpose))

    def ListPurposes(self, call: Call, request: admin.ListPurposesRequest) -> admin.ListPurposesResponse:
        """List purposes."""
        with self._units.read(call) as snapshot:
            page, token = purposes.list_purposes(snapshot, self._tokens, request.page_size, request.page_token)
        return admin.ListPurposesResponse(purposes=map(convert_statements.purpose, page), next_page_token=token)

    def UpdatePurpose(self, call: Call, request: admin.UpdatePurposeRequest) -> admin.UpdatePurposeResponse:
        """Change a purpose."""
        purpose = _purpose(request.purpose)

        def work(tx: Transaction) -> admin.UpdatePurposeResponse:
            changed = purposes.change_purpose(tx, call.principal, purpose, SOURCE)
            return admin.UpdatePurposeResponse(purpose=convert_statements.purpose(changed))

        return self._units.write(call, request, admin.UpdatePurposeResponse, work)

    def CreateContact(self, call: Call, request: admin.CreateContactRequest) -> admin.CreateContactResponse:
        """Make a contact."""
        draft = convert.contact_draft(request.contact)

        def work(tx: Transaction) -> admin.CreateContactResponse:
            contact = contacts.create_contact(tx, call.principal, draft)
            return admin.CreateContactResponse(contact=convert.contact(contact))

        return self._units.write(call, request, admin.CreateContactResponse, work)

    def GetContact(self, call: Call, request: admin.GetContactRequest) -> admin.GetContactResponse:
        """Get one contact."""
        with self._units.read(call) as snapshot:
            contact = contacts.find_contact(snapshot, request.id)
        return admin.GetContactResponse(contact=convert.contact(contact))

    def ListContacts(self, call: Call, request: admin.ListContactsRequest) -> admin.ListContactsResponse:
        """List contacts."""
        with self._units.read(call) as snapshot:
            page, token = contacts.list_contacts(
                snapshot, self._tokens, request.email, request.page_size, request.page_token
            )
        return admin.ListContactsResponse(contacts=map(convert.contact, page), next_page_token=token)

    def UpdateContact(self, call: Call, request: admin.UpdateContactRequest) -> admin.UpdateContactResponse:
        """Change a contact."""
        if not request.contact.id:
            raise InvalidField(Violation("contact.id", FieldFault.REQUIRED, "is needed"))
        draft, mask = convert.contact_draft(request.contact), frozenset(request.update_mask.paths)

        def work(tx: Transaction) -> admin.UpdateContactResponse:
            contact = contacts.change_contact(tx, call.principal, draft, mask, SOURCE)
            return admin.UpdateContactResponse(contact=convert.contact(contact))

        return self._units.write(call, request, admin.UpdateContactResponse, work)

    def DeleteContact(self, call: Call, request: admin.DeleteContactRequest) -> admin.DeleteContactResponse:
        """Delete a contact."""

        def work(tx: Transaction) -> admin.DeleteContactResponse:
            contacts.delete_contact(tx, call.principal, request.id)
            return admin.DeleteContactResponse()

        return self._units.write(call, request, admin.DeleteContactResponse, work)

    def CreateCredential(self, call: Call, request: admin.CreateCredentialRequest) -> admin.CreateCredentialResponse:
        """Make a credential. The secret is prepared before the transaction: a password takes long to hash."""
        draft = convert.credential_draft(request.credential)
        secret = prepare_secret(self._keys, request.secret, bool(draft.basic_user), request.allow_weak)
        made = self._units.storage.write(
            call.principal.tenant_id,
            lambda tx: credentials.create_credential(tx, call.principal, draft, secret),
        )
        told = secret.text if secret.generated else ""
        return admin.CreateCredentialResponse(credential=convert.credential(made), secret=told)

    def ListCredentials(self, call: Call, request: admin.ListCredentialsRequest) -> admin.ListCredentialsResponse:
        """List credentials."""
        with self._units.read(call) as snapshot:
            page, token = credentials.list_credentials(
                snapshot, call.principal, self._tokens, request.page_size, request.page_token
            )
        return admin.ListCredentialsResponse(credentials=map(convert.credential, page), next_page_token=token)

    def RevokeCredential(self, call: Call, request: admin.RevokeCredentialRequest) -> admin.RevokeCredentialResponse:
        """Revoke a credential."""

        def work(tx: Transaction) -> admin.RevokeCredentialResponse:
            revoked = credentials.revoke_credential(tx, call.principal, request.id)
            return admin.RevokeCredentialResponse(credential=convert.credential(revoked))

        return self._units.write(call, request, admin.RevokeCredentialResponse, work)

    def RotateCredential(self, call: Call, request: admin.RotateCredentialRequest) -> admin.RotateCredentialResponse:
        """Give a credential a new secret."""
        with self._units.read(call) as snapshot:
            known = credentials.find_credential(snapshot, call.principal, request.id)
        secret = prepare_secret(self._keys, "", bool(known.basic_user), allow_weak=False)
        rotated = self._units.storage.write(
            call.principal.tenant_id,
            lambda tx: credentials.rotate_credential(tx, call.principal, request.id, secret, request.overlap_seconds),
        )
        return admin.RotateCredentialResponse(credential=convert.credential(rotated), secret=secret.text)


def _purpose(value: admin.Purpose) -> Purpose:
    if not value.rule:
        raise InvalidField(Violation("purpose.rule", FieldFault.REQUIRED, "is needed"))
    return convert_statements.purpose_value(value)
