"""Pages of a long list. The page number travels in the URL as ``trang``."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PAGE_PARAMETER = "trang"


def paginate(request: HttpRequest, rows: Any, per_page: int = 50) -> Page[Any]:
    """The page asked for; a number that is no number gives the first page, one too high the last."""
    return Paginator(rows, per_page).get_page(request.GET.get(PAGE_PARAMETER))
