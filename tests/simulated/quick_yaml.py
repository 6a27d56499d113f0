"""YAML as PyYAML reads and writes it, by its part in C: config.yaml takes the part in Python half a second."""

import yaml


def loaded(text: str) -> object:
    """What YAML text holds."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def dumped(value: object, **options: object) -> str:
    """A value as YAML text."""
    return yaml.dump(value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), **options)
