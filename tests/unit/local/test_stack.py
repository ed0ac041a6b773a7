"""The resolver: which stack is taken, why, and what is refused."""

from pathlib import Path

import pytest

from deploy.local.errors import StackError
from deploy.local.external import ExternalKafka, ExternalPostgres
from deploy.local.stack import Choice, StackName, choose, resolve_stack

ADDRESSES = {
    "TONGZHOU_ADMIN_DATABASE_URL": "postgresql://admin:word@db.example:5433/postgres",
    "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS": "kafka1.example:9095,kafka2.example:9096",
}


def _yes() -> bool:
    return True


def _no() -> bool:
    return False


class TestChoose:
    @pytest.mark.parametrize("name", [StackName.DOCKER, StackName.EMBEDDED])
    def test_obeys_the_variable(self, name: StackName) -> None:
        choice = choose({**ADDRESSES, "STACK": name}, prepared=_yes)

        assert choice == Choice(name, "STACK says so")

    def test_takes_given_servers_before_anything_else(self) -> None:
        assert choose(ADDRESSES, prepared=_yes).name is StackName.EXTERNAL

    def test_takes_docker_only_where_it_is_prepared(self) -> None:
        assert choose({}, prepared=_yes).name is StackName.DOCKER
        assert choose({}, prepared=_no).name is StackName.EMBEDDED

    def test_one_address_alone_does_not_make_it_external(self) -> None:
        one = {"TONGZHOU_ADMIN_DATABASE_URL": "postgresql://db.example/postgres"}

        assert choose(one, prepared=_no).name is StackName.EMBEDDED

    def test_names_the_address_that_is_missing(self) -> None:
        given = {"STACK": "external", "TONGZHOU_ADMIN_DATABASE_URL": "postgresql://db.example/x"}

        with pytest.raises(StackError) as refused:
            choose(given, prepared=_no)

        assert refused.value.problem == "STACK=external needs TONGZHOU_KAFKA_BOOTSTRAP_SERVERS"
        assert "bootstrap servers" in refused.value.mend

    def test_refuses_an_unknown_name_with_the_known_ones(self) -> None:
        with pytest.raises(StackError, match="STACK=podman is not a stack") as refused:
            choose({"STACK": "podman"}, prepared=_no)

        assert "external, docker, embedded" in refused.value.mend


class TestExternal:
    def test_hands_on_the_given_addresses(self, tmp_path: Path) -> None:
        stack = resolve_stack(run_dir=tmp_path, environ=ADDRESSES)

        assert stack.admin_dsn == ADDRESSES["TONGZHOU_ADMIN_DATABASE_URL"]
        assert stack.bootstrap_servers == ADDRESSES["TONGZHOU_KAFKA_BOOTSTRAP_SERVERS"]
        assert (stack.postgres.port, stack.kafka.port) == (5433, 9095)

    @pytest.mark.parametrize("harm", ["kill", "restart", "freeze", "thaw"])
    def test_is_never_hurt(self, harm: str) -> None:
        servers = (ExternalPostgres("postgresql://db.example/x"), ExternalKafka("k.example:9092"))
        for server in servers:
            with pytest.raises(StackError, match="is external"):
                getattr(server, harm)()
