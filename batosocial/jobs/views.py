"""Pages of background work: one's own jobs, how far each is, and what it made."""

import io

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from batosocial.audit.services import record
from batosocial.jobs.models import Job
from batosocial.staff.models import Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

EVERYBODY = tuple(role for role in Role.values if role != Role.SYSTEM)


@roles_required(*EVERYBODY)
def index(request: StaffRequest) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).select_related("owner")
    return render(request, "jobs/index.html", {"page": paginate(request, jobs, per_page=25)})


@roles_required(*EVERYBODY)
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user).select_related("owner"), pk=pk)
    return render(request, "jobs/detail.html", {"job": job})


@roles_required(*EVERYBODY)
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """The progress bar alone, fetched every second while the job is open; then the page goes to the result."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    response = render(request, "jobs/_progress.html", {"job": job})
    if job.state == Job.State.DONE and job.result_url:
        response["HX-Redirect"] = job.result_url
    elif not job.is_open:
        response["HX-Refresh"] = "true"
    return response


@roles_required(*EVERYBODY)
def result(request: StaffRequest, pk: int) -> FileResponse:
    """Download what a job made."""
    job = get_object_or_404(Job.objects.visible_to(request.user).select_related("result_file"), pk=pk)
    file = job.result_file
    if file is None:
        raise Http404
    record(actor=request.user, action="Tải kết quả", row=file, job_id=job.pk)
    return FileResponse(
        io.BytesIO(file.content), as_attachment=True, filename=file.name, content_type=file.content_type
    )
