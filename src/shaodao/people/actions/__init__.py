"""What is done to accounts, posts, units and numbers. The only code that writes them.

Everything is written down in one chain of account entries, in the transaction of what it tells of.
"""

from .accounts import (
    change_user,
    create_user,
    deactivate,
    forget_second_factor,
    found_administrator,
    reactivate,
    reset_password,
    unlock,
)
from .duties import check_actor, check_why
from .entering import log_in, log_in_from_outside, log_out
from .own import (
    begin_second_factor,
    change_email,
    change_password,
    confirm_second_factor,
    needs_second_factor,
    show_second_factor,
)
from .posts import appoint, end_post, post_officer, recall_officer
from .recording import CHAIN, entry_fields, home_of, record
from .setting import change_unit, close, set_parameter

__all__ = [
    "CHAIN",
    "appoint",
    "begin_second_factor",
    "change_email",
    "change_password",
    "change_unit",
    "change_user",
    "check_actor",
    "check_why",
    "close",
    "confirm_second_factor",
    "create_user",
    "deactivate",
    "end_post",
    "entry_fields",
    "forget_second_factor",
    "found_administrator",
    "home_of",
    "log_in",
    "log_in_from_outside",
    "log_out",
    "needs_second_factor",
    "post_officer",
    "reactivate",
    "recall_officer",
    "record",
    "reset_password",
    "set_parameter",
    "show_second_factor",
    "unlock",
]
