"""Snippets of movie reviews, positive or negative, as bags of words; texts of three other kinds are natural shifts.

The texts and their mean ratings are those of the source distribution of vaderSentiment: see sentiment.json.
"""

from robustpath.data.entries import DataSet, File

WORDS = 1024
LENGTH = WORDS  # numbers of an example
RATED = 0.5  # mean ratings from -4 to 4 that are no further from 0 count as neither positive nor negative
TEST_SHARE = 0.3
NORM = 4.0  # of an example: about the root of the number of known words in a snippet of usual length
FILE = "sentiment.tsv.gz"
ENTRY = DataSet(
    name="sentiment",
    title="Sentiment of snippets of movie reviews",
    kind="signal",
    classes=2,
    examples=7046,
    official_test=2995,
    smallest_class=3520,
    smallest_test_class=1461,
    files=(
        File(
            FILE,
            "a144c0011dc7c0b89267f97eb3f30eee663be82c3c7f6ad2066be92ecd3a0f25",
            3024363,
            package="robustpath",
            inside=f"data/{FILE}",
        ),
    ),
    licence="MIT (sentiment.LICENSE.txt)",
    citation="hutto2014vader",
    domains=("editorials", "tweets", "product_reviews"),
)


def read(payloads):
    """Which of the WORDS words each text has, uint8 [N, WORDS]; labels, 1 for positive; official-test mask; group and
    domain.

    Movie reviews come first: three tenths of them are for testing, by the hash of the text, and each of the others is a
    group of its own. Words are the most frequent ones of the latter, so that neither test examples nor other domains
    have a say.
    """
    import numpy as np

    rated = texts(payloads[FILE])
    kinds = ("movie_reviews", *ENTRY.domains)
    domain = np.array([kinds.index(kind) for kind, _ in rated.values()], np.int64) - 1
    labels, tested = judged(rated)
    official_test = tested & (domain < 0)
    pool = (domain < 0) & ~tested
    return bags(rated, pool), labels, official_test, np.where(pool, np.arange(len(pool)), -1), domain


def preprocess(raw, size):
    """Rows of a fixed length; `size` is None."""
    import torch

    counts = torch.from_numpy(raw).float()
    inputs = NORM * counts / counts.norm(dim=1, keepdim=True).clamp_min(1)
    return inputs, (
        f"a number for each of the {WORDS} most frequent words of the pool: 0 where the text lacks it, the others "
        f"equal, of norm {NORM:g} together; texts rated from -{RATED} to {RATED} are left out; image size has no part"
    )


def texts(payload):
    """(kind, mean rating) of every text that counts as positive or negative; what repeats one before it is left out."""
    rated = {}
    for line in payload.decode("utf-8").split("\n")[:-1]:
        kind, _, rating, text = line.split("\t")
        if abs(float(rating)) > RATED:
            rated.setdefault(text, (kind, float(rating)))
    return rated


def judged(rated):
    """Of each text: its label, int64 [N], and whether the hash of the text takes it for testing, bool [N]."""
    import numpy as np

    from robustpath.data.held_out import held_out

    labels = np.array([rating > 0 for _, rating in rated.values()], np.int64)
    return labels, np.array([held_out(text, TEST_SHARE) for text in rated])


def bags(rated, pool):
    """Which of the WORDS words that most texts of the `pool` have each text has, uint8 [N, WORDS]; of equally frequent
    words the first in the alphabet."""
    from collections import Counter

    import numpy as np

    found = [words(text) for text in rated]
    frequency = Counter(word for place in np.flatnonzero(pool) for word in found[place])
    known = sorted(frequency, key=lambda word: (-frequency[word], word))[:WORDS]
    column = {word: place for place, word in enumerate(known)}
    has = np.zeros((len(found), WORDS), np.uint8)
    for row, own in zip(has, found, strict=True):
        row[[column[word] for word in own if word in column]] = 1
    return has


def words(text):
    """The different words of a text in small letters; marks that follow each other are a word too."""
    import re

    return set(re.findall(r"[\w']+|[^\w\s]+", text.lower()))
