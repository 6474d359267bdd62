from django.urls import path

from beneficiaries.imports import views

urlpatterns = [
    path("", views.imports, name="imports"),
    path("moi/", views.upload, name="import_upload"),
    path("mau/", views.template, name="import_template"),
    path("<int:pk>/", views.detail, name="import_detail"),
    path("<int:pk>/cach-doc/", views.reading, name="import_reading"),
    path("<int:pk>/danh-dau/", views.marked, name="import_marked"),
    path("<int:pk>/kiem-tra-lai/", views.check_again, name="import_check"),
    path("<int:pk>/gui/", views.send, name="import_send"),
    path("<int:pk>/bo/", views.withdraw, name="import_withdraw"),
    path("<int:pk>/nhan/", views.accept, name="import_accept"),
    path("<int:pk>/nhap/", views.enter, name="import_enter"),
    path("<int:pk>/tra-lai/", views.refuse, name="import_refuse"),
]
