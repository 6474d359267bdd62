from django.urls import path

from beneficiaries.changes.views import alive, decisions, lists, moves, pauses, proposing

urlpatterns = [
    path("quyet-dinh/", decisions.decisions, name="decisions"),
    path("bien-dong/", lists.changes, name="changes"),
    path("bien-dong/tham-dinh/", lists.appraise, name="changes_appraise"),
    path("bien-dong/ky/", lists.sign_off, name="changes_sign_off"),
    path("bien-dong/tra-lai/", lists.reject, name="changes_reject"),
    path("bien-dong/quyet-dinh/", lists.decide, name="changes_decide"),
    path("bien-dong/<int:pk>/", lists.change, name="change"),
    path("bien-dong/<int:pk>/rut/", proposing.withdraw, name="change_withdraw"),
    path("bien-dong/<int:pk>/y-kien/", moves.object_to_move, name="change_object"),
    path("<int:pk>/de-nghi-huong/", proposing.start, name="change_start"),
    path("<int:pk>/thoi-huong/", proposing.stop, name="change_stop"),
    path("<int:pk>/con-song/", alive.alive, name="change_alive"),
    path("<int:pk>/tam-dung/", pauses.suspend, name="change_suspend"),
    path("<int:pk>/huong-tiep/", pauses.resume, name="change_resume"),
    path("che-do/<int:pk>/dieu-chinh/", proposing.adjust, name="change_adjust"),
    path("che-do/<int:pk>/dinh-chinh/", proposing.correct, name="change_correct"),
    path("chuyen-xa/", moves.move_request, name="move_request"),
]
