"""A raw file as a request's body."""

from dataclasses import dataclass
from email.message import Message
from typing import Annotated, Any

from fastapi import Depends, Request

CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What OpenAPI says of an endpoint that takes a CSV file."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The bytes of a file and the charset that its Content-Type declares, if any."""

    content: bytes
    charset: str | None


async def _upload(request: Request) -> UploadedFile:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    return UploadedFile(await request.body(), header.get_content_charset())


Upload = Annotated[UploadedFile, Depends(_upload)]
