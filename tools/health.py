"""Ask a portal on this machine whether it answers: for `make run` and for the containers' health checks."""

import os
import sys
import urllib.error
import urllib.request


def answers(port: int, host: str = "127.0.0.1", timeout: float = 5) -> bool:
    """Whether the health page of the portal on ``port`` says 200; ``host`` is the name that it lets in."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/suc-khoe/", headers={"Host": host})
    # Never by way of a proxy: it is this machine that is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def allowed_host(allowed: "list[str]") -> str:
    """A name under which a portal that lets in ``allowed`` may be asked from its own machine."""
    if "127.0.0.1" in allowed or "*" in allowed or not allowed:
        return "127.0.0.1"
    return allowed[0].lstrip(".")


if __name__ == "__main__":
    names = [name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()]
    sys.exit(0 if answers(int(os.environ.get("PORT", "8000")), allowed_host(names)) else 1)
