"""Words that rules use and that others translate.

A rule knows no framework, so it marks its Chinese text with `N_` and puts what varies in named
places; the edge looks the text up in the catalogue and then fills the places in.
"""


def N_(text: str) -> str:
    """Mark `text` for translation; whoever shows it translates."""
    return text


class Refusal(Exception):
    """Something is not allowed. The message is fit to show to the user.

    message : marked text with named places; values : what goes into them
    """

    def __init__(self, message: str, **values: object):
        super().__init__(message.format(**values))
        self.message = message
        self.values = values
