"""Which addresses only programs on this machine can reach."""

import ipaddress
import socket
from functools import lru_cache
from typing import Final

IN_PROCESS: Final = frozenset({"testserver", "testclient", "localhost"})
"""What calls in this process bear for an address; a socket has numbers."""


@lru_cache(1024)
def is_loopback(address: str) -> bool:
    """Whether only this machine can use an address: of a socket, or of a call in this process."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address in IN_PROCESS
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def listens_on_loopback(host: str) -> bool:
    """Whether a server that is to listen on a host, by name or address, is for this machine."""
    try:
        found = socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(is_loopback(str(address[0])) for *_, address in found)
