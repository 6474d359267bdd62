from typing import Any

from django.http import HttpRequest

from batosocial.audit.models import Entry
from batosocial.web.admin.base import ReadOnlyModelAdmin, register


@register(Entry)
class EntryAdmin(ReadOnlyModelAdmin):
    list_display = ["at", "actor", "action", "label", "ip"]
    list_select_related = ["actor"]
    list_filter = ["action"]
    search_fields = ["label", "action", "actor__username", "actor__full_name"]
    date_hierarchy = "at"
    # Counting a log of millions of rows a second time only to say "of …" is not worth it.
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-at", "-pk")
