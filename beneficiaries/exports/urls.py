from django.urls import path

from beneficiaries.exports.people import PeopleExport
from beneficiaries.exports.routes import WaitingRoutesExport
from beneficiaries.exports.views import export_view

urlpatterns = [
    path("xuat/", export_view(PeopleExport.name), name="people_export"),
    path("noi-nhan-tien/xuat/", export_view(WaitingRoutesExport.name), name="routes_export"),
]
