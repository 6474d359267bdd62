from django.urls import path

from batosocial.coordination.deaths import views

urlpatterns = [
    path("", views.index, name="deaths"),
    path("<int:person_id>/", views.show, name="death"),
]
