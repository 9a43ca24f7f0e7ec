"""``isobudget up``."""

from typing import Annotated

import typer

from app import logs
from app.cli.access import guarded
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

    A worker that ends, however it does, is started again after 1 s, then 2 s, up to 60 s.

    Ends, and stops all of it, on Ctrl-C, or when the API ends (exit code 1).
    """
    require_trainer()
    chosen = settings()
    logs.set_up(chosen.log_format)
    host, port = host or chosen.host, chosen.port if port is None else port
    migrate_to(chosen.database_url)
    guarded(chosen, host)
    try:
        with Children() as children:
            children.start(
                "the API", ["-m", "app.cli", "serve", "--host", host, "--port", str(port)]
            )
            for number in range(1, processes + 1):
                children.keep(f"worker {number}", ["-m", "trainer", "--supervised"])
            out.print(f"Isobudget at http://{host}:{port} · stop with Ctrl-C")
            children.watch()
    except KeyboardInterrupt:
        out.print("stopped")
    except ChildEndedError as ended:
        fail(f"{ended}; everything was stopped")
