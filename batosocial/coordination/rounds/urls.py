from django.urls import path

from batosocial.coordination.rounds import views

urlpatterns = [
    path("dot-xac-minh/", views.rounds, name="rounds"),
    path("dot-xac-minh/mo/", views.open_round, name="round_open"),
    path("dot-xac-minh/<int:pk>/", views.round_, name="round"),
    path("dot-xac-minh/<int:pk>/khop/", views.match, name="round_match"),
    path("dot-xac-minh/<int:pk>/nguoi/<int:row_pk>/", views.round_person, name="round_person"),
    path("dot-xac-minh/<int:pk>/them/", views.add_people, name="round_add"),
    path("dot-xac-minh/<int:pk>/gia-han/", views.extend, name="round_extend"),
    path("dot-xac-minh/<int:pk>/ket-thuc/", views.close, name="round_close"),
]
