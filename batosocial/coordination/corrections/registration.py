"""What follows from the answers of the police, told to the rest of the portal: hooks, pages, panels, to-dos."""

from batosocial.coordination.corrections import todos as corrections
from batosocial.coordination.corrections.opening import keep_corrections
from batosocial.coordination.deaths import findings  # noqa: F401 (registers the source)
from batosocial.coordination.deaths import todos as deaths
from batosocial.coordination.deaths.proposing import stops_follow
from batosocial.coordination.follow_ups import todos as follow_ups
from batosocial.coordination.follow_ups.opening import keep_follow_ups
from batosocial.coordination.follow_ups.services import READERS
from batosocial.coordination.rounds.hooks import on_answered
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web import panels, todo
from batosocial.web.navigation import NavItem, register
from beneficiaries.identity.hooks import on_checked

_GROUP = "Phối hợp"


def register_all() -> None:
    """Called once, when the apps are ready."""
    on_checked(keep_corrections)
    on_checked(keep_follow_ups)
    on_answered(stops_follow)
    register(NavItem("Đính chính hồ sơ", "coordination:corrections", "edit", BENEFIT_ROLES, 610, _GROUP))
    register(NavItem("Theo dõi CCCD", "coordination:follow_ups", "id-card", READERS, 612, _GROUP))
    register(NavItem("Công an báo chết", "coordination:deaths", "alert", BENEFIT_ROLES, 614, _GROUP))
    panels.register("person", "Trả lời của Công an", "coordination:person", BENEFIT_ROLES, 15)
    todo.register(corrections.corrections)
    todo.register(follow_ups.follow_ups)
    todo.register(deaths.told_deaths)
