"""Addresses of the workforce pages; those without `workforce/` in front are everybody's."""

from django.urls import path

from .views import (
    appointing,
    appraisal,
    cards,
    charges,
    choosing,
    configuration,
    lists,
    mine,
    party,
    public,
    roster,
)

urlpatterns = [
    # everybody
    path("d/<str:code>/", public.door, name="door"),
    path("team/<str:code>/", public.team, name="team"),
    path("team/photo/<int:pk>.jpg", public.team_photo, name="team_photo"),
    path("candidates/", public.notices, name="candidate_notices"),
    path("candidates/<int:pk>/", public.notice, name="candidate_notice"),
    # six posts
    path("workforce/", charges.charges, name="charges"),
    path("workforce/grids/<str:code>/", charges.grid_charges, name="grid_charges"),
    path("workforce/grids/<str:code>/claim/<str:charge>/", charges.claim, name="claim_charge"),
    path("workforce/holdings/<int:pk>/<slug:name>/", charges.move_holding, name="move_holding"),
    # roster and lists
    path("workforce/rosters/", roster.rosters, name="rosters"),
    path("workforce/rosters/<int:pk>/", roster.roster, name="roster"),
    path("workforce/rosters/<int:pk>/excuse/<int:person>/", roster.excuse, name="excuse"),
    path("workforce/rosters/<int:pk>/assign/<int:person>/", roster.end_excuse, name="end_excuse"),
    path("workforce/rosters/<int:pk>/cover/<int:person>/", roster.cover, name="cover"),
    path("workforce/covers/<int:pk>/end/", roster.end_cover, name="end_cover"),
    path("workforce/rosters/<int:pk>/lists/", lists.lists, name="lists"),
    path("workforce/rosters/<int:pk>/home/<int:person>/", lists.home, name="worker_home"),
    path("workforce/wishes/<int:pk>/<slug:wants>/", lists.wish, name="keep_wish"),
    path("workforce/proposals/<int:pk>/", lists.proposal, name="proposal"),
    # party forms
    path("workforce/party/", party.party, name="party"),
    path("workforce/party/<str:code>/count/", party.count, name="count_members"),
    # candidates
    path("workforce/selections/", choosing.selections, name="selections"),
    path("workforce/selections/new/<str:code>/", choosing.selection_new, name="selection_new"),
    path("workforce/selections/<int:pk>/", choosing.selection, name="selection"),
    path("workforce/selections/<int:pk>/nominate/", choosing.nominate, name="nominate"),
    path(
        "workforce/selections/<int:pk>/publish/",
        choosing.publish_selection,
        name="publish_selection",
    ),
    path("workforce/selections/<int:pk>/close/", choosing.close_selection, name="close_selection"),
    path("workforce/candidates/<int:pk>/mark/<str:code>/", choosing.mark, name="mark_candidate"),
    path("workforce/comments/<int:pk>/answer/", choosing.answer, name="answer_comment"),
    path("workforce/appointments/", appointing.appointments, name="appointments"),
    path("workforce/appointments/<int:pk>/", appointing.appoint_chosen, name="appoint_chosen"),
    # cards and boards
    path("workforce/cards/", cards.cards, name="cards"),
    path("workforce/cards/<int:pk>/", cards.area_cards, name="area_cards"),
    path("workforce/cards/batches/<int:pk>/", cards.batch, name="card_batch"),
    path("workforce/cards/batches/<int:pk>.pdf", cards.batch_file, name="card_file"),
    path("workforce/boards/<str:code>/", cards.boards, name="grid_boards"),
    path("workforce/boards/<str:code>/<str:kind>.pdf", cards.board_file, name="board_file"),
    path("workforce/promises/<int:pk>/mark/", cards.mark_promise, name="mark_promise"),
    # appraisal
    path("workforce/appraisal/", appraisal.periods, name="periods"),
    path("workforce/appraisal/new/", appraisal.period_new, name="period_new"),
    path("workforce/appraisal/<int:pk>/", appraisal.period, name="period"),
    path("workforce/appraisal/<int:pk>/freeze/", appraisal.freeze, name="freeze_period"),
    path("workforce/appeals/<int:pk>/", appraisal.decide_appeal, name="decide_appeal"),
    # one's own
    path("workforce/mine/", mine.mine, name="workforce_mine"),
    path("workforce/mine/card/", mine.disclosure, name="disclosure"),
    path("workforce/mine/promises/", mine.promise, name="promise"),
    path("workforce/mine/promises/<int:pk>/end/", mine.end_promise, name="end_promise"),
    path("workforce/mine/appraisal/", mine.my_appraisal, name="my_appraisal"),
    path("workforce/mine/appraisal/<int:pk>/appeal/", mine.appeal, name="appeal"),
    path("workforce/portraits/<int:pk>.jpg", mine.portrait, name="portrait"),
    # rules
    path("workforce/rules/", configuration.rules, name="workforce_rules"),
    path("workforce/rules/charges/<str:code>/", configuration.charge, name="charge"),
    path("workforce/rules/<slug:which>/", configuration.weights, name="weights"),
]
