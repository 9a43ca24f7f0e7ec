"""The Python function that solves a request."""

from solver.answers.variants import Answer
from solver.problem import SolveRequest


def solve(request: SolveRequest) -> Answer:
    """Find the equal-budget variants of a network, or the proof that there are none.

    Parameters
    ----------
    request
        An architecture, an approach, a budget, and how long to try. Constructing a request raises
        ``pydantic.ValidationError`` if the approach does not fit the architecture.

    Returns
    -------
    Answer
        ``outcome`` says whether every solution was found, ``variants()`` yields the networks, and
        ``explanation`` says why there is none.

    Raises
    ------
    OverflowError
        The ranges are so wide that counts, or the number of solutions, cannot be kept exact.
    """
    from solver.answers import search  # this loads numpy

    answer = search.solve(request.problem, request.settings)
    return answer.model_copy(update={"problem": request.problem})
