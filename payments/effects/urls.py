"""Addresses of stop orders, receivables and grants; they stand among those of payments."""

from django.urls import path

from payments.effects.views import grants, person, receivables, stops

urlpatterns = [
    path("truy-thu/dung-chi/", stops.index, name="stop_orders"),
    path("truy-thu/dung-chi/<int:pk>/rut/", stops.lift, name="stop_order_lift"),
    path("truy-thu/dung-chi/<int:pk>/tra-loi/", stops.answer, name="stop_order_answer"),
    path("truy-thu/", receivables.index, name="receivables"),
    path("truy-thu/in/", receivables.print_list, name="receivables_print"),
    path("truy-thu/tai-ve/", receivables.download, name="receivables_download"),
    path("truy-thu/quyet-dinh/", receivables.decide, name="receivables_decide"),
    path("truy-thu/<int:pk>/", receivables.show, name="receivable"),
    path("truy-thu/<int:pk>/thu-hoi/", receivables.receive, name="receivable_receive"),
    path("truy-thu/<int:pk>/khong-thu/", receivables.waive, name="receivable_waive"),
    path("truy-thu/<int:pk>/sua-so/", receivables.reduce, name="receivable_reduce"),
    path("truy-thu/chung-tu/<int:pk>/", receivables.receipt, name="receipt"),
    path("mai-tang/", grants.index, name="grants"),
    path("mai-tang/<int:pk>/", grants.show, name="grant"),
    path("mai-tang/<int:pk>/de-nghi/", grants.propose, name="grant_propose"),
    path("mai-tang/<int:pk>/tham-dinh/", grants.appraise, name="grant_appraise"),
    path("mai-tang/<int:pk>/tra-lai/", grants.give_back, name="grant_return"),
    path("mai-tang/<int:pk>/quyet-dinh/", grants.decide, name="grant_decide"),
    path("mai-tang/<int:pk>/khong-huong/", grants.decline, name="grant_decline"),
    path("mai-tang/<int:pk>/mo-lai/", grants.reopen, name="grant_reopen"),
    path("he-qua/<int:person_id>/", person.effects, name="person_effects"),
]
