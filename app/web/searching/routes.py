"""The routes of these pages."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import ID_PATTERN, TheAsking, TheCounting, TheDatabase, TheHangUp
from app.services import searches
from app.services.tallies import Tally
from app.web import forms
from app.web.pages import page
from app.web.routes import PageRouter
from app.web.searching import checking, fields, starts, values
from app.web.searching.checking import Checked
from app.web.searching.documents import examples
from solver.network.layers import LAYERS

router = PageRouter()

Name = Annotated[str | None, Query(pattern=ID_PATTERN, max_length=64)]


def _opened(form: Annotated[forms.Form, Depends(forms.read)]) -> forms.Form:
    return starts.opened(form)


TheForm = Annotated[forms.Form, Depends(_opened)]


def _checked(form: TheForm) -> Checked:
    return checking.checked(form)


TheChecked = Annotated[Checked, Depends(_checked)]
"""A form that was looked through, in a thread: a large network takes a while."""


@router.get("/searches/new")
def show_new(
    request: Request,
    database: TheDatabase,
    example: Name = None,
    architecture_id: Name = None,
    variant_id: Name = None,
    search_id: Name = None,
) -> Response:
    """A form: empty, or with an example, a stored network, or what a search asked."""
    start = starts.of_nothing()
    if search_id:
        start = starts.of_search(database, search_id)
    elif variant_id:
        start = starts.of_variant(database, variant_id)
    elif architecture_id:
        start = starts.of_architecture(database, architecture_id)
    elif example:
        start = starts.of_example(example)
    return _page(request, start.form, checking.checked(start.form))


@router.post("/searches/new")
def solve(request: Request, form: TheForm, checked: TheChecked, asking: TheAsking) -> Response:
    """Ask for the search and show it, or the form with what is wrong."""
    if checked.request is None:
        return _page(request, form, checked, status=422)
    asked = searches.ask(asking.database, asking.solvers, checked.request, None, asking.most_queued)
    return RedirectResponse(f"/searches/{asked.id}", 303)


@router.post("/searches/new/checked")
async def show_checked(
    request: Request, form: TheForm, checked: TheChecked, counting: TheCounting, hang_up: TheHangUp
) -> Response:
    """The form as it was sent, with all faults, and how many variants there are."""
    tally = await checking.tally(checked, counting, hang_up)
    return _page(request, form, checked, tally)


@router.post("/searches/new/network")
def show_network(request: Request, checked: TheChecked) -> Response:
    """The table of the layers, while the network is written."""
    return page(request, "searching_network.html", **_network(checked))


@router.post("/searches/new/count")
async def show_count(
    request: Request, checked: TheChecked, counting: TheCounting, hang_up: TheHangUp
) -> Response:
    """How many variants there are, while the question is written."""
    tally = await checking.tally(checked, counting, hang_up)
    return page(request, "searching_count.html", checked=checked, tally=tally)


def _page(
    request: Request,
    form: forms.Form,
    checked: Checked,
    tally: Tally | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        "searching_new.html",
        status,
        text=form.text("architecture"),
        values=values.sent(form),
        tally=tally,
        examples=examples(),
        fields=fields,
        types=sorted(LAYERS),
        **_network(checked),
    )


def _network(checked: Checked) -> dict[str, Any]:
    original = checked.draft.architecture
    fitting = checking.fitting(original) if original else ()
    return {"checked": checked, "draft": checked.draft, "fitting": fitting}
