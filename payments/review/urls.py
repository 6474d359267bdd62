from django.urls import path

from payments.review.views import board, line, review

urlpatterns = [
    path("ra-soat/", board.index, name="reviews"),
    path("ra-soat/lap-goi-y/", board.prefill, name="reviews_prefill"),
    path("ra-soat/ky-tham-dinh/", board.sign_off, name="reviews_sign_off"),
    path("ra-soat/<int:pk>/", review.show, name="review"),
    path("ra-soat/<int:pk>/lap-goi-y/", review.prefill, name="review_prefill"),
    path("ra-soat/<int:pk>/giu-nguyen/", review.keep, name="review_keep"),
    path("ra-soat/<int:pk>/them/", review.add, name="review_add"),
    path("ra-soat/<int:pk>/gui/", review.send, name="review_send"),
    path("ra-soat/<int:pk>/tham-dinh/", review.appraise, name="review_appraise"),
    path("ra-soat/<int:pk>/tra-lai/", review.give_back, name="review_return"),
    path("ra-soat/dong/<int:pk>/", line.show, name="review_line"),
    path("ra-soat/dong/<int:pk>/bo/", line.remove, name="review_line_remove"),
    path("ra-soat/dong/<int:pk>/lay-lai/", line.restore, name="review_line_restore"),
    path("ra-soat/dong/<int:pk>/minh-chung/<int:attachment_pk>/bo/", line.detach, name="review_line_detach"),
]
