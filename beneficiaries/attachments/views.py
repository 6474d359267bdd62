"""Opening evidence: always as a download, with the type that its content told."""

import io

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from batosocial.audit import services as audit
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.attachments.checking import KINDS
from beneficiaries.attachments.services import may_open
from beneficiaries.models import Attachment

_SAFE_TYPES = {kind.content_type for kind in KINDS}


@roles_required(*BENEFIT_ROLES)
@require_safe
def attachment(request: StaffRequest, pk: int) -> FileResponse:
    row = get_object_or_404(Attachment.objects.visible_to(request.user).select_related("file"), pk=pk)
    if not may_open(row, request.user):
        raise Http404
    file = row.file
    audit.record(actor=request.user, action="Mở minh chứng", row=row, details={"person": row.person_id})
    content_type = file.content_type if file.content_type in _SAFE_TYPES else "application/octet-stream"
    response = FileResponse(io.BytesIO(file.content), as_attachment=True, filename=file.name, content_type=content_type)
    # Never looked into by the browser for what else it might be, never kept on a shared computer.
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
