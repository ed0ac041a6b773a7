"""What a service takes from its environment."""

import pytest
from pydantic import SecretStr, ValidationError

from shared.messaging.kafka import Login
from shared.settings import ServiceSettings


def settings(**more: object) -> ServiceSettings:
    """Return settings with what every service needs, and more."""
    needed: dict[str, object] = {
        "database_url": "postgresql://somewhere/db",
        "kafka_bootstrap_servers": "kafka.example:9092",
        "issuer": "https://issuer.example",
        "jwks_url": "https://issuer.example/jwks",
    }
    return ServiceSettings.model_validate(needed | more)


class TestKafkaLogin:
    def test_is_none_where_the_brokers_ask_for_none(self) -> None:
        assert settings().kafka_login is None

    def test_goes_over_tls_unless_told_otherwise(self) -> None:
        given = settings(kafka_username="tongzhou.credit", kafka_password=SecretStr("of-a-test"))

        assert given.kafka_login == Login("tongzhou.credit", "of-a-test")
        assert given.kafka_login.tls
        assert "of-a-test" not in str(given.redacted()) + repr(given.kafka_login)

    @pytest.mark.parametrize("half", [{"kafka_username": "x"}, {"kafka_password": "x"}])
    def test_is_refused_by_half(self, half: dict[str, object]) -> None:
        with pytest.raises(ValidationError, match="given together"):
            settings(**half)
