from django.urls import path

from batosocial.coordination.notifications import views

urlpatterns = [
    path("thong-bao/", views.notifications, name="notifications"),
    path("thong-bao/chuong/", views.bell, name="notification_bell"),
    path("thong-bao/da-biet/", views.acknowledge, name="notifications_acknowledge"),
    path("thong-bao/<int:pk>/", views.notification, name="notification"),
]
