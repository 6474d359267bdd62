"""Finding people in a register of 100,000: the page as a district's and a commune's officer get it."""

import time

from tools.bench import databases
from tools.bench.report import Aim, Options, ms, say


def run(options: Options) -> list[Aim]:
    from beneficiaries.models import Person
    from tools.bench import people

    with databases.fresh("search", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people):
            began = time.perf_counter()
            people.load(options.people)
            say(f"{options.people} người đã nạp trong {ms(time.perf_counter() - began)} s")
    return []
