"""What does not go, in words for whoever asked."""


class CampaignRefused(Exception):
    """The step does not fit how things stand; the message says why and what to do."""
