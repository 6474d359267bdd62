"""Monthly reviews: lines that the Phòng gave back."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.coordination.notifications.addressees import Addressees
from batosocial.coordination.notifications.sources import Notice, register
from batosocial.lib import months
from payments.models import Review, ReviewLine
from payments.review.lines import returned

State = ReviewLine.State


@register("review-returned")
def returned_lines() -> Iterator[Notice]:
    """To the commune's officers and leaders, one notice for a review, until every line is sent again or left out."""
    mended = Q(state=State.OPEN) & ~Q(return_reason="")
    rows = list(
        ReviewLine.objects.filter(returned() | mended, review__state=Review.State.SENT)
        .order_by()
        .values("review", "review__month", "review__commune")
        .annotate(count=Count("pk"))
        .order_by("review")
    )
    people = Addressees() if rows else None
    for row in rows:
        assert people is not None  # noqa: S101
        for owner in people.of_commune(row["review__commune"]):
            yield Notice(
                owner_id=owner,
                key=str(row["review"]),
                title=f"Phòng trả lại {row['count']} dòng rà soát {months.title(row['review__month'])}",
                detail="Xem lý do ở từng dòng, sửa rồi gửi lại.",
                url=reverse("payments:review", args=[row["review"]]),
            )
