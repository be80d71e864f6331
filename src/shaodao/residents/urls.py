"""Addresses of the residents' pages. None asks for a log-in."""

from django.urls import path

from .views import reporting, showing, tracking

urlpatterns = [
    path("", showing.home, name="home"),
    path("report/", reporting.report, name="report"),
    path("report/around/", reporting.around, name="report_around"),
    path("report/kept/<str:token>.jpg", reporting.kept_photo, name="kept_photo"),
    path("g/<str:code>/", reporting.report, name="report_here"),
    path("suggest.json", reporting.suggest, name="suggest"),
    path("track/", tracking.find_report, name="find_report"),
    path("track/<str:token>/", tracking.track, name="track"),
    path("track/<str:token>/photo/<slug:which>/", tracking.track_photo, name="track_photo"),
    path("track/<str:token>/<slug:verb>/", tracking.track_move, name="track_move"),
    path("nearby/", showing.nearby, name="nearby"),
    path("nearby.json", showing.nearby_json, name="nearby_json"),
    path("tiles/<int:z>/<int:x>/<int:y>.mvt", showing.public_tile, name="public_tile"),
    path("board/", showing.board, name="board"),
    path("board/<int:pk>/", showing.board_case, name="board_case"),
    path("board/<int:pk>/<slug:which>.jpg", showing.board_photo, name="board_photo"),
    path("worker/", showing.my_worker, name="my_worker"),
    path("offline/", showing.offline, name="offline"),
    path("manifest.webmanifest", showing.manifest, name="manifest"),
    path("sw.js", showing.service_worker, name="service_worker"),
]
