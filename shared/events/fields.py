"""Field types that events share: each carries its unit, its limits and an example.

An event's own example is put together from its fields' examples, so it cannot drift from the model.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.money import MAX_FEN, PPM

Fen = Annotated[
    int, Field(strict=True, ge=0, le=MAX_FEN, description="fen (分)", examples=[333_333_333])
]
Ppm = Annotated[
    int, Field(strict=True, ge=0, le=PPM, description="parts per million", examples=[200_000])
]
RatePpm = Annotated[
    int, Field(strict=True, ge=0, le=PPM, description="yearly rate, ppm", examples=[33_000])
]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000, examples=[1])]
Position = Annotated[
    int, Field(strict=True, ge=0, le=2**63 - 1, description="place in a ledger", examples=[1000])
]
Months = Annotated[int, Field(strict=True, ge=1, le=600, description="months", examples=[12])]
Days = Annotated[
    int, Field(strict=True, ge=0, le=36_500, description="calendar days", examples=[95])
]
UsccText = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-HJ-NP-RTUW-Y]{18}$"),
    Field(description="unified social credit code, GB 32100", examples=["91320706MA1N00018N"]),
]
OrgCode = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$"),
    Field(description="code of an institution or department", examples=["bank-haizhou"]),
]
Word = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"),
    Field(description="one word of a closed list", examples=["guarantor"]),
]
PackId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$"),
    Field(description="rule pack id", examples=["nfgf-scitech-2024"]),
]
Digest = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256, hexadecimal", examples=["0" * 64]),
]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=500), Field(examples=["示例文本 sample text"])
]
Region = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    Field(description="region, GB/T 2260", examples=["320706"]),
]
Id = Annotated[UUID, Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"])]
Day = Annotated[date, Field(description="business date, Asia/Shanghai", examples=["2026-03-02"])]
