from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    """What the Phòng, the communes, the police and the payers ask of each other; it stands above all that it moves."""

    name = "batosocial.coordination"
    label = "coordination"
    verbose_name = "Phối hợp"

    def ready(self) -> None:
        pass
