from django.urls import include, path

from payments.effects import urls as effects
from payments.views import batches, closing, handover, ledger, lists, matches, pay_points, remarks, results

app_name = "payments"
urlpatterns = [
    path("", lists.show_board, name="board"),
    path("chuyen-buoc/", lists.move_lists, name="move_lists"),
    path("mo-thang/<str:month>/", lists.open_next_month, name="open_month"),
    path("<int:pk>/", lists.show_list, name="list"),
    path("<int:pk>/chuyen-buoc/", lists.move_list, name="move_list"),
    path("<int:pk>/tai-ve/", lists.download_list, name="download_list"),
    path("<int:pk>/in/", lists.print_list, name="print_list"),
    # a list against the register and the month before
    path("<int:pk>/so-tang-giam/", ledger.show_ledger, name="ledger"),
    path("<int:pk>/tang-giam/", ledger.show_differences, name="differences"),
    path("<int:pk>/tang-giam/tai-ve/", ledger.export_differences, name="differences_export"),
    path("<int:pk>/lap-lai/", ledger.remake_list, name="remake_list"),
    path("khoan/<int:pk>/rut-cham-linh/", ledger.cancel_carried, name="cancel_carry_over"),
    # what must be mended in a list
    path("khoan/<int:pk>/y-kien/", remarks.add, name="remark_add"),
    path("y-kien/<int:pk>/tra-loi/", remarks.answer, name="remark_answer"),
    path("y-kien/<int:pk>/bo/", remarks.withdraw, name="remark_withdraw"),
    path("khoan/<int:pk>/", results.record, name="record_result"),
    path("nguoi/<int:person_id>/", results.person_year, name="person_year"),
    path("ket-qua/", batches.index, name="batches"),
    path("ket-qua/mau/", batches.template, name="template"),
    path("ket-qua/cho-chon/", matches.index, name="matches"),
    path("ket-qua/cho-chon/<int:pk>/", matches.choose, name="match"),
    path("ket-qua/<int:pk>/", batches.show, name="batch"),
    path("ket-qua/<int:pk>/ghi-nhan/", batches.confirm, name="confirm_batch"),
    path("ket-qua/<int:pk>/kiem-tra-lai/", batches.recheck, name="recheck_batch"),
    path("ket-qua/<int:pk>/bo/", batches.withdraw, name="withdraw_batch"),
    path("ket-qua/<int:pk>/danh-dau/", batches.marked, name="marked_batch"),
    # closing
    path("khoa-so/", closing.index, name="closings"),
    path("khoa-so/<str:month>/", closing.show, name="closing"),
    path("khoa-so/<str:month>/<str:policy>/<str:part>/", closing.names, name="closing_names"),
    path("nop-tra-ngan-sach/", closing.budget_returns, name="budget_returns"),
    path("nop-tra-ngan-sach/tai-ve/", closing.budget_returns_export, name="budget_returns_export"),
    # hand-overs
    path("giao/", handover.index, name="hand_overs"),
    path("giao/<int:pk>/", handover.show, name="hand_over"),
    path("giao/<int:pk>/tai-ve/", handover.download, name="download_hand_over"),
    path("giao/<int:pk>/lap-lai/", handover.rebuild, name="rebuild_hand_over"),
    path("giao/mau-tep/", handover.layout_index, name="layouts"),
    path("giao/mau-tep/<int:pk>/", handover.layout, name="layout"),
    path("diem-chi-tra/", pay_points.index, name="pay_points"),
    path("diem-chi-tra/them/<str:code>/", pay_points.add, name="pay_point_add"),
    path("diem-chi-tra/<int:pk>/", pay_points.edit, name="pay_point"),
    path("diem-chi-tra/<int:pk>/xoa/", pay_points.delete, name="pay_point_delete"),
    # review
    path("", include("payments.review.urls")),
    # effects of changes: stop orders, receivables, grants
    *effects.urlpatterns,
]
