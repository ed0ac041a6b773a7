"""Who calls: OAuth2 bearer tokens (RFC 9068), checked against the issuer's published keys."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.clock import Clock
from shared.errors import Forbidden, Transient
from shared.web.problem import Unauthenticated

ALGORITHMS = ["Ed25519", "EdDSA", "ES256", "RS256", "PS256"]
LEEWAY_S = 60
REFETCH_S = 30.0
CACHED_TOKENS = 4096
MAX_TOKEN_CHARS = 8192


class InvalidToken(Unauthenticated):
    """The token is malformed, forged, expired, or for somebody else."""

    code = "invalid-token"
    title_zh = "令牌无效"
    title_en = "Invalid token"


class MissingScope(Forbidden):
    """The token does not carry the scope that the command needs."""

    code = "missing-scope"
    title_zh = "缺少权限范围"
    title_en = "Missing scope"


class IssuerUnavailable(Transient):
    """The issuer's keys cannot be had, so no token can be checked: nothing is let through."""

    code = "issuer-unavailable"
    title_zh = "认证服务暂不可用"
    title_en = "Issuer unavailable"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls (``sub``), for which organisation (``org``), with which scopes."""

    sub: str
    org: str
    scopes: frozenset[str]


class TokenVerifier:
    """Checks tokens; keys are fetched when an unknown one appears, at most once per 30 s."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        fetch_keys: Callable[[], Awaitable[dict[str, object]]],
        read_clock: Clock,
    ) -> None:
        """``fetch_keys`` returns a coroutine with the issuer's JWK set as a dictionary."""
        self._issuer = issuer
        self._audience = audience
        self._fetch_keys = fetch_keys
        self._clock = read_clock
        self._keys = KeySet([])
        self._fetched_at: float | None = None
        self._verified: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        """Return the caller that a token stands for, or raise :class:`InvalidToken`."""
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidToken("the token is too long")
        now = int(self._clock().timestamp())
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and now < known[1] + LEEWAY_S:
            return known[0]
        try:
            caller, expires = self._read(token, now)
        except (JoseError, ValueError, KeyError, TypeError):
            await self._refresh_keys()
            try:
                caller, expires = self._read(token, now)
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise InvalidToken(f"the token is refused: {type(error).__name__}") from error
        self._verified[digest] = (caller, expires)
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return caller

    def _read(self, token: str, now: int) -> tuple[Caller, int]:
        if not self._keys.keys:
            raise ValueError("no keys yet")
        decoded = jwt.decode(token, self._keys, algorithms=ALGORITHMS)
        if str(decoded.header.get("typ", "")).lower() not in {"at+jwt", "application/at+jwt"}:
            raise ValueError("not an access token")
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
            org={"essential": True},
        )
        registry.validate(decoded.claims)
        claims = decoded.claims
        scopes = frozenset(str(claims.get("scope", "")).split())
        return Caller(str(claims["sub"]), str(claims["org"]), scopes), int(claims["exp"])

    async def _refresh_keys(self) -> None:
        if self._fetched_at is not None and time.monotonic() - self._fetched_at < REFETCH_S:
            return
        try:
            keys = await self._fetch_keys()
        except (httpx.HTTPError, ValueError) as error:
            if self._keys.keys:
                return
            raise IssuerUnavailable("the issuer's keys cannot be fetched") from error
        self._fetched_at = time.monotonic()
        self._keys = KeySet.import_key_set(keys)  # type: ignore[arg-type]  # checked by the library


async def fetch_jwks(url: str) -> dict[str, object]:
    """Fetch an issuer's JWK set."""
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        answer = await client.get(url)
        answer.raise_for_status()
        keys: dict[str, object] = answer.json()
        return keys


_BEARER = HTTPBearer(auto_error=False, description="JWT access token (RFC 9068)")


async def _authenticated(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    if credentials is None:
        raise Unauthenticated("no bearer token")
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.verify(credentials.credentials)


Authenticated = Annotated[Caller, Depends(_authenticated)]
"""Any caller with a valid token, whatever its scopes: for pure what-if endpoints."""


def require(caller: Caller, scope: str) -> None:
    """Refuse a caller without the scope."""
    if scope not in caller.scopes:
        raise MissingScope(f"the token lacks the scope {scope}")
