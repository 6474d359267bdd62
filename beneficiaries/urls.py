from django.urls import include, path

from beneficiaries.views import people, routes
from beneficiaries.views.person import page

app_name = "beneficiaries"
urlpatterns = [
    path("", people.people, name="people"),
    path("xuat/", people.people_export, name="people_export"),
    path("<int:pk>/", page.person, name="person"),
    path("<int:pk>/so-day-du/", page.person_in_full, name="person_in_full"),
    path("noi-nhan-tien/", routes.routes, name="routes"),
    path("noi-nhan-tien/so-day-du/", routes.routes_in_full, name="routes_in_full"),
    path("noi-nhan-tien/xac-nhan/", routes.confirm, name="routes_confirm"),
    path("noi-nhan-tien/tu-choi/", routes.reject, name="routes_reject"),
    path("nap-danh-sach/", include("beneficiaries.imports.urls")),
]
