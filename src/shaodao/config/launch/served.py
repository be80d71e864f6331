"""What granian's workers load under our parent: the site, ending when granian itself is killed."""

from shaodao.config.launch.parent import end_with_parent
from shaodao.config.wsgi import application

__all__ = ["application"]

end_with_parent()
