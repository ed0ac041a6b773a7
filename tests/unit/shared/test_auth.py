"""Whom a service believes: keys that age, an issuer that fails, and claims that name one caller."""

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.web.auth import (
    FRESH_S,
    REFETCH_S,
    RETRY_S,
    USABLE_S,
    Caller,
    InvalidToken,
    IssuerUnavailable,
    TokenVerifier,
)
from shared.web.problem import status_of
from tests.support.clocks import ManualClock

GARBAGE = "a.b.c"


def _key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "alg": "Ed25519"})


@dataclass
class Issuer:
    """Publishes what it is told to, and counts how often it was asked."""

    clock: ManualClock
    published: dict[str, object] = field(default_factory=dict)
    away: Exception | None = None
    asked: int = 0
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def publish(self, *keys: OKPKey, beside: tuple[object, ...] = ()) -> None:
        self.published = {"keys": [*(key.as_dict(private=False) for key in keys), *beside]}

    async def keys(self) -> dict[str, object]:
        self.asked += 1
        self.was_asked.set()
        await self.answers.wait()
        if self.away is not None:
            raise self.away
        return self.published

    def token(self, key: OKPKey, **claims: object) -> str:
        now = int(self.clock().timestamp())
        standard = {"iss": "i", "aud": "a", "sub": "clerk", "org": "bank-haizhou", "exp": now + 600}
        header = {"alg": "Ed25519", "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, {**standard, **claims}, key, algorithms=["Ed25519"])

    async def asked_by(self, verifier: TokenVerifier, *tokens: str) -> list[object]:
        """Let all tokens be on their way before the issuer answers the first."""
        self.was_asked.clear()
        self.answers.clear()
        checks = [asyncio.create_task(verifier.verify(token)) for token in tokens]
        await self.was_asked.wait()
        self.answers.set()
        return await asyncio.gather(*checks, return_exceptions=True)

    def verifier(self) -> TokenVerifier:
        return TokenVerifier(issuer="i", audience="a", fetch_keys=self.keys, read_clock=self.clock)


@pytest.fixture
def old() -> OKPKey:
    return _key("old")


@pytest.fixture
def new() -> OKPKey:
    return _key("new")


@pytest.fixture
def issuer(clock: ManualClock, old: OKPKey) -> Issuer:
    """An issuer that publishes the old key."""
    made = Issuer(clock)
    made.publish(old)
    return made


class TestAge:
    async def test_a_withdrawn_key_is_believed_for_minutes_only(
        self, issuer: Issuer, old: OKPKey, new: OKPKey
    ) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.publish(new)
        issuer.clock.advance(seconds=FRESH_S - 1)
        await verifier.verify(issuer.token(old, jti="within"))
        issuer.clock.advance(seconds=1)

        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.token(old, jti="after"))

    async def test_a_token_checked_before_is_checked_again_when_its_key_goes(
        self, issuer: Issuer, old: OKPKey, new: OKPKey
    ) -> None:
        verifier = issuer.verifier()
        token = issuer.token(old)
        await verifier.verify(token)
        issuer.publish(new)
        issuer.clock.advance(seconds=FRESH_S)

        with pytest.raises(InvalidToken):
            await verifier.verify(token)

    async def test_a_clock_set_back_keeps_no_key_young(
        self, issuer: Issuer, old: OKPKey, new: OKPKey
    ) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.publish(new)
        issuer.clock.advance(hours=-2)

        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.token(old))

    async def test_an_unknown_key_is_fetched_at_once(
        self, issuer: Issuer, old: OKPKey, new: OKPKey
    ) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.publish(old, new)
        issuer.clock.advance(seconds=REFETCH_S)

        tokens = [issuer.token(new, jti=str(number)) for number in range(20)]
        answers = await issuer.asked_by(verifier, *tokens)

        assert {type(answer) for answer in answers} == {Caller}
        assert issuer.asked == 2


