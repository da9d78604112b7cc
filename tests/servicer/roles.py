"""The role that each RPC needs, by service, as the servicers state it."""

from __future__ import annotations

from server.api.server import ADMIN_SERVICE, CONSENT_SERVICE
from server.api.servicers import admin, decision, documented, inbound, ledger

ROLES = {
    CONSENT_SERVICE: {**documented.ROLES, **decision.ROLES, **inbound.ROLES, **ledger.ROLES},
    ADMIN_SERVICE: {**admin.ROLES, **ledger.ADMIN_ROLES},
}
