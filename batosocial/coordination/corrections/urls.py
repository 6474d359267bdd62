from django.urls import path

from batosocial.coordination.corrections import views

urlpatterns = [
    path("", views.index, name="corrections"),
    path("<int:pk>/", views.show, name="correction"),
    path("<int:pk>/so-day-du/", views.in_full, name="correction_in_full"),
    path("<int:pk>/mau-26/", views.document, name="correction_request"),
    path("<int:pk>/buoc/<slug:what>/", views.step, name="correction_step"),
    path("<int:pk>/lay-gia-tri-dung/", views.take, name="correction_take"),
]
