from batosocial.territory.models import Unit
from batosocial.web.admin.base import AuditedModelAdmin, register


@register(Unit)
class UnitAdmin(AuditedModelAdmin):
    list_display = ["code", "full_name", "level", "parent", "valid_from", "valid_to", "successor"]
    list_display_links = ["code", "full_name"]
    list_filter = ["level"]
    list_select_related = ["parent", "successor"]
    search_fields = ["code", "name"]
    #: Units begin and end by a merger (Đơn vị hành chính), which carries over what hangs on them.
    readonly_fields = ["successor", "heir", "ended_by", "valid_to"]
