"""TLS on the gRPC door: every handshake is made with the certificate that is in force at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import grpc

from server.tls import Certificates, Material

# What grpc's own documentation allows and its types do not: None is "as before".
_Fetch = Callable[[], grpc.ServerCertificateConfiguration]


def server_credentials(certificates: Certificates) -> grpc.ServerCredentials:
    """Credentials for one port, TLS 1.2 or newer. Connections that are open keep what they began with."""
    material = certificates.newest
    in_force = material

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        nonlocal in_force
        newest = certificates.newest
        if newest is in_force:
            return None
        in_force = newest
        return _configuration(newest)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(material), cast("_Fetch", fetch), require_client_authentication=material.client_ca is not None
    )


def _configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(material.key, material.chain)], material.client_ca)
