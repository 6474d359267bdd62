from django.urls import path

from batosocial.coordination.rounds.report import views

urlpatterns = [
    path("dot-xac-minh/<int:pk>/bao-cao/", views.report, name="round_report"),
    path("dot-xac-minh/<int:pk>/bao-cao/xlsx/", views.workbook, name="round_report_xlsx"),
    path("dot-xac-minh/<int:pk>/bao-cao/docx/", views.document, name="round_report_docx"),
]
