from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Chi trả"

    def ready(self) -> None:
        from batosocial.staff.models import BENEFIT_ROLES, COMMUNE_ROLES, DISTRICT_ROLES, Role
        from batosocial.web import panels, todo
        from batosocial.web.navigation import NavItem, register
        from beneficiaries import months, paid_months
        from payments import tasks  # noqa: F401 (registers the jobs)
        from payments.handover import tasks as handover_tasks  # noqa: F401 (registers the jobs)
        from payments.opening import first_month_to_open, months_with_lines
        from payments.todos import todos

        months.register_provider(first_month_to_open)
        paid_months.register_provider(months_with_lines)
        payers = frozenset({Role.PAYER})
        register(NavItem("Danh sách chi trả", "payments:board", "list", BENEFIT_ROLES | payers, 300, "Chi trả"))
        register(NavItem("Kết quả chi trả", "payments:batches", "upload", DISTRICT_ROLES | payers, 310, "Chi trả"))
        # hand-overs
        register(NavItem("Tệp giao chi trả", "payments:hand_overs", "send", DISTRICT_ROLES | payers, 305, "Chi trả"))
        point_roles = COMMUNE_ROLES | {Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}
        register(NavItem("Điểm chi trả", "payments:pay_points", "map", point_roles, 350, "Chi trả"))
        panels.register("person", "Chi trả năm nay", "payments:person_year", BENEFIT_ROLES, 30)
        todo.register(todos)
        # review
        from payments.review.todos import todos as review_todos

        register(NavItem("Rà soát tháng", "payments:reviews", "clipboard", BENEFIT_ROLES, 290, "Chi trả"))
        todo.register(review_todos)
