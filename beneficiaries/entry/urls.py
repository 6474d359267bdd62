from django.urls import path

from beneficiaries.entry import views

urlpatterns = [
    path("them/", views.start, name="person_add"),
    path("them/nhap/", views.add, name="person_add_form"),
    path("<int:pk>/sua/", views.edit, name="person_edit"),
    path("<int:pk>/quet-the/", views.compare, name="person_compare"),
]
