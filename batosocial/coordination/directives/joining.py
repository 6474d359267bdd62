"""Where the directives show up elsewhere: navigation, to-dos, notices, panels, the measures."""

from batosocial.coordination.directives import (
    measures,
    tasks,  # noqa: F401 (registers the task)
    todos,
)
from batosocial.coordination.models.directives import READERS
from batosocial.coordination.notifications import sources
from batosocial.staff.models import DISTRICT_ROLES
from batosocial.web import panels, todo
from batosocial.web.navigation import NavItem, register


def join() -> None:
    measures.register_all()
    register(NavItem("Văn bản chỉ đạo", "coordination:directives", "send", READERS, 650, "Phối hợp"))
    register(NavItem("Việc được giao", "coordination:assignments", "target", READERS, 655, "Phối hợp"))
    todo.register(todos.todos)
    sources.register("directives")(todos.notices)
    for kind in ("home", "dashboard"):
        panels.register(kind, "Chỉ đạo, đôn đốc", "coordination:directives_panel", DISTRICT_ROLES, 20)
