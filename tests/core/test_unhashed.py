"""What stands in `unhashed(…)` is the value itself, and no fingerprint sees it."""

import pytest

from robustpath.core.fingerprint import fingerprint
from robustpath.core.unhashed import unhashed

TEXT = 'from robustpath.core.unhashed import unhashed\nADDRESS = unhashed("https://one.org")\nSIZE = 3\n'


def test_it_is_the_value_itself():
    value = ["https://one.org"]
    assert unhashed(value) is value


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("https://one.org", "https://two.org", False),
        ('"https://one.org"', '("https://one.org", "https://two.org")', False),
        ("ADDRESS", "URL", True),
        ("SIZE = 3", "SIZE = 4", True),
        ('unhashed("https://one.org")', '"https://one.org"', True),
        ('= unhashed("https', '= str("https', True),
    ],
)
def test_a_fingerprint_sees_all_but_what_stands_in_it(tmp_path, old, new, seen):
    found = []
    for folder, text in (("before", TEXT), ("after", TEXT.replace(old, new))):
        file = tmp_path / folder / "module.py"
        file.parent.mkdir()
        file.write_text(text)
        found.append(fingerprint(file))
    assert old in TEXT and (found[0] != found[1]) == seen
