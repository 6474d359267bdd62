"""What no page of the portal can use is refused before any view sees it."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render


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


class RefuseLargeBodyMiddleware:
    """A body that no form of the portal sends is answered by what it announces of itself, before any of it is read.

    It stands before the middleware for CSRF, which would read (and store) all of it to find the form's token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse | None:
        announced = str(request.META.get("CONTENT_LENGTH") or "0")
        if announced.isdecimal() and int(announced) <= settings.REQUEST_MAX_BYTES:
            return None
        megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
        return render(request, "errors/413.html", {"megabytes": megabytes, "back": request.path}, status=413)


def _values(query: QueryDict) -> list[str]:
    return [text for _, values in query.lists() for text in values]
