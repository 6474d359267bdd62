from django.urls import path

from batosocial.web import views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("da-gui/<uuid:token>/", views.submission, name="submission"),
    path("suc-khoe/", views.health, name="health"),
]
