from django.urls import path

from batosocial.mergers import views

app_name = "territory"
urlpatterns = [
    path("", views.units, name="units"),
    path("sap-nhap/", views.merge, name="merge"),
    path("sap-nhap/mau.csv", views.merge_sample, name="merge_sample"),
    path("sap-nhap/<int:pk>/", views.merge_preview, name="merge_preview"),
    path("dot/<int:pk>/", views.merger, name="merger"),
    path("dot/<int:pk>/huy/", views.merger_cancel, name="merger_cancel"),
    path("dot/<int:pk>/thuc-hien/", views.merger_apply, name="merger_apply"),
]
