"""A report form and the letterbox behind it, for the browser stories of the kit: nothing is stored
but here, and the letterbox can lose its answers as a bad network does."""

from uuid import uuid4

from django import forms
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect

PAGE = """
{% extends "kit/resident.html" %}{% block title %}我要反映{% endblock %}
{% block main %}<h1>我要反映</h1>
<form class="form" method="post" action="/report/" data-draft="report"
  enctype="multipart/form-data">
  {% csrf_input %}<input type="hidden" name="key" value="{{ key }}">
  {% include "kit/photo_picker.html" with field=form.photos lon="id_lon" lat="id_lat" only %}
  {% include "kit/field.html" with field=form.text only %}
  {% include "kit/field.html" with field=form.urgent only %}
  <input type="hidden" id="id_lon" name="lon"><input type="hidden" id="id_lat" name="lat">
  <button class="button primary">提交</button><p class="draft-state" data-draft-state></p>
</form>{% endblock %}
"""


class Report(forms.Form):
    text = forms.CharField(label="问题描述", widget=forms.Textarea, required=False)
    urgent = forms.BooleanField(label="紧急", required=False)
    photos = forms.FileField(label="照片", required=False)


class Letterbox:
    """What arrived, by key, and how many answers still get lost."""

    def __init__(self):
        self.empty()

    def empty(self):
        self.reports = {}
        self.n_posts = 0
        self.lose = 0


box = Letterbox()


@csrf_protect
def report(request):
    """GET shows the form; POST takes a report once for each key."""
    if request.method == "GET":
        page = engines["django"].from_string(PAGE)
        return HttpResponse(page.render({"form": Report(), "key": uuid4()}, request))
    box.n_posts += 1
    if "不行" in request.POST["text"]:
        return JsonResponse({"errors": {"text": ["请写清楚是什么事"]}}, status=422)
    photos = [photo.read() for photo in request.FILES.getlist("photos")]
    box.reports.setdefault(request.POST["key"], (request.POST.dict(), photos))
    if box.lose:
        box.lose -= 1
        return HttpResponse(status=503)
    if request.headers.get("Accept") == "application/json":
        number = list(box.reports).index(request.POST["key"]) + 1
        return JsonResponse({"number": f"2025-{number:04d}", "url": "/track/abc/"})
    return redirect("/track/abc/")


def track(request):
    return HttpResponse(
        engines["django"]
        .from_string(
            '{% extends "kit/resident.html" %}{% block main %}<h1>办理进度</h1>{% endblock %}'
        )
        .render({}, request)
    )


urlpatterns = [
    path("report/", report, name="report"),
    path("track/abc/", track),
    path("kit/", include("shaodao.kit.urls")),
]
