from django.urls import path

from beneficiaries.identity import views

urlpatterns = [
    path("", views.worklist, name="identity"),
    path("kiem-tra-toan-bo/", views.check_all, name="identity_check"),
    path("<int:pk>/", views.issue, name="identity_issue"),
    path("<int:pk>/so-day-du/", views.issue_in_full, name="identity_issue_in_full"),
    path("<int:pk>/nhan-viec/", views.take, name="identity_take"),
    path("<int:pk>/tra-viec/", views.give_back, name="identity_give_back"),
    path("<int:pk>/giu-nguyen/", views.accept, name="identity_accept"),
    path("<int:pk>/kiem-tra-lai/", views.recheck, name="identity_recheck"),
]
