from django.urls import include, path

from beneficiaries.views import people
from beneficiaries.views.person import page

app_name = "beneficiaries"
urlpatterns = [
    path("", people.people, name="people"),
    path("", include("beneficiaries.exports.urls")),
    path("", include("beneficiaries.entry.urls")),
    path("<int:pk>/", page.person, name="person"),
    path("<int:pk>/so-day-du/", page.person_in_full, name="person_in_full"),
    path("", include("beneficiaries.changes.urls")),
    path("", include("beneficiaries.documents.urls")),
    path("", include("beneficiaries.payout.urls")),
    path("", include("beneficiaries.attachments.urls")),
    path("xac-minh/", include("beneficiaries.identity.urls")),
    path("nap-danh-sach/", include("beneficiaries.imports.urls")),
]
