"""The application: ``uvicorn app.main:create_app --factory``, or ``isobudget serve``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from app.api import architectures, description, errors, health, jobs, metrics, searches, variants
from app.api.routes import StrictRoute
from app.api.traffic import Observed, Traffic
from app.config import Settings, settings
from app.db.engine import Database
from app.services.metrics import DatabaseCollector
from app.services.solvers import Limits, Solvers
from app.services.stopping import Closing
from app.services.watch import Watch

DESCRIPTION = """
Which network with a higher input resolution has the **same number of parameters or FLOPs**, and is
it better? Post an architecture, get all its variants, train some, and compare.

Every call below has an example that works when it is sent as it stands, from top to bottom.
"""
MAX_BODY_BYTES = 1 << 20


def _version() -> str:
    try:
        return version("isobudget")
    except PackageNotFoundError:
        return "0"


def create_app(given: Settings | None = None) -> FastAPI:
    """Build the application; ``given`` settings replace those of the environment."""
    chosen = given or settings()
    registry = _registry()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(chosen.database_url)
        closing: Closing = app.state.closing
        watch = Watch(database, closing)
        limits = Limits(chosen.solver_processes, chosen.solver_memory_mb)
        solvers = Solvers(database, watch, limits, chosen.poll)
        closing.then(solvers.stop_soon)
        app.state.settings, app.state.database = chosen, database
        app.state.watch, app.state.solvers = watch, solvers
        counted = DatabaseCollector(database)
        registry.register(counted)
        solvers.start()
        try:
            yield
        finally:
            closing.set()
            solvers.stop()
            await watch.stop()
            registry.unregister(counted)
            database.close()

    app = FastAPIOffline(
        title="Isobudget",
        version=_version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        max_body_size=MAX_BODY_BYTES,
    )
    app.router.route_class = StrictRoute
    app.state.closing = Closing()
    errors.install(app)
    for module in (architectures, searches, variants, jobs, health, metrics):
        app.include_router(module.router)
    description.install(app)

    @app.get("/", include_in_schema=False)
    async def _start() -> RedirectResponse:
        return RedirectResponse("/docs")

    app.state.metrics = registry
    # Starlette's outermost layer answers a 500, and added middleware lies inside it; this does not.
    app.middleware_stack = Observed(app.build_middleware_stack(), Traffic(registry))
    return app


def _registry() -> CollectorRegistry:
    """The metrics of one application, and those of its process, such as memory."""
    # Creation times would double the number of series.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry
