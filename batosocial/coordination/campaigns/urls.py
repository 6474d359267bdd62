from django.urls import path

from batosocial.coordination.campaigns.views import conflicts, files, pages, people, ready

urlpatterns = [
    path("", pages.index, name="campaigns"),
    path("moi/", pages.add, name="campaign_add"),
    path("<int:pk>/", pages.show, name="campaign"),
    path("<int:pk>/sua/", pages.edit, name="campaign_edit"),
    path("<int:pk>/xac-nhan/", pages.confirm, name="campaign_confirm"),
    path("<int:pk>/ket-thuc/", pages.close, name="campaign_close"),
    path("<int:pk>/bo/", pages.cancel, name="campaign_cancel"),
    path("<int:pk>/in/", pages.print_page, name="campaign_print"),
    path("<int:pk>/tien-do.xlsx", pages.export, name="campaign_export"),
    path("<int:pk>/san-sang/", ready.ready, name="campaign_ready"),
    path("<int:pk>/nguoi/", people.people, name="campaign_people"),
    path("<int:pk>/nguoi/rut/", ready.withdraw, name="campaign_withdraw"),
    path("<int:pk>/nguoi/khong-mo-duoc/", people.fail, name="campaign_fail"),
    path("<int:pk>/nguoi/mo-lai/", people.retry, name="campaign_retry"),
    path("<int:pk>/nhan-danh-sach/", people.take, name="campaign_take"),
    path("nguoi/<int:pk>/sua/", ready.change, name="campaign_person"),
    path("<int:pk>/xung-dot/", conflicts.conflicts, name="campaign_conflicts"),
    path("<int:pk>/xung-dot/xu-ly/", conflicts.settle, name="campaign_settle"),
    path("<int:pk>/nap-tep/", files.add, name="campaign_file_add"),
    path("tep/<int:pk>/", files.show, name="campaign_file"),
    path("tep/<int:pk>/cach-doc/", files.reading, name="campaign_file_reading"),
    path("tep/<int:pk>/danh-dau/", files.marked, name="campaign_file_marked"),
    path("tep/<int:pk>/kiem-tra-lai/", files.check_again, name="campaign_file_check"),
    path("tep/<int:pk>/nhap/", files.enter, name="campaign_file_enter"),
    path("tep/<int:pk>/bo/", files.withdraw, name="campaign_file_withdraw"),
]
