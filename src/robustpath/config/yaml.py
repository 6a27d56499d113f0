"""The one reader of the study's YAML files: nothing is lost or misread in silence, and a mistake is reported with its
place and remedy."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from robustpath.config.errors import ConfigError, dotted, show

# What PyYAML's complaint holds; our words for it, where its own are of no help; and how to correct it.
MENDING = (
    (r"'\\t'", "a tab, where YAML wants spaces", "indent with spaces"),
    (r"expected ',' or", None, "close the {what} that {opened} opens, and put a comma between entries"),
    (r"while scanning a quoted scalar", None, "close the quotation mark that {opened} opens"),
    (r"expected a single document", "a second document begins", "keep one: delete the line of '---' and the other"),
    (r"undefined alias", None, "write the value itself in place of the alias"),
    (r"constructor for the tag", "a tag stands before a value", "write a plain value, without a tag that begins with "
     "'!'"),
    (r"unhashable key", "a list or mapping stands as a key", "write a name as the key"),
    (r"mapping values are not allowed", "a second ':'", "give each key a line of its own, keys of one level the same "
     "indentation, and text with a colon quotes"),
)  # fmt: skip
OTHERWISE = "correct the YAML there (indentation, brackets, quotes)"
HERE = "config.yaml"  # beside which commands are run

DEEPEST = 50  # levels of a file, aliases written out; no file of the study has ten
MOST = 200_000  # values of a file, aliases written out; config.yaml has 4,000
HELD = 5_000  # levels that the reader in C can hold; at some 25,000 it ends the process
TOO_DEEP = "is nested too deeply", "delete the surplus opening brackets"
LARGEST = 10**308  # whole numbers beyond are no floating-point number either
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# What YAML has beside text, numbers, truth values, lists and mappings; binary data and sets cannot be compared or kept.
FOREIGN = ("binary", "omap", "pairs", "set")


class _Strict:
    """YAML as usual, but what YAML 1.1 takes for another thing than it looks is an error, as is what is malformed."""

    def construct_yaml_int(self, node):
        """A whole number; refused where a leading zero makes it octal or colons make it sexagesimal."""
        text, number = node.value, super().construct_yaml_int(node)
        if ":" in text or re.fullmatch(r"[-+]?0[0-7_]+", text):
            raise _misread(node, f"{text} would be read as {number}", "write it without leading zeros or colons")
        if abs(number) > LARGEST:
            raise _misread(node, f"{show(text)} is larger than any number here can be", "write a smaller one")
        return number

    def construct_yaml_float(self, node):
        """A number; refused where colons make it sexagesimal or where it is too large to be held."""
        text, number = node.value, super().construct_yaml_float(node)
        if ":" in text:
            raise _misread(node, f"{text} would be read as {number}", "write it without colons")
        if not math.isfinite(number) and not re.fullmatch(r"[-+]?\.(inf|nan)", text, re.I):
            raise _misread(node, f"{show(text)} is larger than any number here can be", "write a smaller one")
        return number

    def construct_yaml_timestamp(self, node):
        """No value of the study is a date."""
        super().construct_yaml_timestamp(node)
        raise _misread(node, f"{node.value} would be read as a date", "put quotes around it if it is text")

    def construct_object(self, node, deep=False):
        """Any value; what its constructor cannot make of a scalar is reported with its place."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, OverflowError, AttributeError):
            kind = node.tag.rpartition(":")[2]
            raise _misread(
                node, f"{show(node.value)} reads as {kind} but is none", "correct it, or put quotes around it"
            ) from None


class _Loader(_Strict, yaml.SafeLoader):
    """In Python: slow, and its complaints are those that MENDING knows."""


