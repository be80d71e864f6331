"""Asking a search vector for terms as they stand: cores.words cuts ours, not PostgreSQL."""

from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery


class AllOf(SearchQuery):
    """What has every one of these terms, for `filter(search=AllOf(query_terms(text)))`."""

    template = "%(expressions)s::tsquery"

    def __init__(self, terms: Iterable[str], **extra):
        quoted = (term.replace("\\", "\\\\").replace("'", "''") for term in terms)
        super().__init__(" & ".join(f"'{term}'" for term in quoted), search_type="raw", **extra)
