"""What ``isobudget find`` says: of a network that was found, and of why there is none."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from app.cli.answers import print_blocking
from app.cli.console import ExitCode, out
from app.cli.finding.bounds import COSTS
from app.cli.finding.found import Found, Network, Nothing, Searched
from app.cli.option_values import flag
from app.cli.tables import empty_table, neighbours_table
from app.schemas.variants import VariantView
from app.ui.sentences import percent, points


def code_of(nothing: Nothing) -> ExitCode:
    """The exit code if there is no candidate: whether all variants were ruled out, or not."""
    is_proved = all(it.outcome in ("infeasible", "complete") for it in nothing.searches)
    return ExitCode.INFEASIBLE if is_proved else ExitCode.TIMED_OUT


def print_answer(answer: Found | Nothing) -> None:
    """Print what was found, or why there is nothing."""
    if isinstance(answer, Found):
        _print_found(answer)
    else:
        _print_nothing(answer)


def _print_nothing(nothing: Nothing) -> None:
    """Say for each approach why it has no candidate."""
    for searched in nothing.searches:
        out.print(f"approach {searched.approach}: ", style="bold", end="")
        if searched.nearest:
            of_all = f"{searched.looked_at:,} of {searched.found:,} variants were looked at"
            out.print(f"{of_all}; none of them keeps all bounds")
            _print_missed(nothing.bounds, searched.nearest)
        elif searched.outcome == "infeasible":
            out.print("no network satisfies all requirements")
            if searched.explanation:
                print_blocking(searched.explanation)
        else:
            out.print("time ran out before one was found; give it more with --time-limit")


def _print_missed(bounds: Mapping[str, tuple[int, int]], nearest: VariantView) -> None:
    """Say which bounds the nearest variant misses."""
    for cost, (low, high) in bounds.items():
        value = COSTS[cost](nearest.counts)
        if not low <= value <= high:
            asked = f"at least {low:,} and at most {high:,}" if low else f"at most {high:,}"
            reason = f"{flag(f'max_{cost}')}: {asked} is asked for; the nearest has {value:,}"
            out.print(f"- {reason}", soft_wrap=True)
    out.print(neighbours_table([("nearest", nearest)], "the nearest network"))


def _print_found(found: Found) -> None:
    """Print what was tried, the best variant beside the original, and what that shows."""
    out.print(_searches_table(found.searches))
    out.print(_networks_table(found))
    out.print(sentence(found), style="bold", soft_wrap=True)
    if found.exceeded:
        beyond = " and ".join(flag(f"max_{cost}") for cost in found.exceeded)
        out.print(f"The original is no choice, since it is beyond {beyond}.", soft_wrap=True)
    out.print(f"model: {found.model}", soft_wrap=True)
    out.print(f"report: {found.report}", soft_wrap=True)


def sentence(found: Found) -> str:
    """The network that Eq. 1 asks for, and how far its gain is known."""
    variant, original = found.variant, found.original
    if found.chosen == "original":
        return (
            "The network that Eq. 1 asks for is the original: on validation images it has "
            f"{percent(original.validation_accuracy)}, and the best candidate "
            f"{percent(variant.validation_accuracy)}."
        )
    gain = found.gain
    interval = (
        f" (95% interval {points(gain.ci[0], '')} to {points(gain.ci[1])})" if gain.ci else ""
    )
    return (
        f"The network that Eq. 1 asks for takes {variant.architecture.resolution} px (approach "
        f"{variant.approach}). It was chosen on validation images; on test images it scores "
        f"{points(gain.gain)} against the original{interval}: {_VERDICTS[gain.verdict]}."
    )


_VERDICTS = {
    "better": "better, for this original",
    "worse": "worse, for this original",
    "equivalent": "no difference beyond one percentage point",
    "not_decided": "no difference is shown",
    None: "one training of each network cannot tell it from chance",
}


def _searches_table(searches: Sequence[Searched]) -> Table:
    """One line for each approach."""
    table = empty_table("variants", "approach outcome found> looked-at> within-bounds> tried>")
    for it in searches:
        numbers = (it.found, it.looked_at, it.kept, it.candidates)
        table.add_row(it.approach, it.outcome, *(f"{number:,}" for number in numbers))
    return table


def _networks_table(found: Found) -> Table:
    """The original and the best variant."""
    table = empty_table("", "network px> params> FLOPs> activation-bytes> validation> test> seeds>")
    table.add_row(*_row("original", found.original))
    table.add_row(*_row(f"approach {found.variant.approach}", found.variant))
    return table


def _row(name: str, network: Network) -> list[str]:
    counts = network.counts
    costs = [f"{cost(counts):,}" for cost in COSTS.values()]
    accuracy = network.test_accuracy
    accuracies = [percent(network.validation_accuracy), percent(accuracy.mean), f"{accuracy.n}"]
    return [name, f"{network.architecture.resolution}", *costs, *accuracies]
