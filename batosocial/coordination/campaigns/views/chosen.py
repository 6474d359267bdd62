"""What the lists of campaigns have in common: ticked rows, and refusals told one by one."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404

from batosocial.lib.money import format_number
from batosocial.web.access import StaffRequest

#: Refusals shown one by one; the rest as a count.
_SHOWN = 5


def chosen(request: StaffRequest) -> list[int]:
    try:
        return [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None


def tell_refused(request: StaffRequest, refused: Sequence[tuple[str, str]]) -> None:
    for name, why in refused[:_SHOWN]:
        messages.warning(request, f"{name}: {why}")
    if (rest := len(refused) - _SHOWN) > 0:
        messages.warning(request, f"Còn {format_number(rest)} người khác chưa xử lý được vì lý do tương tự.")
