"""Reports as files to download.

They hold inline script, which pages of this site may not: they are never shown on its origin.
"""

from importlib.util import find_spec
from typing import Final

from fastapi import Response

from app.db.engine import Database
from app.errors import UnsupportedError
from app.services import studies, study_csv

NO_FIGURES: Final = (
    "the report of a study has figures that Matplotlib draws, which this server does not have; "
    "install it with pip install 'isobudget[figures]', or run isobudget reproduce elsewhere"
)


def report(html: str, name: str) -> Response:
    """A report as an attachment, which a browser saves as ``isobudget-NAME.html``."""
    headers = {
        "Content-Disposition": f'attachment; filename="isobudget-{name}.html"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(html, headers=headers, media_type="text/html; charset=utf-8")


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
