#!/usr/bin/env python3
"""The portal's command line. Without DATABASE_URL it starts the embedded servers for as long as it runs."""

import os
import sys
import warnings

# These never look into the database, so they need not wait for it to start.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "startapp",
    "startproject",
    "version",
}
WRONG_USAGE = 2


def needs_database(arguments: list[str]) -> bool:
    """Whether the command that these arguments name works on the database."""
    if not arguments or arguments[0] in ("-h", "--help", "--version"):
        return False
    if any(argument in ("-h", "--help") for argument in arguments[1:]):
        return False
    if arguments[0] == "check":
        return any(argument.startswith("--database") for argument in arguments[1:])
    return arguments[0] not in WITHOUT_DATABASE


def fail(message: object) -> None:
    """End with one line on standard error, which a person can act on."""
    print(message, file=sys.stderr)  # noqa: T201
    sys.exit(WRONG_USAGE)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batosocial.settings")
    arguments = sys.argv[1:]
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        fail("Chưa cài thư viện của cổng thông tin: hãy chạy `make setup`, rồi `.venv/bin/python manage.py …`.")
    from django.db import OperationalError

    from batosocial import embedded

    try:
        from django.conf import settings

        if settings.EMBEDDED and "DATABASE_URL" not in os.environ:
            if needs_database(arguments):
                servers = embedded.hold(settings.DATA_DIR)
                # For `dbshell`: psql is given no host when it stands among the options of the connection.
                os.environ.setdefault("PGHOST", str(servers.socket_dir / "pg"))
            else:
                # makemigrations looks whether the database agrees, and complains when there is none.
                warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
        execute_from_command_line(sys.argv)
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        fail(error)
    except OperationalError as error:
        if "--traceback" in arguments:
            raise
        if "No space left on device" in str(error):
            fail("Ổ đĩa của cơ sở dữ liệu đã đầy; hãy giải phóng dung lượng rồi chạy lại.")
        if "connection" in str(error):
            fail(f"Không kết nối được cơ sở dữ liệu: {str(error).splitlines()[0]}")
        raise


if __name__ == "__main__":
    main()
