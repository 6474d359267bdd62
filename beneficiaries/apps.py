from django.apps import AppConfig


class BeneficiariesConfig(AppConfig):
    name = "beneficiaries"
    verbose_name = "Đối tượng"

    def ready(self) -> None:
        from batosocial.staff.models import BENEFIT_ROLES
        from batosocial.web import navigation, todo
        from beneficiaries import tasks  # noqa: F401 (registers the jobs)
        from beneficiaries.changes import todos as change_todos
        from beneficiaries.changes.docket import READERS as DECISION_READERS
        from beneficiaries.identity import todos as identity_todos
        from beneficiaries.identity.services import READERS as IDENTITY_READERS
        from beneficiaries.imports import todos as import_todos
        from beneficiaries.imports.services import READERS
        from beneficiaries.payout import todos as payout_todos
        from beneficiaries.payout.confirming import CONFIRMING_ROLES
        from beneficiaries.payout.papers import PAPER_ROLES

        item = navigation.NavItem
        navigation.register(item("Đối tượng", "beneficiaries:people", "users", BENEFIT_ROLES, 100, "Đối tượng"))
        navigation.register(
            item("Xác nhận nơi nhận", "beneficiaries:routes", "check-circle", CONFIRMING_ROLES, 110, "Đối tượng")
        )
        navigation.register(item("Quyết định", "beneficiaries:decisions", "check", DECISION_READERS, 102, "Đối tượng"))
        navigation.register(item("Biến động", "beneficiaries:changes", "swap", BENEFIT_ROLES, 103, "Đối tượng"))
        navigation.register(item("Giấy tờ hết hạn", "beneficiaries:papers", "file", PAPER_ROLES, 115, "Đối tượng"))
        navigation.register(item("Nạp danh sách", "beneficiaries:imports", "upload", READERS, 120, "Đối tượng"))
        navigation.register(
            item("Xác minh nhân thân", "beneficiaries:identity", "id-card", IDENTITY_READERS, 105, "Đối tượng")
        )
        todo.register(identity_todos.issues)
        todo.register(payout_todos.waiting_routes)
        todo.register(payout_todos.papers)
        todo.register(change_todos.changes)
        todo.register(import_todos.lists)
