"""Addresses of the cases pages."""

from django.urls import path

from .views import configuration, desk, duty, page, tiles, worker

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("bulk/dispatch/", desk.bulk, {"name": "dispatch"}, name="bulk_dispatch"),
    path("bulk/file/", desk.bulk, {"name": "file"}, name="bulk_file"),
    path("bulk/merge/", desk.bulk, {"name": "merge"}, name="bulk_merge"),
    path("tiles/<int:z>/<int:x>/<int:y>.mvt", tiles.case_tile, name="case_tile"),
    path("rules/limits/", configuration.limits, name="limits"),
    path("rules/limits/new/", configuration.limit_new, name="limit_new"),
    path("rules/limits/<int:pk>/end/", configuration.limit_end, name="limit_end"),
    path("rules/routes/", configuration.routes, name="routes"),
    path("rules/routes/new/", configuration.route_new, name="route_new"),
    path("rules/routes/<int:pk>/end/", configuration.route_end, name="route_end"),
    path("rules/", configuration.parameters, name="parameters"),
    path("rules/numbers/<slug:name>/", configuration.parameter_set, name="parameter_set"),
    path("rules/categories/", configuration.categories, name="categories"),
    path("rules/categories/<slug:code>/", configuration.category, name="category"),
    path("rules/categories/<slug:code>/small/", configuration.small_matter, name="small_matter"),
    path("looks/", configuration.looks, name="looks"),
    path("duties/", duty.duties, name="duties"),
    path("routing/", duty.routing, name="routing"),
    path("today/", worker.today, name="today"),
    path("patrols/<int:pk>/done/", worker.patrol_done, name="patrol_done"),
    path("new/", worker.new_case, name="new_case"),
    path("workload/", worker.workload, name="workload"),
    path("<int:pk>/", page.case, name="case"),
    path("<int:pk>/<kind>.pdf", page.case_sheet, name="case_sheet"),
    path("<int:pk>/release/", page.release, name="release"),
    path("<int:pk>/conceal/", page.conceal, name="conceal"),
    path("<int:pk>/unmask/<int:report>/", page.unmask, name="unmask"),
    path("<int:pk>/photo/<kind>/<int:photo>/", page.case_photo, name="case_photo"),
    path("<int:pk>/approvals/<int:approval>/", page.approval_decide, name="approval_decide"),
    path("<int:pk>/ask/<name>/", page.case_ask, name="case_ask"),
    path("<int:pk>/<name>/", page.case_move, name="case_move"),
]