class _Fast(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """In C, where PyYAML has it: several times as fast."""


for _each in (_Loader, _Fast):
    for _kind in ("int", "float", "timestamp"):
        _each.add_constructor(f"tag:yaml.org,2002:{_kind}", getattr(_Strict, f"construct_yaml_{_kind}"))
    for _kind in FOREIGN:
        _each.add_constructor(f"tag:yaml.org,2002:{_kind}", yaml.SafeLoader.construct_undefined)


def read(path: str | Path, beside: str = HERE) -> Any:
    """What the YAML file `path` holds; ConfigError names file, line and remedy.

    `beside`: a file of the folder where commands are run, for the remedy where `path` does not exist.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the folder that holds {beside}") from None
    except OSError as error:
        why = type(error).__name__
        raise ConfigError(f"{path}: cannot be read as a UTF-8 text file ({why}); put a readable file there") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8, or restore it from the repository"
        raise ConfigError(f"{path} line {line}: cannot be read as a UTF-8 text file; {remedy}") from None
    return parsed(text, str(path))


def parsed(text: str, source: str) -> Any:
    """What YAML text holds; ConfigError names the `source`, line and remedy."""
    try:
        return _parsed(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character {chr(error.character)!a} is not allowed"
        raise ConfigError(f"{source} line {line}: {what}; delete it, or restore the file from the repository") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{source} {_sentence(error)}") from None
    except RecursionError:  # of a PyYAML without its part in C
        raise ConfigError(f"{source}: {'; '.join(TOO_DEEP)}") from None


def _parsed(text: str) -> Any:
    try:
        _refuse_depth(text)
        return _by(_Fast, text)
    except yaml.YAMLError as error:
        if getattr(error, "note", None):  # words of our own
            raise
        refused = error
    try:
        _by(_Loader, text)
    except (ValueError, OverflowError):  # an escape for a character that there is not: C tells its place
        raise refused from None
    raise refused


def _refuse_depth(text: str) -> None:
    """Lists and mappings so deep that the reader in C would end the process are refused before it builds them."""
    if sum(map(text.count, "[{?-")) < HELD and " " * HELD not in text:
        return
    levels = 0
    for event in yaml.parse(text, Loader=_Fast):
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if levels > HELD:
            raise _misread(event, *TOO_DEEP)


def _by(reader: type, text: str) -> Any:
    loader = reader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, _File(text, "\\" in text, {}, set()), ())
        found = loader.construct_document(node)
    finally:
        loader.dispose()
    if "!" in text:
        _refuse_tags(reader, text)
    return found


class _File(NamedTuple):
    """The text of a file, whether it has escapes, what was measured of its nodes (values, levels), and those around."""

    text: str
    escapes: bool
    measured: dict[int, tuple[int, int]]
    around: set[int]


def _measure(node: yaml.Node, file: _File, path: tuple) -> tuple[int, int]:
    """The number of values of a node and of its levels, aliases written out.

    An error is a key given twice, of which the first would be lost in silence; a value that stands within itself; what
    is too deep or, by aliases of aliases, too much; and a control character that an escape makes.
    """
    if isinstance(node, yaml.ScalarNode):
        if file.escapes and (found := CONTROL.search(node.value)):
            raise _misread(node, f"the character {found.group()!a} is not allowed", "delete it")
        return 1, 0
    known = file.measured.get(id(node))
    if known is None:
        if id(node) in file.around:
            what = f"{dotted(path)} = {{…}} holds itself by an alias"
            raise _misread(node, what, "write the value itself in place of the alias")
        if len(path) > DEEPEST:
            raise _misread(node, *TOO_DEEP)
        file.around.add(id(node))
        values, levels = 1, 0
        for name, below in enumerate(node.value) if isinstance(node, yaml.SequenceNode) else _entries(node, file, path):
            size, height = _measure(below, file, (*path, name))
            values, levels = values + size, max(levels, height)
        file.around.discard(id(node))
        known = file.measured[id(node)] = (values, levels + 1)
    if known[0] > MOST:
        what = f"{dotted(path) or 'the whole file'} has more than {MOST:,} values, aliases written out"
        raise _misread(node, what, "take out aliases of aliases")
    if len(path) + known[1] > DEEPEST:
        raise _misread(node, *TOO_DEEP)
    return known


def _entries(node: yaml.MappingNode, file: _File, path: tuple) -> Iterator[tuple[str, yaml.Node]]:
    """Keys that may be more than a plain word, and all values, each with the name of its key."""
    first: dict[str, int] = {}
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if file.escapes or not name:
            yield name, key
        if name in first and isinstance(key, yaml.ScalarNode):
            given = " ".join(file.text[value.start_mark.index : value.end_mark.index].split())
            what = f"{dotted((*path, name))} = {show(given).strip(chr(39))} is given twice"
            raise _misread(key, what, f"keep one of the two (the other is in line {first[name]})")
        first[name] = key.start_mark.line + 1
        yield name, value


def _refuse_tags(reader: type, text: str) -> None:
    """A tag is an error also where the value is as it says: it makes text of a number in silence."""
    for token in yaml.scan(text, Loader=reader):
        if isinstance(token, yaml.TagToken):
            raise yaml.MarkedYAMLError(problem="constructor for the tag", problem_mark=token.start_mark)


def _misread(node: yaml.Node | yaml.Event, what: str, remedy: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=remedy)


def _sentence(error: yaml.MarkedYAMLError) -> str:
    """The place of an error, what is wrong there, and how to correct it."""
    place = _place(error.problem_mark or error.context_mark)
    if error.note:
        return f"{place}: {error.problem}; {error.note}"
    said = f"{error.context or ''} {error.problem}"
    words, remedy = next((rest for sign, *rest in MENDING if re.search(sign, said)), (None, OTHERWISE))
    opened = _place(error.context_mark or error.problem_mark)
    what = "brace" if "flow mapping" in said else "bracket"
    return f"{place}: {words or ' '.join(error.problem.split())[:200]}; {remedy.format(what=what, opened=opened)}"


def _place(mark: yaml.Mark | None) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "line 1"


def merge(base: Mapping, overrides: Mapping) -> dict:
    """`base` with the values of `overrides`, mappings merged key by key, anything else replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged
