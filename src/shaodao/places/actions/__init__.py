"""What is done to places; each with who and why. The only code that writes them."""

from .compounds import end_chief, name_chief, record_defect
from .contacts import assign_contact, assign_contacts, set_asset_owner
from .grids import (
    cancel_change,
    draw_grid,
    make_changes,
    make_due_changes,
    plan_merge,
    plan_renaming,
    plan_split,
)
from .importing import (
    apply_import,
    bring_in,
    cancel,
    confirm,
    forget,
    forget_imports,
    keeps,
    read,
    read_import,
    resume,
    resume_imports,
    undo,
    undo_import,
    write,
)
from .surveying import mend_boundaries
from .undoing import take_back

__all__ = [
    "apply_import",
    "assign_contact",
    "assign_contacts",
    "bring_in",
    "cancel",
    "cancel_change",
    "confirm",
    "draw_grid",
    "end_chief",
    "forget",
    "forget_imports",
    "keeps",
    "make_changes",
    "make_due_changes",
    "mend_boundaries",
    "name_chief",
    "plan_merge",
    "plan_renaming",
    "plan_split",
    "read",
    "read_import",
    "record_defect",
    "resume",
    "resume_imports",
    "set_asset_owner",
    "take_back",
    "undo",
    "undo_import",
    "write",
]
