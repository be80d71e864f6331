"""The ground benches stand on: a county, many cases, a cluster and the site of their own."""

import django

django.setup()
