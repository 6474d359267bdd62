"""The page of a round's figures, and the report as a file."""

import io
from collections.abc import Callable

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.models.rounds import READERS
from batosocial.coordination.rounds.report import services
from batosocial.coordination.rounds.report.addresses import names_url
from batosocial.coordination.rounds.report.figures import ANSWERED, ASKED, WAITING, Line, RoundFigures, read_figures
from batosocial.lib import clock
from batosocial.staff.models import Role
from batosocial.territory.models import Unit
from batosocial.web.access import StaffRequest, roles_required


@roles_required(*READERS)
@require_safe
def report(request: StaffRequest, pk: int) -> HttpResponse:
    user = request.user
    rounds = IdentityRound.objects.visible_to(user).select_related("opened_by", "closed_by")
    round_ = get_object_or_404(rounds, pk=pk)
    figures = read_figures(user, round_)
    one_place = user.unit is not None and user.unit.level == Unit.Level.COMMUNE
    context = {
        "round": round_,
        "fields": [IdentityRound.Field(name).label for name in round_.fields],
        "figures": figures,
        "measures": figures.measures,
        "lines": [(line, _cells(figures, line)) for line in figures.lines],
        "total": _cells(figures, figures.total),
        "cards": [
            (label, figures.total.counts[key], names_url(round_, key))
            for key, label in ((ASKED, "Đã hỏi"), (ANSWERED, "Đã trả lời"), (WAITING, "Còn chờ"))
        ],
        "is_police": user.role == Role.POLICE,
        "one_place": one_place,
        "today": clock.today(),
    }
    return render(request, "coordination/round_report/report.html", context)


@roles_required(*READERS)
@require_POST
def workbook(request: StaffRequest, pk: int) -> FileResponse:
    return _file(lambda: services.make_workbook(actor=request.user, round_id=pk))


@roles_required(*READERS)
@require_POST
def document(request: StaffRequest, pk: int) -> FileResponse:
    return _file(lambda: services.make_document(actor=request.user, round_id=pk))


def _cells(figures: RoundFigures, line: Line) -> list[tuple[str, int, str]]:
    """Label, count and address of the names."""
    return [
        (measure.label, line.counts[measure.key], names_url(figures.round, measure.key, line.unit))
        for measure in figures.measures
    ]


def _file(make: Callable[[], services.Made]) -> FileResponse:
    try:
        made = make()
    except IdentityRound.DoesNotExist:
        raise Http404 from None
    return FileResponse(
        io.BytesIO(made.content), as_attachment=True, filename=made.name, content_type=made.content_type
    )
