"""Making the report as a file; each one stands in the audit, for it may hold names and numbers of cards."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit import services as audit
from batosocial.coordination.models import IdentityRound
from batosocial.coordination.models.rounds import READERS
from batosocial.coordination.rounds.report.document import sender_of, write_document
from batosocial.coordination.rounds.report.figures import read_figures
from batosocial.coordination.rounds.report.names import read_names
from batosocial.coordination.rounds.report.sheets import write_report
from batosocial.lib import clock
from batosocial.staff.models import User

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    content: bytes
    content_type: str


@transaction.atomic
def make_workbook(*, actor: User, round_id: int) -> Made:
    """Counts by commune with the names behind each, of the actor's scope. PermissionDenied; IdentityRound.DoesNotExist
    out of scope. A fixed number of queries."""
    round_ = _round(actor, round_id)
    names = read_names(actor, round_)
    sender = sender_of(actor, round_)
    agency = sender.agency.name.replace("\n", " ").upper()
    content = write_report(read_figures(actor, round_), names, agency=agency)
    audit.record(actor=actor, action="Xuất báo cáo xác minh", row=round_, details={"people": len(names)})
    return Made(f"ket-qua-xac-minh-dot-{round_.pk}.xlsx", content, XLSX)


@transaction.atomic
def make_document(*, actor: User, round_id: int) -> Made:
    """The report as a document, without names. PermissionDenied; IdentityRound.DoesNotExist out of scope."""
    round_ = _round(actor, round_id)
    figures = read_figures(actor, round_)
    content = write_document(figures, sender=sender_of(actor, round_), today=clock.today())
    audit.record(actor=actor, action="In báo cáo xác minh", row=round_, details={"communes": len(figures.lines)})
    return Made(f"bao-cao-xac-minh-dot-{round_.pk}.docx", content, DOCX)


def _round(actor: User, round_id: int) -> IdentityRound:
    if actor.role not in READERS or not actor.is_active:
        raise PermissionDenied
    return IdentityRound.objects.visible_to(actor).select_related("upper__parent").get(pk=round_id)
