"""How a step of a release says no."""


class Refused(Exception):
    """One sentence: what is not right, and what to do."""
