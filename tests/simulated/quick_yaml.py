"""YAML as PyYAML reads and writes it, by its part in C: config.yaml takes the part in Python half a second."""

import pickle
from functools import lru_cache

import yaml


def loaded(text: str) -> object:
    """What YAML text holds, of its own each time; the same text is parsed once."""
    return pickle.loads(_parsed(text))


@lru_cache(maxsize=16)
def _parsed(text: str) -> bytes:
    return pickle.dumps(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def dumped(value: object, **options: object) -> str:
    """A value as YAML text."""
    return yaml.dump(value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), **options)
