"""Tables of the service as pandas frames; pandas is imported here, and only when it is needed."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from app.client.errors import PandasMissingError

if TYPE_CHECKING:
    import pandas as pd


def frame(table: bytes) -> pd.DataFrame:
    """Read a table (CSV).

    Raises
    ------
    PandasMissingError
        pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as missing:
        raise PandasMissingError("frames need pandas; run: pip install pandas") from missing
    return pd.read_csv(BytesIO(table))
