"""Why runs fail, in one word each: for programs, beside the reason in words."""

from typing import Final, Literal, TypeAlias, get_args

Failure: TypeAlias = Literal[
    "diverged",
    "out_of_memory",
    "no_space",
    "dataset_missing",
    "dataset_changed",
    "broken_image",
    "data_mismatch",
    "resolution_too_high",
    "count_mismatch",
    "unreadable",
    "lost",
    "error",
]

FAILURES: Final[tuple[str, ...]] = get_args(Failure)
