from django.urls import path

from beneficiaries.documents import views

urlpatterns = [
    path("van-ban/de-nghi/", views.proposal, name="document_proposal"),
    path("van-ban/quyet-dinh/", views.decisions, name="document_decisions"),
    path("bien-dong/<int:pk>/van-ban/", views.decision_of, name="change_document"),
]
