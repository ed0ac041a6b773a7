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
    """The bytes of a file, and the media type and charset of its Content-Type, if any."""

    content: bytes
    charset: str | None
    media_type: str = ""


async def _upload(request: Request) -> UploadedFile:
    header = Message()
    header["content-type"] = declared = request.headers.get("content-type", "")
    media_type = header.get_content_type() if declared else ""
    return UploadedFile(await request.body(), header.get_content_charset(), media_type)


Upload = Annotated[UploadedFile, Depends(_upload)]
