"""What the police and the Phòng are told about open rounds."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.notifications.sources import AHEAD, Notice, register
from batosocial.coordination.rounds.forms import WAITING
from batosocial.lib import clock
from batosocial.staff.models import Role, User


@register("rounds")
def open_rounds() -> Iterator[Notice]:
    """Each user of the police with people who wait, and near the deadline whoever opened the round, too."""
    waiting: dict[int, Counter[int]] = defaultdict(Counter)
    rows = RoundPerson.objects.waiting().order_by()
    places = rows.values_list("round", "person__commune", "person__commune__parent").annotate(people=Count("pk"))
    for round_id, commune, upper, people in places:
        waiting[round_id][commune] += people
        waiting[round_id][upper] += people
    police = list(User.objects.filter(role=Role.POLICE, is_active=True).order_by("pk"))
    for one in IdentityRound.objects.filter(pk__in=list(waiting)):
        url = f"{reverse('coordination:round', args=[one.pk])}?tra_loi={WAITING}"
        near = one.until - clock.today() <= AHEAD
        told = [(user.pk, waiting[one.pk][user.unit_id or 0]) for user in police]
        for user_id, people in told:
            if people:
                detail = f"{people} người chờ xác minh, hạn {one.until:%d/%m/%Y}"
                yield Notice(user_id, f"opened-{one.pk}", f"Đợt xác minh: {one.name}", url, detail)
                if near:
                    title = f"Sắp hết hạn trả lời: {one.name}"
                    if one.until < clock.today():
                        title = f"Đã quá hạn trả lời: {one.name}"
                    yield Notice(user_id, f"deadline-{one.pk}-{one.until}", title, url, detail, due=one.until)
        if near:
            people = waiting[one.pk][one.upper_id]
            title = f"Đợt xác minh {'đã quá hạn' if one.until < clock.today() else 'sắp hết hạn'}: {one.name}"
            detail = f"Còn {people} người chưa có trả lời"
            yield Notice(one.opened_by_id, f"deadline-{one.pk}-{one.until}", title, url, detail, due=one.until)
