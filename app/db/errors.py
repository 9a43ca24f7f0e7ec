"""What a repository refuses."""


class NotFoundError(LookupError):
    """There is no such row."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"there is no {kind} {id_}")


class LostLeaseError(RuntimeError):
    """A worker wrote to what it no longer holds; nothing was written."""
