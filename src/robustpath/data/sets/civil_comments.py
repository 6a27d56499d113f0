"""CivilComments in the parts of WILDS: toxic comments or not, which goes with whether they mention an identity.

Comments on news sites, rated by crowds (Borkan et al. 2019); WILDS (Koh et al. 2021) kept those that were annotated for
identities and parted them by article. They become bags of words as those of `sentiment`.
"""

from robustpath.data.entries import File
from robustpath.data.grouped import GroupedDataSet
from robustpath.data.sets import sentiment

LENGTH = sentiment.LENGTH
FILE = "civil_comments/all_data_with_identities.csv"
PARTS = {"train": 0, "val": 1, "test": 2}
VALIDATION = 45180  # comments of that part
MOST_CHARACTERS = 1000  # of a comment on the site
LONGEST = 131_072  # characters of a row, at most
AGREED = 0.5  # share of the annotators from which on a comment counts as toxic, and an identity as mentioned
ENTRY = GroupedDataSet(
    name="civil_comments",
    title="CivilComments in the parts of WILDS: toxic comments, correlated with the mention of an identity",
    kind="signal",
    classes=2,
    examples=269038,
    official_test=133782,
    smallest_class=30515,
    smallest_test_class=15224,
    files=(
        File(
            FILE,
            urls=(
                "https://worksheets.codalab.org/rest/bundles/0x8cd3de0634154aeaad2ee6eb96723c6e/contents/blob/"
                "all_data_with_identities.csv",
            ),
        ),
    ),
    licence="CC0",
    citation="borkan2019nuanced",
    pool_groups=((148186, 90337), (12731, 17784)),
    # Of the test part the classes are known for sure; how each is divided only bounds what an experiment can ask for.
    test_groups=((72373, 46185), (6063, 9161)),
    chance=0.5,
)


def read(paths):
    """Which of the words each comment has, uint8 [448000, 1024]; label 1 for toxic; attribute 1 where it mentions an
    identity. Words are the most frequent ones of the training part, which is the pool; the test part is the official
    test part, and no part holds the authors' validation comments."""
    import numpy as np

    from robustpath.data import bounded, formats
    from robustpath.data.official_parts import columns, parted

    names = ("comment_text", "toxicity", "identity_any", "split")
    most = ENTRY.examples + ENTRY.official_test + VALIDATION
    # At the worst every character of a comment begins a line.
    lines = bounded.lines(paths[FILE], MOST_CHARACTERS * (most + 1), LONGEST)
    texts, toxicity, identity, split = columns(formats.rows(lines), names, "all_data_with_identities.csv", most)
    shares = np.array([toxicity, identity], np.float64)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("a row of all_data_with_identities.csv has a share of annotators that is not from 0 to 1")
    labels, attribute = (shares >= AGREED).astype(np.int64)
    if unknown := next((said for said in split if said not in PARTS), None):
        raise ValueError(f"a row of all_data_with_identities.csv has the split {unknown!r}, not {', '.join(PARTS)}")
    part = np.array([PARTS[said] for said in split])
    described = parted(labels, attribute, part)
    return sentiment.bags(texts, part == PARTS["train"]), *described


def preprocess(raw, size):
    """Rows of a fixed length; `size` is None."""
    import torch

    inputs = torch.from_numpy(raw).float()
    inputs *= sentiment.NORM / inputs.norm(dim=1, keepdim=True).clamp_min(1)
    return inputs, (
        f"a number for each of the {sentiment.WORDS} most frequent words of the pool: 0 where the comment lacks it, "
        f"the others equal, of norm {sentiment.NORM:g} together; image size has no part"
    )
