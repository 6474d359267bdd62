from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    """What the Phòng, the communes, the police and the payers ask of each other; it stands above all that it moves."""

    name = "batosocial.coordination"
    label = "coordination"
    verbose_name = "Phối hợp"

    def ready(self) -> None:
        from batosocial.coordination.models.rounds import READERS as ROUND_READERS

        # questions
        from batosocial.coordination.questions import notices as question_notices  # noqa: F401 (registers its source)
        from batosocial.coordination.questions.showing import READERS as QUESTION_READERS
        from batosocial.coordination.questions.todos import todos as question_todos

        # rounds
        from batosocial.coordination.rounds import notices as round_notices  # noqa: F401 (registers its source)
        from batosocial.coordination.rounds.todos import rounds as round_todos
        from batosocial.staff.models import BENEFIT_ROLES, Role
        from batosocial.web import panels, todo
        from batosocial.web.navigation import NavItem, register

        payers = frozenset({Role.PAYER})
        register(NavItem("Vướng mắc", "coordination:questions", "help", frozenset(QUESTION_READERS), 640, "Phối hợp"))
        everybody = frozenset({*QUESTION_READERS, Role.ADMIN})
        register(NavItem("Giải đáp chung", "coordination:general_answers", "info", everybody, 645, "Phối hợp"))
        panels.register("person", "Vướng mắc", "coordination:questions_of_person", BENEFIT_ROLES, 60)
        panels.register("payment_list", "Vướng mắc", "coordination:questions_of_list", BENEFIT_ROLES | payers, 10)
        todo.register(question_todos)
        # notifications
        from batosocial.coordination.notifications import (  # noqa: F401 (home and own register)
            fresh,
            home,
            own,
        )
        from batosocial.coordination.rounds import hooks as round_hooks
        from batosocial.web import topbar
        from beneficiaries.changes import hooks as change_hooks
        from payments import hooks as payment_hooks

        change_hooks.on_changes_moved(fresh.touch)
        payment_hooks.on_lists_moved(fresh.touch)
        payment_hooks.on_reviews_moved(fresh.touch)
        payment_hooks.on_results_changed(fresh.touch)
        round_hooks.on_answered(fresh.touch)
        topbar.register_bell("coordination:notifications", "coordination:notification_bell")
        # rounds
        register(NavItem("Đợt xác minh", "coordination:rounds", "shield", ROUND_READERS, 600, "Phối hợp"))
        todo.register(round_todos)
        # campaigns
        from batosocial.coordination.campaigns import notices as campaign_notices  # noqa: F401 (registers its sources)
        from batosocial.coordination.campaigns.files import Keeper
        from batosocial.coordination.campaigns.holding import held_by_conflicts
        from batosocial.coordination.campaigns.todos import todos as campaign_todos
        from beneficiaries.imports import openings
        from beneficiaries.payout import holds

        openings.register(Keeper())
        holds.register(held_by_conflicts)
        campaign_roles = BENEFIT_ROLES | {Role.PAYER}
        register(NavItem("Đợt mở tài khoản", "coordination:campaigns", "bank", campaign_roles, 620, "Phối hợp"))
        todo.register(campaign_todos)
        # corrections, follow-ups, deaths: what follows from the answers of the police
        from batosocial.coordination.corrections.registration import register_all as register_what_follows

        register_what_follows()

        # directives
        from batosocial.coordination.directives import joining as directives

        directives.join()
        # outreach
        from batosocial.coordination.outreach.todos import todos as outreach_todos

        register(NavItem("Truyền thông", "coordination:outreach", "calendar", BENEFIT_ROLES, 650, "Phối hợp"))
        todo.register(outreach_todos)
        # files of answers
        from batosocial.coordination.rounds.files import tasks as answer_file_tasks  # noqa: F401 (registers the jobs)
        from batosocial.coordination.rounds.files.services import BRINGERS
        from batosocial.coordination.rounds.files.todos import files as answer_file_todos

        register(NavItem("Tệp trả lời", "coordination:answer_files", "upload", BRINGERS, 605, "Phối hợp"))
        todo.register(answer_file_todos)
