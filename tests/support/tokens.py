"""An issuer for tests: it signs tokens that services accept, and some that they refuse."""

from collections.abc import Iterable

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.clock import Clock
from shared.web.auth import TokenVerifier

ISSUER = "http://issuer.test"
AUDIENCE = "tongzhou"


class TestIssuer:
    """Signs access tokens with a key of its own."""

    __test__ = False

    def __init__(self, read_clock: Clock) -> None:
        self._clock = read_clock
        self._key = OKPKey.generate_key("Ed25519", {"kid": "test", "alg": "Ed25519"})

    def token(
        self,
        *,
        org: str,
        scopes: Iterable[str],
        sub: str = "tester",
        lifetime_s: int = 600,
        audience: str = AUDIENCE,
        issuer: str = ISSUER,
        typ: str = "at+jwt",
    ) -> str:
        """Sign a token."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": sub,
            "org": org,
            "scope": " ".join(scopes),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
        }
        header = {"alg": "Ed25519", "kid": "test", "typ": typ}
        return jwt.encode(header, claims, self._key, algorithms=["Ed25519"])

    async def keys(self) -> dict[str, object]:
        """Return the JWK set that the verifier fetches."""
        return {"keys": [self._key.as_dict(private=False)]}

    def verifier(self) -> TokenVerifier:
        """Return a verifier that trusts this issuer."""
        return TokenVerifier(
            issuer=ISSUER, audience=AUDIENCE, fetch_keys=self.keys, read_clock=self._clock
        )
