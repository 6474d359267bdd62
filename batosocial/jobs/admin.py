from batosocial.jobs.models import Job
from batosocial.web.admin import ReadOnlyModelAdmin, register


@register(Job)
class JobAdmin(ReadOnlyModelAdmin):
    list_display = ["title", "owner", "state", "attempts", "done_rows", "total_rows", "created_at", "finished_at"]
    list_select_related = ["owner"]
    list_filter = ["state", "kind"]
    exclude = ["result_file"]
