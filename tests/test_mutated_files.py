"""The files that a person writes, and values of --config, made wrong at random: each is refused in one sentence, or is
as right as before.

tests/test_config_fuzz.py makes every key of the config wrong as a value; here the text of every file is edited, so that
the reader has its part. ROBUSTPATH_MUTATIONS=600 makes so many of each kind of file, and -s shows what became of them.
"""

import os
import random
import re
import signal
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from time import process_time

import pytest

from robustpath import methods, study
from robustpath.claims import contrast_model, experiments, model
from robustpath.claims.files import CLAIMS, CONTRAST_FILES
from robustpath.config.overrides import overrides
from robustpath.core.errors import UserError
from robustpath.data import registry
from robustpath.figures.manifest import check_names, manifest
from robustpath.operations.site import site

ROOT = Path(__file__).parents[1]
CONFIG = study.load(ROOT / "config.yaml")
EACH = int(os.environ.get("ROBUSTPATH_MUTATIONS", "8"))
HANG = 20  # seconds of computing after which a mutation counts as one that never ends
ODD = (
    r"""
.nan|-.inf|1.0e+999|1e999|010|0120|1:30|1:30.5|2001-02-30|2001-02-03|2001-02-03 04:05:06|null|true|no|~|''|"a\0b"
"\ud800"|"\U00110000"
!!int b|!!int ''|!!binary QQ==|!!set {a}|!!python/name:os.system|&a [*a]|&a {b: *a}|*nothing|[]|{}|[[1]]
{a: 1}|[zebra]|zebra|'[100]'|'12'|-1|7|2.5|1e3|0x1F|@|`|%|[|{|"|- a
a: b|<<: 1|zébra|x y|../x|{? [a] : b}|{1: 2}|'{x}'
""".strip()
    .replace("\n", "|")
    .split("|")
)
ODD += [
    "1" + "0" * 400, "9" * 5000, "0x" + "f" * 5000, "[" * 60 + "]" * 60, "[" * 40_000, "{a: " * 9_000, "- " * 7_000,
    "z" * 2000, "\t1",
]  # fmt: skip


