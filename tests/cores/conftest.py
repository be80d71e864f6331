"""How hypothesis runs here: the same examples every time, no clock, nothing written."""

from hypothesis import settings

settings.register_profile("cores", deadline=None, database=None, derandomize=True)
settings.load_profile("cores")
