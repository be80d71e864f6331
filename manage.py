"""Run a Django command. Use `bin/manage`: it brings the environment and the database up first."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

sys.path.insert(0, str(Path(__file__).parent / "src"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shaodao.config.settings")
execute_from_command_line(sys.argv)
