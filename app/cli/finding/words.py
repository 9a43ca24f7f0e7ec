"""What ``isobudget find`` says: of a network that was found, and of why there is none."""

from collections.abc import Sequence

from rich.table import Table

from app.cli.answers import print_blocking
from app.cli.console import ExitCode, out
from app.cli.finding.bounds import COSTS, Bounds
from app.cli.finding.candidates import Pool
from app.cli.finding.found import Found, Network, Searched
from app.cli.option_values import flag
from app.cli.tables import empty_table, neighbours_table
from app.ui.sentences import percent, points


def print_nothing(bounds: Bounds, pools: Sequence[Pool]) -> ExitCode:
    """Say for each approach why it has no candidate; returns the command's exit code."""
    for pool in pools:
        out.print(f"approach {pool.search.request.approach}: ", style="bold", end="")
        if pool.looked_at:
            _print_excess(bounds, pool)
        elif pool.search.outcome == "infeasible":
            out.print("no network satisfies all requirements")
            if pool.search.explanation:
                print_blocking(pool.search.explanation)
        else:
            out.print("time ran out before one was found; give it more with --time-limit")
    is_proved = all(pool.search.outcome == "infeasible" or pool.looked_at for pool in pools)
    return ExitCode.INFEASIBLE if is_proved else ExitCode.TIMED_OUT


def _print_excess(bounds: Bounds, pool: Pool) -> None:
    """Say which bounds the variants miss, and which variant misses them by least."""
    assert pool.nearest is not None
    out.print(f"{pool.search.found:,} variants, of which none keeps all bounds")
    for bound in bounds.all:
        value = COSTS[bound.cost](pool.nearest.counts)
        if bound.excess(pool.nearest.counts):
            least = f"at least {bound.low:,} and " if bound.low else ""
            asked = f"{least}at most {bound.high:,}"
            reason = f"{bound.option}: {asked} is asked for; the nearest has {value:,}"
            out.print(f"- {reason}", soft_wrap=True)
    out.print(neighbours_table([("nearest", pool.nearest.view)], "the nearest network"))


def print_found(found: Found) -> None:
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
    table = empty_table("", "network px> params> FLOPs> memory> validation> test> seeds>")
    table.add_row(*_row("original", found.original))
    table.add_row(*_row(f"approach {found.variant.approach}", found.variant))
    return table


def _row(name: str, network: Network) -> list[str]:
    counts = network.counts
    costs = [f"{cost(counts):,}" for cost in COSTS.values()]
    accuracy = network.test_accuracy
    accuracies = [percent(network.validation_accuracy), percent(accuracy.mean), f"{accuracy.n}"]
    return [name, f"{network.architecture.resolution}", *costs, *accuracies]
