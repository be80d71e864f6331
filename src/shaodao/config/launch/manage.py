"""`bin/manage`: Django's commands with the database up."""

import sys

from django.core.management import execute_from_command_line

from shaodao.config.launch.surroundings import Database, configure

if __name__ == "__main__":
    configure()
    with Database():
        execute_from_command_line(["bin/manage", *sys.argv[1:]])
