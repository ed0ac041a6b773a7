"""How a refusal becomes an answer: its links are a header, its words may be one refusal's own."""

import orjson
import pytest
from starlette.requests import Request

from shared.errors import Gone
from shared.web.problem import link_header, on_domain_error

REQUEST = Request({"type": "http", "method": "GET", "path": "/", "headers": []})


class TestLinks:
    async def test_of_a_refusal_say_where_to_go_instead(self) -> None:
        links = {"snapshot": "/v1/things/snapshot", "help": "/help"}

        answer = await on_domain_error(REQUEST, Gone("no longer kept", links=links))

        assert answer.status_code == 410
        assert answer.headers["link"] == (
            '</v1/things/snapshot>; rel="snapshot", </help>; rel="help"'
        )

    async def test_are_no_header_where_there_are_none(self) -> None:
        answer = await on_domain_error(REQUEST, Gone("no longer kept"))

        assert "link" not in answer.headers

    @pytest.mark.parametrize(
        ("links", "header"), [({}, ""), ({"next": "/v1/x?after=1"}, '</v1/x?after=1>; rel="next"')]
    )
    def test_are_written_as_one_header(self, links: dict[str, str], header: str) -> None:
        assert link_header(links) == header


class TestAction:
    async def test_may_be_one_refusals_own(self) -> None:
        refusal = Gone("no longer kept")
        refusal.action_en = "Read /v1/things/7/snapshot."

        answer = await on_domain_error(REQUEST, refusal)

        action = orjson.loads(answer.body)["action"]
        assert action == {"zh": Gone.action_zh, "en": "Read /v1/things/7/snapshot."}
