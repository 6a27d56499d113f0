"""Values that no result depends on, such as an address to download from."""

from typing import TypeVar

Value = TypeVar("Value")


def unhashed(value: Value) -> Value:
    """Return `value` itself; fingerprints of code do not see what stands between the parentheses of this call.

    So editing it runs no job again. Use it only for what changes no number: an address, a name that is printed.
    """
    return value
