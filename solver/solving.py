"""Solving from Python: a request in, an answer with its variants out."""

from solver.answers.variants import Answer
from solver.problem import SolveRequest


def solve(request: SolveRequest) -> Answer:
    """Find the equal-budget variants of a network, or the proof that there are none.

    Parameters
    ----------
    request
        An architecture, an approach, a budget, and how long to try. What an approach does not fit
        is refused when the request is made, with ``pydantic.ValidationError``.

    Returns
    -------
    Answer
        ``outcome`` says whether every solution is there; ``variants()`` gives them, one network
        after the other; ``explanation`` says why there is none.

    Raises
    ------
    OverflowError
        The ranges are so wide that counts or solutions cannot be handled exactly.
    """
    from solver.answers import search  # it loads OR-Tools

    answer = search.solve(request.problem, request.settings)
    return answer.model_copy(update={"problem": request.problem})
