"""What is told of earlier layers: lists, changes, reviews and the deadlines of the month."""

from batosocial.coordination.notifications.own import lists

__all__ = ["lists"]
