"""The application: ``uvicorn app.main:create_app --factory``, or ``isobudget serve``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.api import (
    architectures,
    description,
    errors,
    health,
    jobs,
    methods,
    metrics,
    pages,
    searches,
    studies,
    study_plan,
    variants,
    workers,
)
from app.api.access import Doorkeeper, Guarded
from app.api.availability import Available
from app.api.dispatch import Dispatch
from app.api.edge import Edge
from app.api.hosts import Hosts
from app.api.key_scheme import describe_keys
from app.api.routes import StrictRoute
from app.api.traffic import Traffic
from app.config import Settings, settings
from app.db.engine import Database
from app.services.condition import Condition
from app.services.counting import Counting
from app.services.keys import Keyring, key_given
from app.services.metrics import DatabaseCollector
from app.services.onnx_files import OnnxFiles
from app.services.planner.thread import Planner
from app.services.solvers import Limits, Solvers
from app.services.stopping import Closing
from app.services.watch import Watch
from app.web import site
from app.web.access import signing_in

DESCRIPTION = """
Which network with a higher input resolution has the **same number of parameters or FLOPs**, and is
it better? Post an architecture, get all its variants, train some, and compare.

Every call below has an example that works when it is sent as it stands, from top to bottom.
"""


def _version() -> str:
    try:
        return version("isobudget")
    except PackageNotFoundError:
        return "0"


def create_app(given: Settings | None = None) -> FastAPI:
    """Build the application; ``given`` settings replace those of the environment.

    Requests from other machines need a key, however the application is served.

    Raises
    ------
    app.services.keys.UnusableKeyError
        The settings give a key that is none.
    """
    chosen = given or settings()
    registry = _registry()
    given_key = key_given(chosen)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(chosen.database_url)
        closing: Closing = app.state.closing
        limits = Limits(chosen.solver_processes, chosen.solver_memory_mb)
        condition = Condition(database)
        watch = Watch(database, condition, closing)
        solvers = Solvers(database, condition, watch, limits, chosen.poll)
        planner = Planner(database, condition, solvers, limits, chosen.data_dir, chosen.lease)
        closing.then(planner.stop_soon)
        closing.then(solvers.stop_soon)
        app.state.settings, app.state.database = chosen, database
        app.state.watch, app.state.solvers, app.state.planner = watch, solvers, planner
        app.state.condition = condition
        app.state.counting = Counting(chosen.solver_memory_mb, chosen.solver_processes, closing)
        app.state.onnx_files = OnnxFiles(closing)
        app.state.keyring = Keyring(database, given_key)
        counted = DatabaseCollector(database)
        registry.register(counted)
        condition.start()
        solvers.start()
        planner.start()
        try:
            yield
        finally:
            closing.set()
            planner.stop()
            solvers.stop()
            await watch.stop()
            condition.stop()
            registry.unregister(counted)
            database.close()

    app = FastAPIOffline(
        title="Isobudget",
        version=_version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,  # redirects would go to the host that a client names
        docs_url=None,
        redoc_url=None,
    )
    app.router.route_class = StrictRoute
    app.state.closing, app.state.doorkeeper = Closing(), Doorkeeper(chosen.auth_failure_limit)
    errors.install(app)
    methods.install(app)
    # `study_plan` stands before `studies`: its path would else be read as a study's id.
    for module in (
        architectures,
        searches,
        variants,
        jobs,
        study_plan,
        studies,
        workers,
        health,
        metrics,
        pages,
    ):
        app.include_router(module.router)
    describe_keys(app, is_optional=chosen.require_key == "auto")
    description.install(app)
    site.install(app)
    app.router.middleware_stack = Dispatch(app.router)
    app.state.metrics, app.state.traffic = registry, Traffic(registry)
    # Starlette's outermost layer answers a 500, and added middleware lies inside it; this does not.
    guarded = Guarded(
        Available(app.build_middleware_stack()),
        chosen.require_key,
        chosen.rate_limit,
        app.state.doorkeeper,
        signing_in.turned_away,
    )
    app.middleware_stack = Edge(
        _shared(guarded, chosen.cors_origins),
        app.state.traffic,
        Hosts((chosen.host, *chosen.allowed_hosts)),
        chosen.body_seconds,
    )
    return app


def _shared(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of other origins read what the API answers, if the operator wants it."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST", "DELETE"),
        allow_headers=(
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            "Last-Event-ID",
            "Prefer",
            "X-Request-ID",
        ),
        expose_headers=(
            "ETag",
            "Location",
            "RateLimit",
            "Retry-After",
            "WWW-Authenticate",
            "X-Request-ID",
        ),
    )


def _registry() -> CollectorRegistry:
    """The metrics of one application, and those of its process, such as memory."""
    # Creation times would double the number of series.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry
