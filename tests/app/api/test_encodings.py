import gzip

import pytest

from app.api.encodings import FEWEST_BYTES, encoded, takes_gzip

LONG = b"x" * FEWEST_BYTES


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        (None, False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("gzip; q=1.0", True),
    ],
)
def test_what_a_client_takes_is_read_as_rfc_9110_says(
    accepted: str | None, is_compressed: bool
) -> None:
    assert takes_gzip(accepted) is is_compressed


def test_an_answer_says_how_it_is_sent() -> None:
    packed, plain = encoded(LONG, "gzip", "text/plain"), encoded(LONG, None, "text/plain")

    assert gzip.decompress(packed.body) == plain.body == LONG
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_a_short_answer_is_sent_as_it_is() -> None:
    answer = encoded(b"x", "gzip", "text/plain")

    assert answer.body == b"x"
    assert "content-encoding" not in answer.headers
