import datetime

from django.urls import path, register_converter

from batosocial.lib import months
from reporting import views


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
    path("", views.dashboard, name="dashboard"),
    path("<month:month>/tong-hop/", views.recompute, name="recompute"),
    path("<month:month>/phu-luc.xlsx", views.appendix, name="appendix"),
    path("<month:month>/<str:policy>/<str:place>/<str:measure>/", views.people, name="people"),
]
