from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Báo cáo"

    def ready(self) -> None:
        from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES
        from batosocial.web import navigation, panels, todo
        from payments import hooks
        from reporting import tasks  # noqa: F401  (registers the job)
        from reporting.rollup import roll_up_changed_months
        from reporting.todos import reporting_todos

        hooks.on_results_changed(roll_up_changed_months)
        todo.register(reporting_todos)
        navigation.register(
            navigation.NavItem("Báo cáo", "reporting:dashboard", "chart", BENEFIT_ROLES, 500, "Báo cáo")
        )
        # units that change
        navigation.register(
            navigation.NavItem("Diễn biến theo xã", "reporting:trend", "trend", BENEFIT_ROLES, 505, "Báo cáo")
        )
        # letter
        navigation.register(navigation.NavItem("Công văn", "reporting:letters", "inbox", BENEFIT_ROLES, 510, "Báo cáo"))
        panels.register("home", "Chi trả không dùng tiền mặt", "reporting:headlines", DISTRICT_ROLES, 10)
