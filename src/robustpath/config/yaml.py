"""Reading the file of the config: YAML in which nothing is lost or misread in silence, its mistakes told with their
place and remedy."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from robustpath.config.errors import ConfigError, dotted, show

# What PyYAML's complaint holds; our words for it, where its own are of no help; and how to mend it.
MENDING = (
    (r"'\\t'", "a tab, where YAML wants spaces", "indent with spaces"),
    (r"expected ',' or", None, "close the {what} that {opened} opens, and put a comma between entries"),
    (r"while scanning a quoted scalar", None, "close the quotation mark that {opened} opens"),
    (r"expected a single document", "a second document begins", "keep one: delete the line of '---' and the other"),
    (r"undefined alias", None, "write the value itself in place of the alias"),
    (r"constructor for the tag", None, "write a plain value, without a tag that begins with '!'"),
    (r"unhashable key", "a list or mapping stands as a key", "write a name as the key"),
    (r"mapping values are not allowed", "a second ':'", "give each key a line of its own, keys of one level the same "
     "indentation, and text with a colon quotes"),
)  # fmt: skip
OTHERWISE = "mend the YAML there (indentation, brackets, quotes)"


class _Strict:
    """YAML as usual, but a number that YAML 1.1 takes for another than it looks is an error, as is a malformed one."""

    def construct_yaml_int(self, node):
        """A whole number; refused where a leading zero makes it octal or colons make it sexagesimal."""
        text, number = node.value, super().construct_yaml_int(node)
        if ":" in text or re.fullmatch(r"[-+]?0[0-7_]+", text):
            raise _misread(node, f"{text} would be read as {number}", "write it without leading zeros or colons")
        return number

    def construct_object(self, node, deep=False):
        """Any value; what its constructor cannot make of a scalar is told with its place."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, OverflowError):
            kind = node.tag.rpartition(":")[2]
            raise _misread(
                node, f"{show(node.value)} reads as {kind} but is none", "correct it, or put quotes around it"
            ) from None


class _Loader(_Strict, yaml.SafeLoader):
    """In Python: slow, and its complaints are those that MENDING knows."""


class _Fast(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """In C, where PyYAML has it: several times as fast."""


for _each in (_Loader, _Fast):
    _each.add_constructor("tag:yaml.org,2002:int", _Strict.construct_yaml_int)


def read(path: str | Path) -> Any:
    """What the YAML file `path` holds; ConfigError names file, line and remedy."""
    content = b""
    try:
        content = Path(path).read_bytes()
        return _parsed(content.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the folder that holds config.yaml") from None
    except OSError as error:
        why = type(error).__name__
        raise ConfigError(f"{path}: cannot be read as a UTF-8 text file ({why}); put a readable file there") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8, or restore it from the repository"
        raise ConfigError(f"{path} line {line}: cannot be read as a UTF-8 text file; {remedy}") from None
    except yaml.reader.ReaderError as error:
        line = content.decode("utf-8").count("\n", 0, error.position) + 1
        what = f"the character {chr(error.character)!a} is not allowed"
        raise ConfigError(f"{path} line {line}: {what}; delete it, or restore the file from the repository") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path} {_told(error)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply; delete the surplus opening brackets") from None


def plain(text: str) -> Any:
    """What YAML text holds, with the rules and the complaints (yaml.YAMLError) of yaml.safe_load, but read in C."""
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return yaml.safe_load(text)


def _parsed(text: str) -> Any:
    try:
        return _by(_Fast, text)
    except (yaml.YAMLError, RecursionError):
        return _by(_Loader, text)


def _by(reader: type, text: str) -> Any:
    loader = reader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_twice(node, text, (), set())
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_twice(node: yaml.Node, text: str, path: tuple, seen: set[int]) -> None:
    """A key given twice is an error: the first one would be lost in silence."""
    if id(node) in seen:  # an alias: told where its anchor is
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, entry in enumerate(node.value):
            _refuse_twice(entry, text, (*path, position), seen)
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if isinstance(key, yaml.ScalarNode) and name in first:
                given = " ".join(text[value.start_mark.index : value.end_mark.index].split())
                what = f"{dotted((*path, name))} = {show(given).strip(chr(39))} is given twice"
                raise _misread(key, what, f"keep one of the two (the other is in line {first[name]})")
            first[name] = key.start_mark.line + 1
            _refuse_twice(value, text, (*path, name), seen)


def _misread(node: yaml.Node, what: str, remedy: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=remedy)


def _told(error: yaml.MarkedYAMLError) -> str:
    """The place of an error, what is wrong there, and how to mend it."""
    place = _place(error.problem_mark or error.context_mark)
    if error.note:
        return f"{place}: {error.problem}; {error.note}"
    said = f"{error.context or ''} {error.problem}"
    words, remedy = next((rest for sign, *rest in MENDING if re.search(sign, said)), (None, OTHERWISE))
    opened = _place(error.context_mark or error.problem_mark)
    what = "brace" if "flow mapping" in said else "bracket"
    return f"{place}: {words or error.problem}; {remedy.format(what=what, opened=opened)}"


def _place(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def merge(base: Mapping, overrides: Mapping) -> dict:
    """`base` with the values of `overrides`, mappings merged key by key, anything else replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged
