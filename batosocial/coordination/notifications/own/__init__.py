"""What is told of earlier layers: lists, changes, reviews and the deadlines of the month."""

from batosocial.coordination.notifications.own import changes, deadlines, lists, reviews

__all__ = ["changes", "deadlines", "lists", "reviews"]
