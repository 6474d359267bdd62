"""A form that arrives twice makes one record."""

import datetime
import threading
import uuid

import pytest
from django import forms
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.models import Submission
from batosocial.web.tasks import forget_submissions
from tests import factories as make


def send(user: User, token: uuid.UUID, url: str) -> str:
    """As a view does it: the page that the form led to."""
    with transaction.atomic():
        done = once.claim(user, token)
        if done:
            return done
        once.finish(token, url)
        return url


@pytest.mark.django_db
def test_the_second_one_lands_where_the_first_did():
    user, token = make.user(), uuid.uuid4()
    assert send(user, token, "/doi-tuong/1/") == "/doi-tuong/1/"
    assert send(user, token, "/doi-tuong/2/") == "/doi-tuong/1/"
    assert Submission.objects.get(pk=token).user == user


@pytest.mark.django_db
def test_one_that_failed_can_be_sent_again():
    user, token = make.user(), uuid.uuid4()
    with pytest.raises(ValueError), transaction.atomic():
        assert once.claim(user, token) is None
        raise ValueError
    assert send(user, token, "/doi-tuong/2/") == "/doi-tuong/2/"


@pytest.mark.django_db
def test_a_claim_that_was_never_finished_is_taken_over():
    user, token = make.user(), uuid.uuid4()
    with transaction.atomic():
        once.claim(user, token)
    assert send(user, token, "/doi-tuong/2/") == "/doi-tuong/2/"


@pytest.mark.django_db
def test_a_token_belongs_to_its_user():
    token = uuid.uuid4()
    send(make.user(), token, "/doi-tuong/1/")
    with pytest.raises(PermissionDenied):
        send(make.user(), token, "/doi-tuong/2/")


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_do_the_work_once():
    user, token, start = make.user(), uuid.uuid4(), threading.Barrier(4)
    landed: list[str] = []

    def work(number: int) -> None:
        start.wait()
        try:
            landed.append(send(user, token, f"/doi-tuong/{number}/"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(landed) == 4
    assert len(set(landed)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_needs_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        once.claim(make.user(), uuid.uuid4())


@pytest.mark.django_db
def test_the_browser_asks_whether_its_form_arrived(client: Client):
    user, token = make.user(), uuid.uuid4()
    client.force_login(user)
    url = reverse("web:submission", args=[token])
    assert client.get(url).json() == {"url": ""}
    send(user, token, "/doi-tuong/1/")
    assert client.get(url).json() == {"url": "/doi-tuong/1/"}
    client.force_login(make.user())
    assert client.get(url).json() == {"url": ""}


@pytest.mark.django_db
def test_old_ones_are_forgotten():
    user, old, new = make.user(), uuid.uuid4(), uuid.uuid4()
    send(user, old, "/1/")
    send(user, new, "/2/")
    Submission.objects.filter(pk=old).update(at=timezone.now() - once.KEPT - datetime.timedelta(minutes=1))
    forget_submissions()
    assert set(Submission.objects.filter(user=user).values_list("pk", flat=True)) == {new}


class Sample(forms.Form):
    name = forms.CharField()
    token = once.TokenField()


def test_every_new_form_has_its_own_token_and_an_invalid_one_keeps_it():
    assert Sample()["token"].value() != Sample()["token"].value()
    token = str(uuid.uuid4())
    sent = Sample({"name": "", "token": token})
    assert not sent.is_valid()
    assert f'value="{token}"' in str(sent["token"])


def test_a_form_without_its_token_says_what_to_do():
    assert Sample({"name": "a", "token": "x"}).errors == {"token": ["Trang này thiếu mã gửi. Hãy tải lại trang."]}
