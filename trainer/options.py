"""The options of ``isobudget work``."""

import argparse
from collections.abc import Sequence

from trainer.engines.capacity import Ask


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the options, or exit with a message about what is wrong with them.

    ``ask`` in the result is what a task takes of a Ray node; ``None`` without Ray.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    options.ask = None
    given = [
        f"--{name}"
        for name in ("address", "cpus", "gpus")
        if getattr(options, name) is not None and options.engine != "ray"
    ]
    if given:
        parser.error(f"{', '.join(given)}: only with --engine ray")
    if options.engine == "ray":
        _complete(parser, options)
    options.processes = options.processes or 1
    return options


def for_each_process(options: argparse.Namespace) -> list[str]:
    """Return the options of each process that does a part of the work asked for by these."""
    arguments = ["--threads", str(options.threads)]
    arguments += ["--once"] * options.once + ["--exit-when-idle"] * options.exit_when_idle
    if options.ask:
        arguments += ["--engine", "ray", "--address", options.address]
        arguments += ["--cpus", str(options.ask.cpus), "--gpus", str(options.ask.gpus)]
    return arguments


def _complete(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if options.processes is not None:
        parser.error(
            "--processes: not with --engine ray, where the cluster's size, --cpus and --gpus "
            "decide how many networks are trained at once"
        )
    options.address = options.address or "auto"
    if "://" in options.address:
        parser.error(
            f"--address {options.address}: no URL, but auto or HOST:PORT of the head; this command "
            "runs on a machine that is part of the cluster"
        )
    cpus = 1.0 if options.cpus is None else options.cpus
    try:
        options.ask = Ask(cpus, options.gpus or 0.0)
    except ValueError as error:
        parser.error(f"--cpus, --gpus: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="isobudget work", description="Train what jobs have queued, until stopped."
    )
    parser.add_argument("--processes", type=int, help="workers on this machine (default: 1)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="PyTorch's threads in each of them; more slow small networks down on a busy machine",
    )
    parser.add_argument("--once", action="store_true", help="end after the runs of one network")
    parser.add_argument("--exit-when-idle", action="store_true", help="end when nothing is queued")
    parser.add_argument(
        "--max-time",
        type=_seconds,
        metavar="SECONDS",
        help="stop after this time, as if by a first SIGTERM",
    )
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    _add_engine(parser)
    return parser


def _add_engine(parser: argparse.ArgumentParser) -> None:
    engine = parser.add_argument_group("where to train")
    engine.add_argument(
        "--engine",
        choices=["process", "ray"],
        default="process",
        help="in a process beside each worker, or as tasks of a Ray cluster that this machine is "
        "part of (default: process)",
    )
    engine.add_argument("--address", help="Ray: the cluster, HOST:PORT of its head (default: auto)")
    engine.add_argument(
        "--cpus", type=float, help="Ray: what a task takes of a node's CPUs (default: 1)"
    )
    engine.add_argument(
        "--gpus",
        type=float,
        help="Ray: what a task takes of a node's GPUs; 0.25: four tasks share one (default: 0)",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("a number of seconds, 0 or more")
    return seconds
