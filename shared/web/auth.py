"""Who calls: OAuth2 bearer tokens (RFC 9068), checked against the issuer's published keys."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import httpx
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared import logs
from shared.clock import Clock
from shared.errors import Forbidden, Transient
from shared.events.fields import OrgCode
from shared.web.problem import Unauthenticated

_LOG = logs.get("tongzhou.auth")
ALGORITHMS = ["Ed25519", "EdDSA", "ES256", "RS256", "PS256"]
KEY_TYPES = ("OKP", "EC", "RSA")
"""Key types of those algorithms; a symmetric key in a published set proves nothing."""

LEEWAY_S = 60
FRESH_S = 300
"""Older keys are fetched again before a token is checked."""

USABLE_S = 3600
"""Keys older than this check no token, whether or not the issuer answers."""

REFETCH_S = 30
"""Between two fetches while there are keys, however many tokens they do not know."""

RETRY_S = 2
"""Between two fetches while there are none; callers are told to come back after as long."""

FETCH_S = 5
CACHED_TOKENS = 4096
MAX_TOKEN_CHARS = 8192
UNREADABLE = (JoseError, ValueError, KeyError, TypeError)
"""What the library raises for a token or a key that it cannot read."""


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


class IssuerKeys:
    """The issuer's public keys: replaced as they age, fetched by one request at a time.

    A key that the issuer withdraws is believed for ``FRESH_S`` more. While the issuer is away its
    last keys serve on up to ``USABLE_S``: a bank that files a claim then is worth more than the
    chance that a key is withdrawn in that very hour, and withdrawing one needs the issuer anyway.
    Past it no token is checked at all, and callers are told to come back.
    """

    def __init__(
        self, fetch_keys: Callable[[], Awaitable[dict[str, object]]], read_clock: Clock
    ) -> None:
        """``fetch_keys`` returns a coroutine with the issuer's JWK set as a dictionary."""
        self._fetch_keys = fetch_keys
        self._clock = read_clock
        self._keys = KeySet([])
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def current(self) -> KeySet:
        """Return the keys to check a token with, or raise :class:`IssuerUnavailable`."""
        # While one request asks the issuer, the others go on with keys that are still usable.
        waits = not (self._fetching.locked() and self._usable())
        if waits and not self._within(self._fetched_at, FRESH_S):
            await self.renew()
        if not self._usable():
            raise IssuerUnavailable("the issuer's keys cannot be fetched")
        return self._keys

    async def renew(self) -> None:
        """Fetch the keys, unless somebody just has or just could not."""
        async with self._fetching:
            if self._within(self._tried_at, REFETCH_S if self._usable() else RETRY_S):
                return
            # Before the fetch, so that an issuer that fails is not asked by every request.
            self._tried_at = self._clock()
            try:
                async with asyncio.timeout(FETCH_S):
                    keys = _usable_keys(await self._fetch_keys())
            except (httpx.HTTPError, TimeoutError, ValueError) as error:
                _LOG.warning(
                    "issuer.keys_not_fetched",
                    error=type(error).__name__,
                    last_fetched_at=self._fetched_at,
                )
                return
            self._keys, self._fetched_at = keys, self._clock()

    def _usable(self) -> bool:
        return self._within(self._fetched_at, USABLE_S)

    def _within(self, instant: datetime | None, seconds: float) -> bool:
        # A clock that was set back makes nothing young again.
        return instant is not None and 0 <= (self._clock() - instant).total_seconds() < seconds


def _usable_keys(document: object) -> KeySet:
    """Read a JWK set key by key: one that this release cannot use does not hide the others."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWK set")  # noqa: TRY004 - what the issuer sent, not our defect
    keys = []
    for item in listed:
        if not isinstance(item, dict) or item.get("kty") not in KEY_TYPES:
            continue
        try:
            keys.append(JWKRegistry.import_key(item))
        except UNREADABLE as error:
            _LOG.warning("issuer.key_skipped", error=type(error).__name__)
    if not keys:
        raise ValueError("no key of the set can be used")
    return KeySet(keys)


class _Identity(BaseModel):
    """The claims that say who calls: ``org`` has no slash, so ``org/sub`` names one caller."""

    model_config = ConfigDict(strict=True)

    org: OrgCode
    sub: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,255}$")]
    scope: str = ""


class TokenVerifier:
    """Checks tokens against the issuer's keys, which are fetched anew when one is unknown."""

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
        self._clock = read_clock
        self._keys = IssuerKeys(fetch_keys, read_clock)
        self._verified: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()
        self._verified_with = KeySet([])

    async def verify(self, token: str) -> Caller:
        """Return the caller that a token stands for, or raise :class:`InvalidToken`.

        Without any keys nothing can be said about a token: :class:`IssuerUnavailable`.
        """
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidToken("the token is too long")
        keys = await self._keys.current()
        try:
            return self._check(token, keys)
        except UNREADABLE as error:
            # It may be signed by a key that the issuer published since.
            await self._keys.renew()
            newer = await self._keys.current()
            if newer is keys:
                raise _refused(error) from error
        try:
            return self._check(token, newer)
        except UNREADABLE as error:
            raise _refused(error) from error

    def _check(self, token: str, keys: KeySet) -> Caller:
        if keys is not self._verified_with:
            # A token that was good under a key that is gone has to show itself again.
            self._verified.clear()
            self._verified_with = keys
        now = int(self._clock().timestamp())
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and now < known[1] + LEEWAY_S:
            return known[0]
        caller, expires = self._read(token, keys, now)
        self._verified[digest] = (caller, expires)
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return caller

    def _read(self, token: str, keys: KeySet, now: int) -> tuple[Caller, int]:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if str(decoded.header.get("typ", "")).lower() not in {"at+jwt", "application/at+jwt"}:
            raise ValueError("not an access token")
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
        who = _Identity.model_validate(decoded.claims)
        caller = Caller(who.sub, who.org, frozenset(who.scope.split()))
        return caller, int(decoded.claims["exp"])


def _refused(error: Exception) -> InvalidToken:
    return InvalidToken(f"the token is refused: {type(error).__name__}")


async def fetch_jwks(url: str) -> dict[str, object]:
    """Fetch an issuer's JWK set."""
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        answer = await client.get(url)
        answer.raise_for_status()
        keys: dict[str, object] = answer.json()
        return keys


BEARER = HTTPBearer(auto_error=False, description="JWT access token (RFC 9068)")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
"""The bearer token as it came, if any came."""


async def authenticate(request: Request, credentials: Credentials) -> Caller:
    """Return the caller whose token came with the request, or raise :class:`Unauthenticated`."""
    if credentials is None:
        raise Unauthenticated("no bearer token")
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.verify(credentials.credentials)


async def caller_of(request: Request) -> Caller:
    """Return the caller as :func:`authenticate` does, where no dependency gives the token."""
    return await authenticate(request, await BEARER(request))


Authenticated = Annotated[Caller, Depends(authenticate)]
"""Any caller with a valid token, whatever its scopes: for pure what-if endpoints."""


def require(caller: Caller, scope: str) -> None:
    """Refuse a caller without the scope."""
    if scope not in caller.scopes:
        raise MissingScope(f"the token lacks the scope {scope}")
