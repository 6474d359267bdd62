from django.urls import path

from batosocial.coordination.rounds.files import views

urlpatterns = [
    path("dot-xac-minh/<int:pk>/tep/", views.workbook, name="round_workbook"),
    path("tep-tra-loi/", views.answer_files, name="answer_files"),
    path("tep-tra-loi/moi/", views.bring, name="answer_file_add"),
    path("tep-tra-loi/<int:pk>/", views.answer_file, name="answer_file"),
    path("tep-tra-loi/<int:pk>/danh-dau/", views.marked, name="answer_file_marked"),
    path("tep-tra-loi/<int:pk>/tep-goc/", views.original, name="answer_file_original"),
    path("tep-tra-loi/<int:pk>/ghi/", views.accept, name="answer_file_accept"),
    path("tep-tra-loi/<int:pk>/kiem-tra-lai/", views.check_again, name="answer_file_check"),
    path("tep-tra-loi/<int:pk>/bo/", views.withdraw, name="answer_file_withdraw"),
]