class TestIssuerAway:
    async def test_its_last_keys_serve_for_an_hour(self, issuer: Issuer, old: OKPKey) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.away = httpx.ConnectError("refused")
        issuer.clock.advance(seconds=USABLE_S - 1)

        caller = await verifier.verify(issuer.token(old))
        issuer.clock.advance(seconds=RETRY_S)

        assert caller.sub == "clerk"
        with pytest.raises(IssuerUnavailable):
            await verifier.verify(issuer.token(old))

    @pytest.mark.parametrize("token", [GARBAGE, "good"])
    async def test_a_cold_service_asks_to_come_back(
        self, issuer: Issuer, old: OKPKey, token: str
    ) -> None:
        issuer.away = httpx.ReadTimeout("slow")
        verifier = issuer.verifier()
        shown = issuer.token(old) if token == "good" else token

        for _ in range(2):
            with pytest.raises(IssuerUnavailable) as refused:
                await verifier.verify(shown)

        assert status_of(refused.value) == 503

    async def test_serves_as_soon_as_it_is_back(self, issuer: Issuer, old: OKPKey) -> None:
        issuer.away = TimeoutError()
        verifier = issuer.verifier()
        with pytest.raises(IssuerUnavailable):
            await verifier.verify(issuer.token(old))
        issuer.away = None
        issuer.clock.advance(seconds=RETRY_S)

        assert (await verifier.verify(issuer.token(old))).sub == "clerk"

    async def test_is_asked_once_by_many_requests(self, issuer: Issuer, old: OKPKey) -> None:
        issuer.away = httpx.ConnectError("refused")
        verifier = issuer.verifier()

        refusals = await issuer.asked_by(verifier, *(f"a.b.{number}" for number in range(50)))

        assert {type(refusal) for refusal in refusals} == {IssuerUnavailable}
        assert issuer.asked == 1

    async def test_is_asked_seldom_while_its_keys_serve(self, issuer: Issuer, old: OKPKey) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.away = httpx.ConnectError("refused")
        issuer.clock.advance(seconds=REFETCH_S)

        for number in range(50):
            with pytest.raises(InvalidToken):
                await verifier.verify(f"a.b.{number}")

        assert issuer.asked == 2

    async def test_holds_up_one_request_while_its_keys_serve(
        self, issuer: Issuer, old: OKPKey
    ) -> None:
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(old))
        issuer.clock.advance(seconds=FRESH_S)
        issuer.was_asked.clear()
        issuer.answers.clear()
        asking = asyncio.create_task(verifier.verify(issuer.token(old, jti="first")))
        await issuer.was_asked.wait()

        await verifier.verify(issuer.token(old, jti="second"))

        assert not asking.done()
        issuer.answers.set()
        await asking


class TestKeySet:
    @pytest.mark.parametrize(
        "unusable",
        [
            {"kty": "OKP", "crv": "Ed448x", "x": "AA", "kid": "z"},
            {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "z"},
            {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "z"},
            {"kty": "SM2-future", "kid": "z"},
            {"kty": ["OKP"]},
            {"kty": "oct", "k": "AAAA"},
            "no key",
            None,
        ],
    )
    async def test_a_key_that_cannot_be_used_hides_no_other(
        self, issuer: Issuer, old: OKPKey, unusable: object
    ) -> None:
        issuer.publish(old, beside=(unusable,))

        assert (await issuer.verifier().verify(issuer.token(old))).sub == "clerk"

    @pytest.mark.parametrize(
        "document",
        [{"error": "x"}, {"keys": None}, {"keys": []}, {"keys": [{"kty": "OKP", "crv": "?"}]}, []],
    )
    async def test_without_a_usable_key_changes_nothing(
        self, issuer: Issuer, old: OKPKey, document: dict[str, object]
    ) -> None:
        warm = issuer.verifier()
        await warm.verify(issuer.token(old))
        issuer.published = document
        issuer.clock.advance(seconds=FRESH_S)

        assert (await warm.verify(issuer.token(old))).sub == "clerk"
        with pytest.raises(IssuerUnavailable):
            await issuer.verifier().verify(issuer.token(old))


class TestIdentity:
    @pytest.mark.parametrize(
        "claims",
        [
            {"org": "a/b"},
            {"org": ""},
            {"org": "Bank"},
            {"org": "bank\n"},
            {"org": None},
            {"org": {"a": 1}},
            {"org": "b" * 65},
            {"sub": ""},
            {"sub": 5},
            {"sub": None},
            {"sub": "s" * 256},
            {"sub": "a\x00b"},
            {"scope": ["registry.consents:read"]},
            {"exp": "9999999999"},
        ],
        ids=repr,
    )
    async def test_that_names_no_single_caller_is_refused(
        self, issuer: Issuer, old: OKPKey, claims: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidToken):
            await issuer.verifier().verify(issuer.token(old, **claims))

    async def test_keeps_a_subject_as_the_issuer_writes_it(
        self, issuer: Issuer, old: OKPKey
    ) -> None:
        token = issuer.token(old, sub="urn:clerk/7", scope="registry.consents:read")

        caller = await issuer.verifier().verify(token)

        assert (caller.org, caller.sub) == ("bank-haizhou", "urn:clerk/7")
        assert caller.scopes == {"registry.consents:read"}

    async def test_of_a_token_without_expiry_is_refused(self, issuer: Issuer, old: OKPKey) -> None:
        with pytest.raises(InvalidToken):
            await issuer.verifier().verify(issuer.token(old, exp=None))
