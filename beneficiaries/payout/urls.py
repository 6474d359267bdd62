from django.urls import path

from beneficiaries.payout.views import confirmation, corrections, entry

urlpatterns = [
    path("<int:pk>/noi-nhan-moi/", entry.route_add, name="route_add"),
    path("<int:pk>/nguoi-nhan/<int:payee_pk>/", corrections.payee_edit, name="payee_edit"),
    path("<int:pk>/tai-khoan/<int:account_pk>/", corrections.account_correct, name="account_correct"),
    path("noi-nhan-tien/", confirmation.routes, name="routes"),
    path("noi-nhan-tien/so-day-du/", confirmation.routes_in_full, name="routes_in_full"),
    path("noi-nhan-tien/xac-nhan/", confirmation.confirm, name="routes_confirm"),
    path("noi-nhan-tien/tu-choi/", confirmation.reject, name="routes_reject"),
    path("noi-nhan-tien/<int:pk>/rut/", entry.route_withdraw, name="route_withdraw"),
    path("noi-nhan-tien/<int:pk>/huy/", entry.route_cancel, name="route_cancel"),
    path("giay-to/", corrections.papers_list, name="papers"),
]
