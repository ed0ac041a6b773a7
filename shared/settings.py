"""Typed configuration from the environment; a secret has no default."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service needs. Names are ``TONGZHOU_<FIELD>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TONGZHOU_", frozen=True, extra="ignore")

    database_url: SecretStr
    """The application role's DSN."""
    relay_database_url: SecretStr | None = None
    """A DSN that reaches PostgreSQL without a pooler; the application's when unset."""
    kafka_bootstrap_servers: str
    issuer: str
    jwks_url: str
    audience: str = "tongzhou"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65_535)
    log_format: Literal["json", "text"] = "json"
    otlp_endpoint: str | None = None
    max_body_bytes: int = Field(default=5 * 1024 * 1024, ge=1024)
    max_connections: int = Field(default=10, ge=2, le=100)

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
