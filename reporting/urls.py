import datetime

from django.urls import path, register_converter

from batosocial.lib import months
from reporting import trend_page, views
from reporting.dashboard import views as dashboards
from reporting.letter import template_views as letter_templates
from reporting.letter import views as letters
from reporting.notices import views as notices


class MonthConverter:
    """A month in an address: "2024-07". What is no month is no page."""

    regex = r"[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> datetime.date:
        return months.parse(value)

    def to_url(self, value: datetime.date | str) -> str:
        return months.iso(value) if isinstance(value, datetime.date) else value


register_converter(MonthConverter, "month")

app_name = "reporting"
urlpatterns = [
    # dashboards
    path("", dashboards.show, name="dashboard"),
    path("tong-quan/", dashboards.headlines, name="headlines"),
    path("<month:month>/cac-xa/<str:policy>/", dashboards.communes, name="communes"),
    path("<month:month>/chi-tra/<str:policy>/<str:payer>/<str:part>/", dashboards.payments, name="payments"),
    # units that change
    path("dien-bien/", trend_page.show, name="trend"),
    path("<month:month>/tong-hop/", views.recompute, name="recompute"),
    path("<month:month>/tinh-lai/", views.recompute_closed, name="recompute_closed"),
    path("<month:month>/phu-luc.xlsx", views.appendix, name="appendix"),
    # notices
    path("<month:month>/thong-bao/", notices.notices, name="notices"),
    path("<month:month>/thong-bao/tat-ca/", notices.pack, name="notices_pack"),
    path("<month:month>/thong-bao/<str:place>.docx", notices.notice, name="notice"),
    path("<month:month>/<str:policy>/<str:place>/<str:measure>/", views.people, name="people"),
    # letter
    path("cong-van/", letters.index, name="letters"),
    path("cong-van/mau/", letter_templates.index, name="letter_templates"),
    path("cong-van/mau/dang-dung.docx", letter_templates.current_file, name="letter_template_current"),
    path("cong-van/mau/dung-lai/", letter_templates.restore, name="letter_template_restore"),
    path("cong-van/mau/<int:pk>.docx", letter_templates.file, name="letter_template"),
    path("cong-van/ban/<int:pk>.docx", letters.made, name="letter_made"),
    path("cong-van/da-ky/<int:pk>/", letters.signed, name="signed_letter"),
    path("cong-van/da-ky/<int:pk>/rut/", letters.withdraw_signed, name="signed_letter_withdraw"),
    path("cong-van/<month:month>/", letters.letter, name="letter"),
    path("cong-van/<month:month>.docx", letters.docx, name="letter_docx"),
    path("cong-van/<month:month>/da-ky/", letters.add_signed, name="signed_letter_add"),
]
