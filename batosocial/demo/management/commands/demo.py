"""`demo`: load the demo district."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batosocial.demo.load import DemoRefused, load


class Command(BaseCommand):
    help = "Nạp huyện Ba Tơ minh họa (người được bịa ra). Đã nạp rồi thì không thay đổi gì."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load()
        except DemoRefused as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        self.stdout.write("Đã nạp dữ liệu minh họa." if loaded else "Dữ liệu minh họa đã có, không thay đổi gì.")
