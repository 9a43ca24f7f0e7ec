"""Where the service is, and what is sent with every call."""

import ipaddress
import os
from typing import Any, Final

import httpx2

DEFAULT_URL: Final = "http://127.0.0.1:8000"
URL_VARIABLE: Final = "ISOBUDGET_URL"
KEY_VARIABLE: Final = "ISOBUDGET_KEY"


def options(url: str | None, key: str | None) -> dict[str, Any]:
    """What both clients of ``httpx2`` take: the address, and the headers with the key.

    The environment's proxies are used, except for this machine's own addresses.

    Raises
    ------
    ValueError
        The URL is none of HTTP, or the key cannot be sent.
    """
    base = _base(url or os.environ.get(URL_VARIABLE) or DEFAULT_URL)
    key = (os.environ.get(KEY_VARIABLE, "") if key is None else key).strip()
    if not (key.isascii() and key.isprintable()):
        raise ValueError("the key holds characters that no key has")
    headers = {"User-Agent": "isobudget-client", "Accept": "application/json, */*;q=0.5"}
    return {
        "base_url": base,
        "headers": {**headers, **({"Authorization": f"Bearer {key}"} if key else {})},
        "verify": base.scheme == "https",  # certificates take 0.2 s to load
        "trust_env": not _is_loopback(base.host),
        "follow_redirects": False,
    }


def _base(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as invalid:
        raise ValueError(f"the URL cannot be read: {invalid}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"write the URL in full, as in {DEFAULT_URL}")
    return url


def origin(url: httpx2.URL) -> str:
    """The scheme, host and port of a URL, without what may be secret."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
