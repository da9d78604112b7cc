"""What OpenSSL serves TLS by, made of PEM."""

from __future__ import annotations

import ssl
import tempfile


def server_context(chain: bytes, key: bytes, client_ca: bytes | None) -> ssl.SSLContext:
    """A context for HTTP/1.1, TLS 1.2 or newer; clients show a certificate of `client_ca`, where that is given.

    Raises ssl.SSLError for what OpenSSL refuses, and OSError where no temporary file can be written.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    with tempfile.NamedTemporaryFile(prefix="consent-") as file:
        # OpenSSL reads certificates from files only; this one is its owner's alone, and gone at once.
        file.write(key + b"\n" + chain)
        file.flush()
        context.load_cert_chain(file.name)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.decode("ascii", "ignore"))
        # A session that is resumed would not be held to the authorities of today.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context
