from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    """What the Phòng, the communes, the police and the payers ask of each other; it stands above all that it moves."""

    name = "batosocial.coordination"
    label = "coordination"
    verbose_name = "Phối hợp"

    def ready(self) -> None:
        # questions
        from batosocial.coordination.questions import notices as question_notices  # noqa: F401 (registers its source)
        from batosocial.coordination.questions.showing import READERS as QUESTION_READERS
        from batosocial.coordination.questions.todos import todos as question_todos
        from batosocial.staff.models import BENEFIT_ROLES, Role
        from batosocial.web import panels, todo
        from batosocial.web.navigation import NavItem, register

        payers = frozenset({Role.PAYER})
        register(NavItem("Vướng mắc", "coordination:questions", "help", frozenset(QUESTION_READERS), 640, "Phối hợp"))
        everybody = frozenset({*QUESTION_READERS, Role.ADMIN})
        register(NavItem("Giải đáp chung", "coordination:general_answers", "info", everybody, 645, "Phối hợp"))
        panels.register("person", "Vướng mắc, hỏi Phòng", "coordination:questions_of_person", BENEFIT_ROLES, 60)
        panels.register("payment_list", "Vướng mắc", "coordination:questions_of_list", BENEFIT_ROLES | payers, 10)
        todo.register(question_todos)
