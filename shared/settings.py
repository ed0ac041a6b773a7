"""Typed configuration from the environment; a secret has no default."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.db.bound import ALARM_ROWS, LIMIT_ROWS
from shared.messaging.kafka import Login, SaslMechanism
from shared.messaging.limits import PARKED_KEYS_LIMIT
from shared.signing import Signer


class BrokerSettings(BaseSettings):
    """Where the brokers are, and as whom to speak with them."""

    model_config = SettingsConfigDict(env_prefix="TONGZHOU_", frozen=True, extra="ignore")

    kafka_bootstrap_servers: str
    kafka_username: str | None = None
    """The principal of the brokers' access rules; without one the brokers ask for no login."""
    kafka_password: SecretStr | None = None
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_tls: bool = True
    """Whether a login goes over TLS; without a login there is none."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.kafka_username is None) is not (self.kafka_password is None):
            raise ValueError("kafka_username and kafka_password are given together")
        return self

    @property
    def kafka_login(self) -> Login | None:
        """As whom to speak with the brokers."""
        if self.kafka_username is None or self.kafka_password is None:
            return None
        return Login(
            self.kafka_username,
            self.kafka_password.get_secret_value(),
            self.kafka_sasl_mechanism,
            tls=self.kafka_tls,
        )


class ServiceSettings(BrokerSettings):
    """What every service needs. Names are ``TONGZHOU_<FIELD>`` in the environment."""

    database_url: SecretStr
    """The application role's DSN."""
    relay_database_url: SecretStr | None = None
    """A DSN that reaches PostgreSQL without a pooler; the application's when unset."""
    issuer: str
    jwks_url: str
    audience: str = "tongzhou"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65_535)
    log_format: Literal["json", "text"] = "json"
    otlp_endpoint: str | None = None
    max_body_bytes: int = Field(default=5 * 1024 * 1024, ge=1024)
    max_connections: int = Field(default=10, ge=2, le=100)
    outbox_alarm_rows: int = Field(default=ALARM_ROWS, ge=1)
    outbox_limit_rows: int = Field(default=LIMIT_ROWS, ge=1)
    parked_keys_limit: int = Field(default=PARKED_KEYS_LIMIT, ge=1)
    """Keys of one topic that may be parked before its consumer waits instead of parking more."""

    signing_key: SecretStr | None = None
    """Ed25519 private key, 32 bytes in base64; what is to be signed is refused without one."""

    @field_validator("signing_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            Signer(key.get_secret_value())
        return key

    @property
    def signer(self) -> Signer | None:
        """Whoever signs for this service, if it has a key."""
        return None if self.signing_key is None else Signer(self.signing_key.get_secret_value())

    @property
    def relay_dsn(self) -> str:
        """The DSN for the relay's session locks."""
        return (self.relay_database_url or self.database_url).get_secret_value()

    def redacted(self) -> dict[str, str]:
        """Return every setting as text, secrets blanked, to print at start."""
        return {name: str(value) for name, value in self.model_dump().items()}


class MigrationSettings(BaseSettings):
    """What migrating needs: the owner's DSN and nothing else."""

    model_config = SettingsConfigDict(env_prefix="TONGZHOU_", frozen=True, extra="ignore")

    owner_database_url: SecretStr
