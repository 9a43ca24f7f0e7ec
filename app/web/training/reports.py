"""Reports of jobs and studies: to be looked at, and saved as the files that they are.

They hold no script. A browser shows one as if it came from nowhere: it has no cookie of this site,
runs nothing and asks for nothing.
"""

from importlib.util import find_spec
from typing import Final

from fastapi import Response

from app.api.encodings import encoded
from app.db.engine import Database
from app.errors import UnsupportedError
from app.services import studies, study_csv
from app.web.pages import HTML

NO_FIGURES: Final = (
    "the report of a study has figures that Matplotlib draws, which this server does not have; "
    "install it with pip install 'isobudget[figures]', or run isobudget reproduce elsewhere"
)
POLICY: Final = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of a report: a sandbox in which no script runs."""


def report(html: str, name: str, accepted: str | None) -> Response:
    """A report, which a browser shows, and saves as ``isobudget-NAME.html``."""
    headers = {
        "Content-Disposition": f'inline; filename="isobudget-{name}.html"',
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "unsafe-none",
    }
    return encoded(html.encode(), accepted, HTML, headers=headers)


def study_report(database: Database, id_: str) -> str:
    """The report of a study, with its figures.

    Raises
    ------
    UnsupportedError
        Matplotlib, which draws the figures, is not installed.
    app.db.errors.NotFoundError
        There is no such study.
    """
    study = studies.get(database, id_)
    if find_spec("matplotlib") is None:
        raise UnsupportedError(NO_FIGURES)
    from app.ui.studies.files import report_of

    return report_of(study, "".join(study_csv.lines(database, id_)).encode())
