"""What no page of the portal can use is refused before any view sees it."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase, QueryDict


class RefuseNulMiddleware:
    """PostgreSQL holds no NUL character: an address or a form that carries one is a bad request, not a fault of ours.

    Uploads are left to their readers, as looking into them here would read the whole body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object) -> None:
        texts = [request.path, *_values(request.GET)]
        if request.content_type == "application/x-www-form-urlencoded":
            texts += _values(request.POST)
        if any("\0" in text for text in texts):
            raise BadRequest("NUL character")


def _values(query: QueryDict) -> list[str]:
    return [text for _, values in query.lists() for text in values]
