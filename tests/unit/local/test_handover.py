"""stack.json: the published keys, whole or not at all, and for this user only."""

import json
import stat
from pathlib import Path

import pytest

from deploy.local.clients import Client
from deploy.local.handover import describe, write_atomically
from deploy.local.issuer import Issuer
from deploy.local.services import Surroundings
from deploy.local.stack import resolve_stack
from shared.db.provision import ServiceDsns

EXTERNAL = {
    "TONGZHOU_ADMIN_DATABASE_URL": "postgresql://admin:word@db.example:5433/postgres",
    "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9095",
}


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """The surroundings of a run with one service and one client."""
    return Surroundings(
        stack=resolve_stack(run_dir=tmp_path, environ=EXTERNAL),
        issuer=Issuer({"bank": Client("bank-org", ("credit.loans:read",))}),
        databases={"registry": ServiceDsns(owner="postgresql://owner", app="postgresql://app")},
        ports={"registry": 8101},
        logs=tmp_path,
    )


class TestDescribe:
    def test_has_the_published_keys(self, around: Surroundings) -> None:
        described = describe(around)

        assert described["stack"] == "external"
        assert described["services"] == {"registry": "http://127.0.0.1:8101"}
        assert described["kafka"] == {"bootstrap_servers": "kafka.example:9095"}
        assert described["issuer"] == around.issuer.url
        bank = described["clients"]["bank"]
        assert (bank["org"], bank["scopes"]) == ("bank-org", ["credit.loans:read"])
        assert bank["token"].count(".") == 2

    def test_gives_the_role_that_owns_nothing(self, around: Surroundings) -> None:
        assert describe(around)["databases"] == {"registry": "postgresql://app"}


class TestWriteAtomically:
    def test_leaves_one_whole_file_that_only_this_user_reads(self, tmp_path: Path) -> None:
        path = tmp_path / "stack.json"

        write_atomically(path, {"name": "同舟"})

        assert json.loads(path.read_text(encoding="utf-8")) == {"name": "同舟"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [file.name for file in tmp_path.iterdir()] == ["stack.json"]

    def test_keeps_the_former_file_when_writing_fails(self, tmp_path: Path) -> None:
        path = tmp_path / "stack.json"
        write_atomically(path, {"run": 1})

        with pytest.raises(TypeError):
            write_atomically(path, {"run": object()})

        assert json.loads(path.read_text(encoding="utf-8")) == {"run": 1}
