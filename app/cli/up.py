"""``isobudget up``."""

from typing import Annotated

import typer

from app.cli.console import fail, out, settings
from app.cli.migrate import migrate_to
from app.cli.processes import ChildEndedError, Children
from app.cli.serve import Host, Port
from app.cli.work import require_trainer


def up(
    host: Host = None,
    port: Port = None,
    processes: Annotated[int, typer.Option(min=1, help="How many workers train at once.")] = 1,
) -> None:
    """Run all on this machine: migrate the database, serve the API, train what jobs ask for.

    Ends, and stops all of it, on Ctrl-C, or when one of its processes ends (exit code 1).
    """
    require_trainer()
    chosen = settings()
    host, port = host or chosen.host, chosen.port if port is None else port
    migrate_to(chosen.database_url)
    try:
        with Children() as children:
            children.start(
                "the API", ["-m", "app.cli", "serve", "--host", host, "--port", str(port)]
            )
            for number in range(1, processes + 1):
                children.start(f"worker {number}", ["-m", "trainer"])
            out.print(f"Isobudget at http://{host}:{port} · stop with Ctrl-C")
            children.watch()
    except KeyboardInterrupt:
        out.print("stopped")
    except ChildEndedError as ended:
        fail(f"{ended}; everything was stopped")
