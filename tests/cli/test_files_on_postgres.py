"""Lists and files on PostgreSQL: what the commands make there is what they make on SQLite."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import Consent
from tests.postgres.cluster import Cluster

KEY = f"files:{base64.b64encode(bytes(range(32))).decode()}"
STATED = """address,sender,purpose,state,strength,effective_time,method,url
+16505550199,shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2024-03-01T17:20:00Z,web-form,https://shop.example/join
(650) 555-0188,shop,*,OPTED_OUT,,2025-01-31,,
Ánn@example.com,shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2024-03-01T17:20:00Z,web-form,https://shop.example/join
nobody,shop,*,OPTED_OUT,,2025-01-31,,
"""
LIST = "name,phone\nAnn,+16505550199\nBob,650-555-0188\nCy,nobody\n" + "".join(
    f"N{number},+1650555{number:04}\n" for number in range(1000, 3000)
)


@dataclass(frozen=True)
class Made:
    """What the commands wrote and said."""

    imported: str
    allowed: str
    denied: str
    exported: list[str]
    as_of: list[str]


def _carry_out(consent: Consent, **settings: str) -> Made:
    folder = consent.folder

    def run(*words: str, code: int = 0) -> str:
        done = consent.process(*words, stdin=b"", prefix=(), **settings)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode()

    run("tenant", "create", "acme", "--country", "US")
    run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "shop")
    (folder / "stated.csv").write_text(STATED)
    (folder / "list.csv").write_text(LIST)
    words = ("import", "stated.csv", "--tenant", "acme", "--batch-id", "first", "--json")
    imported = run(*words, code=1)
    told = ("--tenant", "acme", "--sender", "shop", "--purpose", "marketing", "--column", "phone", "--processes", "2")
    run("scrub", "list.csv", *told, "--out", "allowed.csv", "--denied", "denied.csv")
    run("record", "+16505550199", "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    run("export", "--tenant", "acme", "--out", "now.csv")
    run("export", "--tenant", "acme", "--out", "then.csv", "--as-of", "6")
    return Made(
        imported,
        (folder / "allowed.csv").read_text(),
        (folder / "denied.csv").read_text(),
        _told(folder / "now.csv"),
        _told(folder / "then.csv"),
    )


def _told(path: Path) -> list[str]:
    """Whom and what an export tells of, without its times and ids, which are of its own database."""
    return sorted(",".join(line.split(",")[:5]) for line in path.read_text().splitlines())


def _consent(folder: Path) -> Consent:
    folder.mkdir()
    return Consent(folder)


def test_files_are_the_same_on_both_engines(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.database() as name:
        settings = {"CONSENT_DATABASE": cluster.url_of(name), "CONSENT_SERVICE_KEY": KEY}
        consent = _consent(tmp_path / "postgres")
        assert consent.process("migrate", "up", stdin=b"", prefix=(), **settings).returncode == 0
        made = _carry_out(consent, **settings)
    assert made == _carry_out(_consent(tmp_path / "sqlite"))
    assert made.allowed.splitlines() == ["name,phone", "Ann,+16505550199"]
    assert made.denied.count("OPTED_OUT") == 1
    assert made.denied.count("INVALID_RECIPIENT") == 1
    assert made.denied.count("NO_CONSENT") == 2000
    assert (len(made.exported), len(made.as_of)) == (5, 3)
