"""TLS on the JSON door: every handshake is made with the certificate that is in force at that moment."""

from __future__ import annotations

import ssl
import tempfile

from server.tls import Certificates, Material


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """A context for a listening socket, TLS 1.2 or newer. Connections that are open keep what they began with.

    A context takes a new certificate, but never forgets a CA that clients were trusted by, nor a session. So a fresh
    one is made for each change, and takes over at the beginning of a handshake.
    """
    material = certificates.newest
    front = in_force = _context(material)

    def take_over(connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _front: ssl.SSLContext) -> None:
        nonlocal material, in_force
        newest = certificates.newest
        if newest is not material:
            material, in_force = newest, _context(newest)
        connection.context = in_force

    # It is asked for every handshake, also where the client names no server.
    front.sni_callback = take_over
    return front


def _context(material: Material) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    with tempfile.NamedTemporaryFile(prefix="consent-") as file:
        # OpenSSL reads certificates from files only; this one is its owner's alone, and gone at once.
        file.write(material.key + b"\n" + material.chain)
        file.flush()
        context.load_cert_chain(file.name)
    if material.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=material.client_ca.decode("ascii", "ignore"))
        # A session that is resumed would not be held to the CA of today.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context
