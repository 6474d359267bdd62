from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Chi trả"

    def ready(self) -> None:
        from batosocial.staff.models import BENEFIT_ROLES, COMMUNE_ROLES, DISTRICT_ROLES, Role
        from batosocial.web import panels, todo
        from batosocial.web.navigation import NavItem, register
        from beneficiaries import months, paid_months
        from beneficiaries.changes.hooks import on_changes_applied
        from payments import hooks, tasks  # noqa: F401 (registers the jobs)
        from payments.closing.todos import todos as closing_todos
        from payments.effects import callbacks as effects
        from payments.effects import todos as effect_todos
        from payments.handover import tasks as handover_tasks  # noqa: F401 (registers the jobs)
        from payments.opening import first_month_to_open, money_on_lists, months_with_lines
        from payments.todos import todos

        months.register_provider(first_month_to_open)
        paid_months.register_provider(months_with_lines, money_on_lists)
        payers = frozenset({Role.PAYER})
        register(NavItem("Danh sách chi trả", "payments:board", "list", BENEFIT_ROLES | payers, 300, "Chi trả"))
        register(NavItem("Kết quả chi trả", "payments:batches", "upload", DISTRICT_ROLES | payers, 310, "Chi trả"))
        # closing
        register(NavItem("Khóa sổ", "payments:closings", "lock", DISTRICT_ROLES, 320, "Chi trả"))
        register(NavItem("Nộp trả ngân sách", "payments:budget_returns", "return", DISTRICT_ROLES, 330, "Chi trả"))
        # hand-overs
        register(NavItem("Tệp giao chi trả", "payments:hand_overs", "send", DISTRICT_ROLES | payers, 305, "Chi trả"))
        point_roles = COMMUNE_ROLES | {Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}
        register(NavItem("Điểm chi trả", "payments:pay_points", "map", point_roles, 350, "Chi trả"))
        panels.register("person", "Chi trả năm nay", "payments:person_year", BENEFIT_ROLES, 30)
        todo.register(todos)
        todo.register(closing_todos)
        # review
        from payments.review.todos import todos as review_todos

        register(NavItem("Rà soát tháng", "payments:reviews", "clipboard", BENEFIT_ROLES, 290, "Chi trả"))
        todo.register(review_todos)

        # Effects of changes and results: stop orders, receivables, grants.
        register(NavItem("Truy thu, dừng chi", "payments:receivables", "return", BENEFIT_ROLES, 320, "Chi trả"))
        register(NavItem("Lệnh dừng chi", "payments:stop_orders", "alert", payers, 320, "Chi trả"))
        register(NavItem("Mai táng phí", "payments:grants", "file", BENEFIT_ROLES, 330, "Chi trả"))
        panels.register("person", "Truy thu, dừng chi, mai táng phí", "payments:person_effects", BENEFIT_ROLES, 40)
        todo.register(effect_todos.effects)
        on_changes_applied(effects.changes_applied)
        hooks.on_results_changed(effects.results_changed)
