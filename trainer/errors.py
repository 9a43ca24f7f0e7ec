"""Why a run cannot be done."""

from typing import ClassVar

from app.experiments.failures import Failure


class RunFailed(Exception):  # noqa: N818 - an outcome of a run, told to the user as it stands
    """A run failed, and trying again would not help; its text is a sentence.

    ``kind`` is the reason in one word, for programs.
    """

    kind: ClassVar[Failure] = "error"


def sentence(clause: str) -> str:
    """Capitalise a clause, and end it with a full stop."""
    return f"{clause[0].upper()}{clause[1:]}."


class Diverged(RunFailed):
    """The loss of a training is no longer a finite number."""

    kind = "diverged"


class NoSpace(RunFailed):
    """The disk that checkpoints go to is full."""

    kind = "no_space"
