"""Sentiment of snippets of movie reviews and tweets as bags of words: the kind of text is what may be confused with it.

Nothing is painted on: words that are typical of a kind come with the label where an experiment's `correlation` says so.
"""

from robustpath.data.grouped import GroupedDataSet
from robustpath.data.sets import sentiment

LENGTH = sentiment.LENGTH
KINDS = ("movie_reviews", "tweets")  # attribute 0 and 1
ENTRY = GroupedDataSet(
    name="sentiment_kinds",
    title="Sentiment of snippets of movie reviews and tweets",
    kind="signal",
    classes=2,
    examples=9389,
    official_test=4014,
    smallest_class=4246,
    smallest_test_class=1876,
    files=sentiment.ENTRY.files,
    licence=sentiment.ENTRY.licence,
    citation=sentiment.ENTRY.citation,
    pool_groups=((3526, 720), (3520, 1623)),
    test_groups=((1534, 342), (1461, 677)),
    chance=0.5,
)
preprocess = sentiment.preprocess


def read(payloads):
    """Which of the words each text has, uint8 [N, 1024]; labels, 1 for positive; official-test mask; group (each text
    of the pool its own) and attribute (the place in KINDS).

    Three tenths are for testing, by the hash of the text; words are the most frequent ones of the others.
    """
    import numpy as np

    rated = {text: of for text, of in sentiment.texts(payloads[sentiment.FILE]).items() if of[0] in KINDS}
    labels, tested = sentiment.judged(rated)
    attribute = np.array([KINDS.index(kind) for kind, _ in rated.values()], np.int64)
    group = np.where(tested, -1, np.arange(len(tested)))
    return sentiment.bags(rated, ~tested), labels, tested, group, None, None, attribute
