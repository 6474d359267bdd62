from django.urls import path

from beneficiaries.attachments import views

urlpatterns = [path("minh-chung/<int:pk>/", views.attachment, name="attachment")]
