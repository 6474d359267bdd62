"""Every address of the portal begins here."""

from django.urls import include, path

from batosocial.web.admin import portal_admin

urlpatterns = [
    path("", include("batosocial.web.urls")),
    path("", include("batosocial.staff.urls")),
    path("quan-tri/", portal_admin.urls),
    path("don-vi/", include("batosocial.mergers.urls")),
    path("doi-tuong/", include("beneficiaries.urls")),
    path("chi-tra/", include("payments.urls")),
    path("bao-cao/", include("reporting.urls")),
    path("phoi-hop/", include("batosocial.coordination.urls")),
    path("viec/", include("batosocial.jobs.urls")),
]

handler400 = "batosocial.web.views.bad_request"
handler403 = "batosocial.web.views.permission_denied"
handler404 = "batosocial.web.views.page_not_found"
handler500 = "batosocial.web.views.server_error"
