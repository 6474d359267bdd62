from django.urls import path

from beneficiaries.payout.views import confirmation

urlpatterns = [
    path("noi-nhan-tien/", confirmation.routes, name="routes"),
    path("noi-nhan-tien/so-day-du/", confirmation.routes_in_full, name="routes_in_full"),
    path("noi-nhan-tien/xac-nhan/", confirmation.confirm, name="routes_confirm"),
    path("noi-nhan-tien/tu-choi/", confirmation.reject, name="routes_reject"),
]
