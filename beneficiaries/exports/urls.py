from django.urls import path

from beneficiaries.exports.changes import ChangesExport
from beneficiaries.exports.identity import IssuesExport
from beneficiaries.exports.papers import PapersExport
from beneficiaries.exports.people import PeopleExport
from beneficiaries.exports.routes import WaitingRoutesExport
from beneficiaries.exports.views import export_view

urlpatterns = [
    path("xuat/", export_view(PeopleExport.name), name="people_export"),
    path("noi-nhan-tien/xuat/", export_view(WaitingRoutesExport.name), name="routes_export"),
    path("bien-dong/xuat/", export_view(ChangesExport.name), name="changes_export"),
    path("xac-minh/xuat/", export_view(IssuesExport.name), name="identity_export"),
    path("giay-to/xuat/", export_view(PapersExport.name), name="papers_export"),
]
