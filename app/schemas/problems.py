"""Errors, as users see them (RFC 9457)."""

from pydantic import BaseModel, Field

from solver.network.schema import ANSWERED


class FaultView(BaseModel):
    """One thing wrong with a request."""

    pointer: str = Field(
        examples=["#/layers/0/kernel_size"],
        description="JSON pointer into the body (RFC 6901), or `query/NAME`, `header/NAME`",
    )
    detail: str = Field(examples=["kernel 7 does not fit its 5×5 input"])


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    model_config = ANSWERED

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["1 fault in the request"])
    errors: list[FaultView] = Field(default=[], description="The first faults, 20 at most")
    total: int = Field(default=0, examples=[1], description="How many faults there are")
