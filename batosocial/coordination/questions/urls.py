from django.urls import path

from batosocial.coordination.questions.views import answers, questions

urlpatterns = [
    path("vuong-mac/", questions.index, name="questions"),
    path("vuong-mac/hoi/", questions.ask, name="question_ask"),
    path("vuong-mac/<int:pk>/", questions.show, name="question"),
    path("vuong-mac/<int:pk>/tra-loi/", questions.answer, name="question_answer"),
    path("vuong-mac/<int:pk>/hoi-tiep/", questions.go_on, name="question_go_on"),
    path("vuong-mac/<int:pk>/xong/", questions.finish, name="question_finish"),
    path("vuong-mac/<int:pk>/in/", questions.print_question, name="question_print"),
    path("vuong-mac/tep/<int:pk>/", questions.file, name="question_file"),
    path("vuong-mac/nguoi/<int:person_id>/", questions.of_person, name="questions_of_person"),
    path("vuong-mac/danh-sach/<int:list_id>/", questions.of_list, name="questions_of_list"),
    # answers for all
    path("giai-dap/", answers.index, name="general_answers"),
    path("giai-dap/them/", answers.add, name="general_answer_add"),
    path("giai-dap/<int:pk>/", answers.show, name="general_answer"),
    path("giai-dap/<int:pk>/sua/", answers.edit, name="general_answer_edit"),
    path("giai-dap/<int:pk>/rut/", answers.withdraw, name="general_answer_withdraw"),
]
