from django.urls import path

from batosocial.coordination.directives import views, writing_views

urlpatterns = [
    path("van-ban/", views.directives, name="directives"),
    path("van-ban/them/", writing_views.add, name="directive_add"),
    path("van-ban/chua-bat-dau/", views.panel, name="directives_panel"),
    path("van-ban/<int:pk>/", views.directive, name="directive"),
    path("van-ban/<int:pk>/sua/", writing_views.edit, name="directive_edit"),
    path("van-ban/<int:pk>/giao-viec/", writing_views.issue, name="directive_issue"),
    path("van-ban/<int:pk>/ket-thuc/", writing_views.close, name="directive_close"),
    path("van-ban/<int:pk>/xoa/", writing_views.discard, name="directive_discard"),
    path("van-ban/<int:pk>/ban-quet/", views.file, name="directive_file"),
    path("van-ban/<int:pk>/theo-doi.xlsx", views.workbook, name="directive_workbook"),
    path("van-ban/<int:pk>/don-doc.docx", views.reminder, name="directive_reminder"),
    path("van-ban/viec/<int:pk>/han/", writing_views.task_deadline, name="directive_task_deadline"),
    path("van-ban/viec/<int:pk>/huy/", writing_views.task_cancel, name="directive_task_cancel"),
    path("viec/", views.assignments, name="assignments"),
    path("viec/xac-nhan/", views.confirm, name="assignments_confirm"),
    path("viec/don-doc/", views.remind, name="assignments_remind"),
    path("viec/tep/<int:pk>/", views.step_file, name="assignment_file"),
    path("viec/<int:pk>/", views.assignment, name="assignment"),
    path("viec/<int:pk>/bao-cao/", views.report, name="assignment_report"),
    path("viec/<int:pk>/tra-lai/", views.give_back, name="assignment_return"),
]
