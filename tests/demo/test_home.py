"""The home page of each role in the demo month: the right tasks, each once, each opening what it counts."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from batosocial.staff.models import User
from batosocial.web import todo
from batosocial.web.todo import Todo

pytestmark = pytest.mark.django_db

#: Of each sign-in the tasks of 22/07/2024, the most urgent first.
EXPECTED = {
    "cb21496": {
        "giấy tờ người nhận đã hết hạn": 10,
        "rà soát tháng 8/2024 chưa bắt đầu": 1,
        "vướng mắc Phòng hỏi lại": 1,
        "việc xác minh nhân thân của xã": 10,
        "việc được giao theo văn bản": 4,
    },
    "cb21538": {
        "giấy tờ người nhận đã hết hạn": 1,
        "việc được giao đã quá hạn": 1,
        "rà soát tháng 8/2024 chưa bắt đầu": 1,
        "việc xác minh nhân thân của xã": 7,
        "việc được giao theo văn bản": 5,
        "buổi truyền thông cần tổ chức trong tháng 7/2024": 1,
    },
    "ld21496": {"vướng mắc Phòng hỏi lại": 1, "việc được giao theo văn bản": 4},
    "ld21538": {
        "việc được giao đã quá hạn": 1,
        "việc được giao theo văn bản": 5,
        "buổi truyền thông cần tổ chức trong tháng 7/2024": 1,
    },
    "phong": {
        "trường hợp có thể một người được chi hai lần": 1,
        "vướng mắc quá hạn trả lời": 1,
        "việc được giao quá hạn": 17,
        "tháng cần mở danh sách chi trả": 1,
        "vướng mắc chờ Phòng trả lời": 2,
        "báo cáo hoàn thành chờ xác nhận": 3,
        "việc xác minh nhân thân của Phòng": 133,
        "giấy tờ người nhận đã hết, sắp hết hạn": 67,
    },
    "truongphong": {
        "vướng mắc quá hạn trả lời": 1,
        "việc được giao quá hạn": 17,
        "xã, thị trấn chưa chi qua tài khoản (NCC)": 4,
        "xã, thị trấn chưa chi qua tài khoản (BTXH)": 4,
        "vướng mắc chờ Phòng trả lời": 2,
        "báo cáo hoàn thành chờ xác nhận": 3,
    },
    "chutich": {
        "việc được giao quá hạn": 17,
        "xã, thị trấn chưa chi qua tài khoản (NCC)": 4,
        "xã, thị trấn chưa chi qua tài khoản (BTXH)": 4,
    },
    "congan": {
        "người chờ xác minh": 318,
        "người cần vận động làm CCCD": 1,
        "việc được giao theo văn bản": 5,
    },
    "ca21538": {"người chờ xác minh": 10, "người cần vận động làm CCCD": 1},
    "buudien": {},
    "agribank": {},
    "quantri": {},
}


def tasks(username: str) -> list[Todo]:
    return todo.for_user(User.objects.get(username=username))


@pytest.mark.parametrize("username", EXPECTED)
def test_each_role_has_the_right_tasks(username: str) -> None:
    assert [(one.label, one.count) for one in tasks(username)] == list(EXPECTED[username].items())


@pytest.mark.parametrize("username", EXPECTED)
def test_no_task_is_named_twice(username: str) -> None:
    named = [(one.label, one.hint) for one in tasks(username)]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("username", EXPECTED)
def test_every_task_opens_what_it_counts(username: str, client: Client) -> None:
    client.force_login(User.objects.get(username=username))
    for one in tasks(username):
        answer: Any = client.get(one.url, follow=True)
        assert answer.status_code == 200, one.url
        assert shown(answer, one) == one.count, (one.label, one.url)


def shown(answer: Any, one: Todo) -> int:
    """How many rows the opened page has; 1 for a page that is one piece of work."""
    if "chưa bắt đầu" in one.label:
        # The review is made, and filled, by being opened.
        return 1
    if "#" in one.url:
        # A dashboard: the communes that have not begun stand first of their policy.
        section = unescape(answer.text).split(f'id="{one.url.partition("#")[2]}"')[1]
        found = re.search(r"(\d+) xã, thị trấn</span>", section)
        return int(found[1]) if found else 0
    try:
        return int(answer.context["page"].paginator.count)
    except KeyError:
        return 1


def test_who_has_nothing_to_do_is_told_so(client: Client) -> None:
    client.force_login(User.objects.get(username="quantri"))
    assert "Không còn việc nào chờ anh/chị" in client.get("/").text
