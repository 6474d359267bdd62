from django.urls import path

from batosocial.coordination.follow_ups import views

urlpatterns = [
    path("", views.index, name="follow_ups"),
    path("<int:pk>/", views.show, name="follow_up"),
    path("<int:pk>/kiem-tra-lai/", views.recheck, name="follow_up_recheck"),
]
