"""A file that is no config, and YAML in which something would be lost or misread: one sentence, place and remedy."""

import re
from pathlib import Path

import pytest

from robustpath import study as cfg
from robustpath.config.errors import ConfigError

# Nine to the power of nine values in some letters.
CHAIN = b"\n".join(
    [b"a0: &a0 [x, x]"] + [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 10)]
)
# The bytes of the file, and what is said of it.
FILES = {
    "empty": (b"", ": the whole file = null is empty; allowed: a mapping with the keys scale, "),
    "comments only": (b"# nothing\n", ": the whole file = null is empty; allowed: a mapping with "),
    "a list": (b"- scale\n- start", ': the whole file = ["scale", "start"] is a list; allowed: a mapping with '),
    "a text": (b"laptop", ": the whole file = 'laptop' is text; allowed: a mapping with "),
    "a tab": (b"scales:\n\tsmoke: 1", " line 2, column 1: a tab, where YAML wants spaces; indent with spaces"),
    "an open bracket": (
        b"a:\n  - [1, 2\nb: 3",
        " line 3, column 2: expected ',' or ']', but got ':'; close the bracket that line 2, column 5 opens",
    ),
    "an open brace": (b"a: {b: 1\nc: 3", "; close the brace that line 1, column 4 opens, and put a comma"),
    "an open quotation": (b"a: 1\nb: 'c\n", "; close the quotation mark that line 2, column 4 opens"),
    "indentation": (b"scale: a\n start: b", " line 2, column 7: a second ':'; give each key a line of its own"),
    "outdented": (
        b"a:\n    b: 1\n  c: 2",
        " line 3, column 3: expected <block end>, but found '<block mapping start>'",
    ),
    "two documents": (b"a: 1\n---\nb: 2", " line 2, column 1: a second document begins; keep one: delete the line"),
    "binary": (
        b"a: 1\n\x89PNG\xff\x00",
        " line 2: cannot be read as a UTF-8 text file; save it as UTF-8, or restore it",
    ),
    "control": (b"a: 1\nb: \x00", " line 2: the character '\\x00' is not allowed; delete it, or restore the file"),
    "UTF-16": ("scale: a".encode("utf-16"), " line 1: cannot be read as a UTF-8 text file; save it as UTF-8"),
    "an alias": (b"a: *b", " line 1, column 4: found undefined alias 'b'; write the value itself in place of"),
    "a tag": (b"a: !!python/name:os.system", "; write a plain value, without a tag that begins with '!'"),
    "a list as a key": (b"[1, 2]: 3", " line 1, column 1: a list or mapping stands as a key; write a name as the key"),
    "no such day": (b"a: 2026-13-45", " line 1, column 4: '2026-13-45' reads as timestamp but is none; correct it, or"),
    "no number": (b"a: !!int b", " line 1, column 4: 'b' reads as int but is none; correct it, or put quotes"),
    "octal": (b"a: 0100", " line 1, column 4: 0100 would be read as 64; write it without leading zeros or colons"),
    "sexagesimal": (b"a: 1:30", " line 1, column 4: 1:30 would be read as 90; write it without leading zeros"),
    "very many digits": (b"a: " + b"9" * 5000, "… reads as int but is none; correct it, or put quotes around it"),
    "a date": (b"a: 2001-02-03", " line 1, column 4: 2001-02-03 would be read as a date; put quotes around it if"),
    "sexagesimal, with a fraction": (b"a: 1:30.5", " line 1, column 4: 1:30.5 would be read as 90.5; write it without"),
    "too large for a number": (b"a: 1.0e+999", "'1.0e+999' is larger than any number here can be; write a smaller one"),
    "too many digits for a number": (b"a: 1" + b"0" * 400, "… is larger than any number here can be; write a smaller"),
    "very many digits of another base": (b"a: 0x" + b"f" * 5000, "… is larger than any number here can be; write a"),
    "an empty number": (b"a: !!int ''", " line 1, column 4: '' reads as int but is none; correct it, or put quotes"),
    "text for a date": (b"a: !!timestamp b", " line 1, column 4: 'b' reads as timestamp but is none; correct it, or"),
    "a tag on what is so anyway": (b"a: !!str b", " line 1, column 4: a tag stands before a value; write a plain"),
    "bytes": (b"a: !!binary QQ==", " line 1, column 4: a tag stands before a value; write a plain value, without a"),
    "a set": (b"a: !!set {b}", " line 1, column 4: a tag stands before a value; write a plain value, without a tag"),
    "control by an escape": (b'a: "b\\0"', " line 1, column 4: the character '\\x00' is not allowed; delete it"),
    "half a character": (b'a: "\\ud800"', " line 1, column 4: the character '\\ud800' is not allowed; delete it"),
    "no character": (b'a: "\\U00110000"', " line 1, column 7: found invalid Unicode character escape code; correct"),
    "aliases of aliases": (CHAIN, " line 7, column 5: a6 has more than 200,000 values, aliases written out; take out"),
    "merges of merges": (CHAIN.replace(b"[", b"{<<: [").replace(b"]", b"]}"), "aliases written out; take out aliases"),
    "a merge of itself": (b"a: &a {<<: *a}", ": a['<<'] = {…} holds itself by an alias; write the value"),
    "deeper than the reader in C can bear": (b"[" * 100_000, " line 1, column 5001: is nested too deeply; delete the"),
    "deep": (b"[" * 1000, ": is nested too deeply; delete the surplus opening brackets"),
    "within itself": (
        b"&a {verify: *a}",
        " line 1, column 1: verify = {…} holds itself by an alias; write the value",
    ),
    "lines in a key": (b'"a\\nb\\u2028c": 1', ": ['a\\nb\\u2028c'] = 1 is not a known key; allowed: scale, "),
    "lines in a value": (b'zebra: ["a\\u2028\\x85b"]', ': zebra = ["a\\u2028\\x85b"] is not a known key; '),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_config_is_refused_in_one_sentence(name, tmp_path):
    content, expected = FILES[name]
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        cfg.load(path)
    text = str(error.value).replace(str(path), "config.yaml")
    assert expected in text
    assert len(text.splitlines()) == 1
    assert len(text) < 400
    assert re.match(r"config\.yaml( line \d+(, column \d+)?)?: .+; \S", text)
    assert not re.search(r"Traceback|Error|<class|<unicode|while (parsing|scanning)", text)


def test_a_missing_file_is_reported_in_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file; run from the folder that holds config\.yaml$"):
        cfg.load(tmp_path / "none.yaml")


def test_no_other_code_reads_yaml():
    """A plain loader takes the last of two keys, and 010 for 8."""
    root = Path(__file__).parents[2]
    files = [
        *root.glob("src/**/*.py"),
        *root.glob("workflow/**/*.smk"),
        *root.glob("notebooks/*.py"),
        root / "Snakefile",
    ]
    reading = [file for file in files if re.search(r"yaml\.\w*(load|compose|parse)\w*\(", file.read_text("utf-8"))]
    assert reading == [root / "src/robustpath/config/yaml.py"]
