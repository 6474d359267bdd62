"""Where a request comes from. Behind proxies the peer is the proxy; the nearest of them says whom it served."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.conf import settings


def client_address(meta: Mapping[str, Any]) -> str | None:
    """The client's address from WSGI variables, or None (a unix socket, a forged header).

    Only as many entries of X-Forwarded-For are believed as proxies of ours stand before the portal
    (``PROXY_COUNT``), counted from the right: what stands further left, the client wrote itself.
    """
    proxies = int(getattr(settings, "AXES_IPWARE_PROXY_COUNT", 0) or 0)
    forwarded = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    seen = forwarded[-proxies] if 0 < proxies <= len(forwarded) else ""
    for candidate in (seen, str(meta.get("REMOTE_ADDR") or "")):
        try:
            return str(ip_address(candidate))
        except ValueError:
            continue
    return None
