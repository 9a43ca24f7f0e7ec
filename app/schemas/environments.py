"""Where a result was measured, so that it can be measured again."""

from pydantic import Field

from solver.network.schema import ANSWERED, Schema


class Environment(Schema):
    """The machine and the versions that a run was trained with.

    Fields that the first results did not record have defaults.
    """

    model_config = ANSWERED

    seed: int
    seeds_at_once: tuple[int, ...] = Field(
        default=(),
        description="The seeds that were trained together; rounding may depend on their number",
    )
    threads: int | None = Field(default=None, description="Threads of PyTorch")
    device: str | None = Field(default=None, description="`cpu`, or the name of the GPU")
    versions: dict[str, str | None] = Field(
        default_factory=dict,
        description="Versions of Python and of packages by name; `null` if not installed",
    )
