"""TLS certificates: read from files, held to what both doors can use, and looked after while the service runs."""

from server.tls.certificates import Certificates
from server.tls.context import server_context
from server.tls.material import Material, TlsFiles, TlsUnusable, load, name_in

__all__ = ["Certificates", "Material", "TlsFiles", "TlsUnusable", "load", "name_in", "server_context"]
