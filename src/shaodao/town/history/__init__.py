"""The past of the sample town: lives of cases, made by the rules in force and in memory.

Every step passes the policy table with the seats its maker really holds, and goes through the same
`CaseFile` the actions use, so chains, clocks and holders are what the actions would have written.
"""

from .lives import live
from .pen import Pen
from .world import World

__all__ = ["Pen", "World", "live"]
