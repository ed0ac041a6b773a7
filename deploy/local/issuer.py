"""The development issuer of access tokens: OAuth 2 client credentials on the loopback.

Its key is made at start and never stored, so a token dies with the run that issued it. Tokens
are JWT access tokens (RFC 9068: `typ` at+jwt) signed with Ed25519 (RFC 9864).
"""

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, unquote

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.clients import Client
from deploy.local.ports import LOOPBACK, free_port
from shared import clock, ids

AUDIENCE = "tongzhou"
ALGORITHM = "Ed25519"
# Long enough for a working day with the running stack; nothing renews it.
TOKEN_LIFETIME = timedelta(hours=12)
_BODY_BYTES_MAX = 16_384
_REQUEST_TIMEOUT_S = 5
# How soon the serving thread notices that it is to stop.
_POLL_S = 0.05


class TokenRefused(Exception):
    """A token request that cannot be granted; `error` is the code of RFC 6749 §5.2."""

    def __init__(self, error: str, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass(slots=True)
class Issuer:
    """Issues tokens to the given clients, in process and over HTTP."""

    clients: Mapping[str, Client]
    port: int = field(default_factory=free_port)
    secrets_by_client: Mapping[str, str] = field(init=False)
    _key: OKPKey = field(init=False)
    _server: ThreadingHTTPServer | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Make the signing key and a secret for each client."""
        self._key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        self.secrets_by_client = {client: secrets.token_urlsafe(24) for client in self.clients}

    @property
    def url(self) -> str:
        """The issuer's identifier, which is the `iss` of its tokens."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def jwks_url(self) -> str:
        """Where the public key is."""
        return f"{self.url}/.well-known/jwks.json"

    def jwks(self) -> dict[str, object]:
        """Return the public key set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def metadata(self) -> dict[str, object]:
        """Return what a client needs to know about this issuer."""
        return {
            "issuer": self.url,
            "jwks_uri": self.jwks_url,
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def token(self, client_id: str, *, scopes: tuple[str, ...] | None = None) -> str:
        """Sign a token for a known client. Raises TokenRefused for a scope it does not have."""
        client = self.clients[client_id]
        granted = client.scopes if scopes is None else scopes
        if not set(granted) <= set(client.scopes):
            raise TokenRefused("invalid_scope")
        issued = int(clock.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": client_id,
            "client_id": client_id,
            "org": client.org,
            "scope": " ".join(granted),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(TOKEN_LIFETIME.total_seconds()),
            "jti": str(ids.new_id()),
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def grant(self, form: Mapping[str, str], authorization: str | None) -> dict[str, object]:
        """Answer a token request (RFC 6749 §4.4). Raises TokenRefused with its error code."""
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type")
        client_id, secret = _credentials(form, authorization)
        expected = self.secrets_by_client.get(client_id, "")
        if not expected or not secrets.compare_digest(secret.encode(), expected.encode()):
            raise TokenRefused("invalid_client", status=HTTPStatus.UNAUTHORIZED)
        wanted = tuple(form["scope"].split()) if form.get("scope") else None
        scopes = self.clients[client_id].scopes if wanted is None else wanted
        return {
            "access_token": self.token(client_id, scopes=scopes),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "scope": " ".join(scopes),
        }

    def start(self) -> None:
        """Serve on the loopback in a thread of this process."""
        handler = type("Handler", (_Handler,), {"issuer": self})
        self._server = ThreadingHTTPServer((LOOPBACK, self.port), handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="issuer", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop serving; a second call does nothing."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _credentials(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    if authorization and authorization.lower().startswith("basic "):
        try:
            pair = base64.b64decode(authorization[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise TokenRefused("invalid_client", status=HTTPStatus.UNAUTHORIZED) from None
        client_id, _, secret = pair.partition(":")
        return unquote(client_id), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


class _Handler(BaseHTTPRequestHandler):
    """Routes the three addresses of the issuer."""

    issuer: ClassVar[Issuer]
    timeout = _REQUEST_TIMEOUT_S

    def do_GET(self) -> None:
        """Answer the two public documents."""
        documents: dict[str, Callable[[], Mapping[str, object]]] = {
            "/.well-known/jwks.json": self.issuer.jwks,
            "/.well-known/openid-configuration": self.issuer.metadata,
        }
        document = documents.get(self.path.partition("?")[0])
        if document is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "not_found"})
        else:
            self._answer(HTTPStatus.OK, document())

    def do_POST(self) -> None:
        """Answer a token request."""
        if self.path != "/token":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "not_found"})
            return
        try:
            granted = self.issuer.grant(self._form(), self.headers.get("Authorization"))
        except TokenRefused as refused:
            self._answer(refused.status, {"error": refused.error})
        else:
            self._answer(HTTPStatus.OK, granted)

    def _form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _BODY_BYTES_MAX:
            raise TokenRefused("invalid_request")
        try:
            fields = parse_qs(self.rfile.read(int(length)).decode(), strict_parsing=True)
        except ValueError:
            raise TokenRefused("invalid_request") from None
        return {name: values[-1] for name, values in fields.items()}

    def _answer(self, status: HTTPStatus, document: Mapping[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="tongzhou"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- inherited name
        """Say nothing: a request line could carry a secret, and the terminal shows the table."""
