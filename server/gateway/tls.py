"""TLS on the JSON door: every handshake is made with the certificate that is in force at that moment."""

from __future__ import annotations

import ssl

import structlog

from server.tls import Certificates, Material, server_context

log = structlog.get_logger()


def live_context(certificates: Certificates) -> ssl.SSLContext:
    """A context for a listening socket. Connections that are open keep what they began with.

    A context takes a new certificate, but never forgets an authority that clients were trusted by, nor a session. So a
    fresh one is made for each change, and takes over at the beginning of a handshake.
    """
    material = certificates.newest
    front = in_force = _context(material)

    def take_over(connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _front: ssl.SSLContext) -> None:
        nonlocal material, in_force
        if certificates.newest is not material:
            material = certificates.newest
            try:
                in_force = _context(material)
            except OSError as error:
                log.error("the JSON port keeps the TLS certificate of before", reason=str(error))
        connection.context = in_force

    # It is asked for every handshake, also where the client names no server.
    front.sni_callback = take_over
    return front


def _context(material: Material) -> ssl.SSLContext:
    return server_context(material.chain, material.key, material.client_ca)
