"""When notices are looked for: soon after something happened, every few minutes, and before somebody reads them.

Whoever changes something that people are told of says so with ``touch``. What that costs its transaction is two
commands to the cache after it; the looking is done by the worker, once for all that happened meanwhile.
"""

import logging

from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from batosocial.coordination.notifications import storing

log = logging.getLogger(__name__)

#: Counts what happened. What was found holds for the count at which the looking began.
_HAPPENED = "notifications:happened"
_FOUND = "notifications:found"
_QUEUED = "notifications:queued"
#: Seconds for which what was found holds, where nobody said that something happened: deadlines come nearer by
#: themselves, and much is entered that nobody tells of.
HOLDS = 30
#: Seconds after which a task that is queued and did not come counts as lost.
_LOST = 60


def touch(**_: object) -> None:
    """Something happened that people may have to be told of, or that they were told of and is done.

    To be called in its transaction, by hand or as a callback of any hook; calling it often costs nothing more.
    """
    transaction.on_commit(_tell, robust=True)


def _tell() -> None:
    cache.add(_HAPPENED, 0, None)
    cache.incr(_HAPPENED)
    if cache.add(_QUEUED, 1, _LOST):
        # tasks imports this module.
        from batosocial.coordination.tasks import refresh_notices

        try:
            refresh_notices.apply_async(retry=False)
        except OperationalError:
            log.warning("broker unreachable, notices wait for beat")


def look() -> None:
    """What the worker does: from here on, what happens queues the next look."""
    cache.delete(_QUEUED)
    recheck()


def recheck() -> bool:
    """Look again, unless nothing happened since the last look and that was no more than ``HOLDS`` seconds ago; whether
    it looked. Two at once take turns, and the second one takes what the first has found."""
    happened = cache.get(_HAPPENED, 0)
    if cache.get(_FOUND) == happened:
        return False
    with transaction.atomic():
        storing.take_turns()
        if cache.get(_FOUND) == happened:
            return False
        storing.refresh()
        # Before the next one has its turn. What is rolled back after all is found HOLDS seconds later.
        cache.set(_FOUND, happened, HOLDS)
    return True
