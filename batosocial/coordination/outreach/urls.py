from django.urls import path

from batosocial.coordination.outreach import views

urlpatterns = [
    path("truyen-thong/", views.index, name="outreach"),
    path("truyen-thong/them/", views.add, name="outreach_add"),
    path("truyen-thong/<int:pk>/", views.show, name="outreach_session"),
    path("truyen-thong/<int:pk>/sua/", views.edit, name="outreach_edit"),
    path("truyen-thong/<int:pk>/huy/", views.cancel, name="outreach_cancel"),
    path("truyen-thong/bao-cao/", views.report, name="outreach_report"),
    path("truyen-thong/bao-cao/tai-ve/", views.download, name="outreach_report_download"),
]
