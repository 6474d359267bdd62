"""Terms and catalogues of this app are data: an admin adds to them, what was before keeps its own."""

from batosocial.coordination.models import AnswerTerm, OutreachTerm, SessionForm
from batosocial.web.admin import AuditedModelAdmin, register


@register(AnswerTerm)
class AnswerTermAdmin(AuditedModelAdmin):
    list_display = ["valid_from", "days"]


@register(OutreachTerm)
class OutreachTermAdmin(AuditedModelAdmin):
    list_display = ["valid_from", "days"]


@register(SessionForm)
class SessionFormAdmin(AuditedModelAdmin):
    list_display = ["name", "position", "in_use"]
