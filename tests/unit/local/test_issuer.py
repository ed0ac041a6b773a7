"""The development issuer: tokens that the services can verify, and refusals by the standard."""

import base64
import http.client
import json
from collections.abc import Iterator
from functools import partial
from typing import cast
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

from deploy.local.clients import CLIENTS, Client
from deploy.local.issuer import ALGORITHM, AUDIENCE, Issuer
from shared import clock
from shared.web.auth import TokenVerifier, fetch_jwks

CLIENT = {"bank": Client("bank-org", ("credit.loans:read", "credit.loans:write"))}
FORM = {"grant_type": "client_credentials", "client_id": "bank"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that serves on the loopback."""
    issuer = Issuer(CLIENT)
    issuer.start()
    yield issuer
    issuer.stop()


def _ask(
    issuer: Issuer, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", issuer.port, timeout=5)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _token(issuer: Issuer, **fields: str) -> tuple[int, dict[str, object]]:
    secret = issuer.secrets_by_client["bank"]
    return _ask(issuer, "POST", "/token", urlencode({**FORM, "client_secret": secret, **fields}))


def _key_set(document: dict[str, object]) -> KeySet:
    return KeySet.import_key_set(cast("KeySetSerialization", document))


class TestToken:
    def test_is_verified_with_the_published_key(self, issuer: Issuer) -> None:
        status, granted = _token(issuer)
        _, keys = _ask(issuer, "GET", "/.well-known/jwks.json")

        token = jwt.decode(str(granted["access_token"]), _key_set(keys), algorithms=[ALGORITHM])

        assert status == 200
        assert token.header["typ"] == "at+jwt"
        assert token.claims["iss"] == issuer.url
        assert token.claims["aud"] == AUDIENCE
        assert (token.claims["sub"], token.claims["org"]) == ("bank", "bank-org")
        assert token.claims["scope"] == "credit.loans:read credit.loans:write"
        assert token.claims["nbf"] == token.claims["iat"]
        assert token.claims["exp"] - token.claims["iat"] == granted["expires_in"]

    async def test_is_accepted_by_the_services(self, issuer: Issuer) -> None:
        verifier = TokenVerifier(
            issuer=issuer.url,
            audience=AUDIENCE,
            fetch_keys=partial(fetch_jwks, issuer.jwks_url),
            read_clock=clock.now,
        )

        caller = await verifier.verify(issuer.token("bank"))

        assert (caller.sub, caller.org) == ("bank", "bank-org")
        assert caller.scopes == set(CLIENT["bank"].scopes)

    def test_has_an_id_of_its_own(self, issuer: Issuer) -> None:
        assert issuer.token("bank") != issuer.token("bank")

    def test_can_be_narrowed(self, issuer: Issuer) -> None:
        assert _token(issuer, scope="credit.loans:read")[1]["scope"] == "credit.loans:read"

    def test_is_granted_to_basic_credentials_too(self, issuer: Issuer) -> None:
        pair = f"bank:{issuer.secrets_by_client['bank']}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        body = urlencode({"grant_type": "client_credentials"})

        assert _ask(issuer, "POST", "/token", body, Authorization=basic)[0] == 200


class TestRefusals:
    @pytest.mark.parametrize(
        ("fields", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_secret": "密"}, 401, "invalid_client"),
            ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"scope": "guarantee.fund:write"}, 400, "invalid_scope"),
        ],
    )
    def test_of_the_standard(
        self, issuer: Issuer, fields: dict[str, str], status: int, error: str
    ) -> None:
        assert _token(issuer, **fields) == (status, {"error": error})

    @pytest.mark.parametrize("body", ["no form", "x" * 20_000])
    def test_of_a_malformed_body(self, issuer: Issuer, body: str) -> None:
        assert _ask(issuer, "POST", "/token", body) == (400, {"error": "invalid_request"})

    def test_of_an_unknown_address(self, issuer: Issuer) -> None:
        assert _ask(issuer, "GET", "/admin")[0] == 404
        assert _ask(issuer, "POST", "/admin")[0] == 404


class TestMetadata:
    def test_says_where_key_and_tokens_are(self, issuer: Issuer) -> None:
        _, metadata = _ask(issuer, "GET", "/.well-known/openid-configuration")

        assert metadata["issuer"] == issuer.url
        assert metadata["jwks_uri"] == issuer.jwks_url
        assert metadata["token_endpoint"] == f"{issuer.url}/token"

    def test_publishes_no_private_part(self, issuer: Issuer) -> None:
        _, keys = _ask(issuer, "GET", "/.well-known/jwks.json")

        assert '"d"' not in json.dumps(keys)


VERBS = {"read", "read-all", "write", "verify", "approve", "approve-large", "pay", "restore"}


class TestClients:
    def test_have_scopes_of_one_form_and_none_for_everything(self) -> None:
        services = {"registry", "credit", "guarantee", "insurance", "notify"}
        for client in CLIENTS.values():
            for scope in client.scopes:
                place, _, verb = scope.partition(":")
                assert place.partition(".")[0] in services
                assert verb in VERBS

    @pytest.mark.parametrize(
        ("maker", "scope"),
        [
            ("guarantor-ges", "guarantee.claims:approve"),
            ("fund-lyg", "guarantee.programmes:approve"),
            ("fund-nfgf", "guarantee.programmes:approve"),
            ("fund-lyg", "guarantee.rule-packs:approve"),
            ("operator", "guarantee.operations:approve"),
        ],
    )
    def test_include_a_second_person_where_two_must_sign(self, maker: str, scope: str) -> None:
        checker = CLIENTS[f"{maker}-checker"]

        assert checker.org == CLIENTS[maker].org
        assert scope in checker.scopes
        assert scope not in CLIENTS[maker].scopes