def chain(levels=9, breadth=9):
    """Aliases of aliases: 9 ** 9 values in a few hundred letters."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * breadth)}]" for n in range(1, levels))]
    return "\n".join(lines)


def misspelt(draw, word):
    place = draw.randrange(len(word))
    kept = word[:place], word[place], word[place + 1 :]
    return draw.choice(
        [kept[0] + kept[2], "".join([kept[0], kept[1] * 2, kept[2]]), word[::-1], word.upper(), word + "s"]
    )


def some_line(draw, lines):
    return draw.choice([number for number, line in enumerate(lines) if re.search(r"[\w]", line.partition("#")[0])])


def deleted(draw, lines):
    at = some_line(draw, lines)
    return [*lines[:at], *lines[at + 1 :]]


def repeated(draw, lines):
    at = some_line(draw, lines)
    return [*lines[: at + 1], lines[at], *lines[at + 1 :]]


def edited(draw, lines, pattern, put):
    """One match of a pattern, in a line drawn among those that have one, replaced by what `put` makes of it."""
    kept = [(number, line) for number, line in enumerate(lines) if not line.lstrip().startswith("#")]
    found = [(number, match) for number, line in kept for match in re.finditer(pattern, line)]
    if not found:
        return lines
    at, match = draw.choice(found)
    return [*lines[:at], lines[at][: match.start()] + put(match.group()) + lines[at][match.end() :], *lines[at + 1 :]]


def odd_value(draw, lines):
    return edited(draw, lines, r"(?<=: )[^{}\[\],#]+|(?<=\[)[^\[\]]+(?=\])|(?<=- )\w+$", lambda _: draw.choice(ODD))


def misspelt_key(draw, lines):
    return edited(draw, lines, r"[a-z_]\w*(?=:)", lambda word: misspelt(draw, word))


def misspelt_name(draw, lines):
    return edited(draw, lines, r"(?<=[ \[])[a-z_]\w+(?=[,\]]|$)", lambda word: misspelt(draw, word))


def moved(draw, lines):
    at, to = some_line(draw, lines), some_line(draw, lines)
    rest = [*lines[:at], *lines[at + 1 :]]
    return [*rest[:to], lines[at], *rest[to:]]


def indented(draw, lines):
    at = some_line(draw, lines)
    return [*lines[:at], draw.choice([" ", "  ", "\t"]) + lines[at], *lines[at + 1 :]]


def cut(draw, lines):
    text = "\n".join(lines)
    return text[: draw.randrange(len(text))].split("\n")


def aliased(draw, lines):
    return draw.choice([[*lines, chain()], [*lines, "zebra: &z {<<: *z}"], [*lines, "---", *lines], ["&top", *lines]])


def repeated_entry(draw, lines):
    return edited(draw, lines, r"(?<=\[)[^\[\],{}]+(?=[,\]])", lambda word: f"{word}, {word}")


def letters(draw, lines):
    """One letter of the text deleted, doubled or made another one."""
    text = "\n".join(lines)
    at = draw.randrange(len(text))
    others = [*":-[]{}'\"&*!|>%@#, \t\0\x7f\x85\u2028é"]
    return (text[:at] + draw.choice(["", text[at] * 2, *others]) + text[at + 1 :]).split("\n")


MUTATIONS = (
    deleted, repeated, odd_value, odd_value, odd_value, misspelt_key, misspelt_name, moved, indented, cut, aliased,
    repeated_entry, letters,
)  # fmt: skip


def mutated(draw, text):
    """The bytes of a text with one mutation."""
    change = draw.choice(MUTATIONS)
    content = "\n".join(change(draw, text.split("\n"))).encode("utf-8", "surrogatepass")
    if content and draw.random() < 0.05:  # what another encoding, or a broken disk, would leave
        at = draw.randrange(len(content))
        content = content[:at] + draw.choice([b"\xe9", b"\xff", b"\0"]) + content[at + 1 :]
    return change.__name__, content


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def of_config(draw, folder):
    change, content = mutated(draw, (ROOT / "config.yaml").read_text(encoding="utf-8"))
    return change, lambda: study.load(written(folder, "config.yaml", content))


def of_claims(draw, folder):
    change, content = mutated(draw, (ROOT / CLAIMS).read_text(encoding="utf-8"))

    def read():
        claims = model.load(written(folder, "claims.yaml", content))
        model.check_names(claims, methods.names())
        experiments.check(CLAIMS, claims, CONFIG)

    return change, read


def of_contrasts(draw, folder):
    file = draw.choice(list(CONTRAST_FILES))
    change, content = mutated(draw, (ROOT / file).read_text(encoding="utf-8"))

    def read():
        path = written(folder, Path(file).name, content)
        contrasts = contrast_model.load(path)
        known = contrast_model.Known(methods.names(), list(registry.DATASETS), list(experiments.everywhere(CONFIG)))
        contrast_model.check_names(path, contrasts, known)
        experiments.check_contrasts(str(path), contrasts, CONFIG)

    return change, read


def of_manifest(draw, folder):
    text = (ROOT / "notebooks/manifest.yaml").read_text(encoding="utf-8")
    change, content = mutated(draw, text)

    def read():
        entries = manifest(written(folder, "manifest.yaml", content))
        check_names(entries, study.experiments(CONFIG))

    for name in re.findall(r"^(\w+):$", text, re.M):
        (folder / f"{name}.py").touch()
    return change, read


def of_site(draw, folder):
    change, content = mutated(draw, "account: ours\npartition: short\ngpu_partition: long\ngpu_model: a100\n")
    return change, lambda: site(written(folder, "site.yaml", content), {})


def of_command_line(draw, folder):
    """KEY=VALUE, where Snakemake has seen to the key and has ended without a word of ours if it is none."""
    key, value = draw.choice([
        ("scale", "smoke"),
        ("confidence", "0.9"),
        ("verify", "{level: 2, cells: 3, seed: 0, minutes: 10}"),
        ("methods", "[sgd, adamw, sam, short_descent]"),
        ("scales", "{smoke: {batch_size: 16, hidden: [8, 8], experiments: {minima: {label_noise: [0.0, 0.2]}}}}"),
        ("scales", "{smoke: {experiments: {lengths: {grid: {share: [0.1, 0.5]}}, data_efficiency: {budget: 120}}}}"),
    ])  # fmt: skip
    if draw.random() < 0.4:
        change, value = "odd value", draw.choice([*ODD, "{" + chain().replace("\n", ", ") + "}"])
    else:
        change, content = mutated(draw, value)
        value = content.decode("utf-8", "surrogateescape")  # as Python has the words of a command line
    return change, lambda: study.load(ROOT / "config.yaml", overrides([f"{key}={value}"]))


KINDS = {
    "config.yaml": of_config,
    "claims.yaml": of_claims,
    "claims of contrasts": of_contrasts,
    "manifest.yaml": of_manifest,
    "site.yaml": of_site,
    "--config": of_command_line,
}


@contextmanager
def ending():
    """Stop what computes without end."""

    def stop(number, frame):
        raise TimeoutError(f"not read after {HANG} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def outcome(read):
    """Whether a mutation is read, refused with one sentence, or what else it ends with."""
    try:
        with ending():
            read()
    except UserError as error:
        text = str(error)
        dump = re.search(r"Traceback|pydantic|validation error|<class|object at 0x|yaml\.org", text)
        if len(text.splitlines()) == 1 and len(text) <= 900 and text.isprintable() and not dump:
            return "refused", text
        return "other", text
    except Exception as error:
        return "other", f"{type(error).__name__}: {error}"
    return "loaded", ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_is_refused_in_one_sentence_or_loads(kind, tmp_path):
    count, slowest, bad = Counter(), 0.0, []
    for number in range(EACH):
        change, read = KINDS[kind](random.Random(f"{kind} {number}"), tmp_path)
        began = process_time()
        what, text = outcome(read)
        slowest = max(slowest, process_time() - began)
        count[what] += 1
        if what == "other":
            bad.append(f"{number} {change}: {text[:1000]}")
    print("", kind, *(f"{count[what]} {what}" for what in ("refused", "loaded", "other")), f"{slowest:.2f} s", sep="\t")
    assert not bad, f"{len(bad)} of {EACH}\n" + "\n".join(bad[:20])
    assert count["refused"] >= EACH // 3
