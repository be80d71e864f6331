"""Addresses of the whistles pages."""

from django.urls import path

from .views import lists, page, rules

urlpatterns = [
    path("", lists.whistles, name="whistles"),
    path("area/", lists.area, name="whistle_area"),
    path("arbitration/", lists.arbitration, name="arbitration"),
    path("rules/", rules.whistle_rules, name="whistle_rules"),
    path("rules/limits/new/", rules.limit_new, name="whistle_limit_new"),
    path("rules/responders/new/", rules.responder_new, name="responder_new"),
    path("new/<int:case>/", page.whistle_new, name="whistle_new"),
    path("for-resident/<int:case>/", page.whistle_for, name="whistle_for"),
    path("here/<code>/", page.whistle_here, name="whistle_here"),
    path("<int:pk>/", page.whistle, name="whistle"),
    path("<int:pk>/wall/", page.whistle_wall, name="whistle_wall"),
    path("<int:pk>/code/", page.whistle_card, name="whistle_card"),
    path("<int:pk>/code.svg", page.whistle_code, name="whistle_code"),
    path("<int:pk>/edit/", page.whistle_edit, name="whistle_edit"),
    path("<int:pk>/<name>/", page.whistle_move, name="whistle_move"),
    path("<int:pk>/units/<int:summons>/<name>/", page.summons_move, name="summons_move"),
]
