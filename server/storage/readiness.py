"""Whether a database may be worked on: its schema at head, and made under keys that were given."""

from __future__ import annotations

from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage import migrations
from server.storage.engines import Engine, PostgresServer
from server.storage.tables import ServiceKeyRow

_KEY_PROOF = "service key proof"
_ENCODING = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"


def defect(database: Engine, keys: ServiceKeys) -> str | None:
    """Why the database cannot be worked on as it is; None where it can. Raises PeeweeException."""
    version = migrations.current_version(database)
    if version > migrations.HEAD:
        return str(migrations.SchemaTooNew(version, migrations.HEAD))
    if version < migrations.HEAD:
        state = f"has schema version {version}, not {migrations.HEAD}" if version else "has no tables yet"
        return f"the database {database.name} {state}: bring it up to date with `consent migrate up`"
    return foreign_key(database, keys)


def foreign_key(database: Engine, keys: ServiceKeys) -> str | None:
    """Why the keys are not those that the database was used with; None where they are. Raises PeeweeException."""
    proofs = {key.id: _proof(key) for key in keys.all}
    for key_id, proof in ServiceKeyRow.select().tuples().execute(database):
        if proofs.get(key_id) != bytes(proof):
            return (
                f"the database was made under the service key {key_id}, which is not given: "
                "set CONSENT_SERVICE_KEY to it (older keys after a comma)"
            )
    return None


def unfit_encoding(database: Engine) -> str | None:
    """Why the database cannot hold every text, in the order of code points; None where it can."""
    if not isinstance(database, PostgresServer):
        return None
    (encoding,) = database.execute_sql(_ENCODING).fetchone()
    if encoding == "UTF8":
        return None
    return f"the database {database.name} has the encoding {encoding}: make it with ENCODING 'UTF8'"


def tie_to_key(database: Engine, key: ServiceKey) -> None:
    """Remember, in a transaction that is under way, that the database is used with a key."""
    row = {"key_id": key.id, "proof": _proof(key)}
    ServiceKeyRow.insert(row).on_conflict_ignore().execute(database)


def is_tied(database: Engine, key: ServiceKey) -> bool:
    """Whether the database is known to be used with a key."""
    return bool(ServiceKeyRow.select().where(ServiceKeyRow.key_id == key.id).exists(database))


def _proof(key: ServiceKey) -> bytes:
    return key.digest(_KEY_PROOF, b"")
