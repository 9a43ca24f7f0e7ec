"""Why a run cannot be done."""


class RunFailed(Exception):  # noqa: N818 - an outcome of a run, told to the user as it stands
    """A run failed for a reason that trying again will not change; its text is a sentence."""
