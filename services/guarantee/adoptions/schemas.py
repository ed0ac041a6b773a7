"""Requests of the adoptions."""

from typing import Annotated

from pydantic import Field

from shared.web.fields import Body


class AdoptPack(Body):
    """Which version of the programme's rule pack its letters pin from now on."""

    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000, examples=[2])]
