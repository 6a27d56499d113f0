"""Pickles that hold arrays, read without running anything: of the steps of a pickle only those that put together
arrays, numbers, text and containers of them are taken, and an array is made once its bytes are seen to fill its shape.

Neither the classes nor the functions that a pickle names are called, not even numpy's own: its types take a state that
makes them read memory that is not theirs.
"""

import math
import pickletools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

MOST_STEPS = 1_000_000  # five times what the largest batch of CIFAR-100 takes
MOST_AXES = 4
MODULES = {"numpy", "numpy.core.multiarray", "numpy._core.multiarray"}
ADMITTED = {"_reconstruct", "ndarray", "dtype"}
TYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}
PLAIN = (3, None, None, None, -1, -1, 0)  # the state of a dtype without parts, fields or alignment, beside its order
VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
PUTS, GETS = {"PUT", "BINPUT", "LONG_BINPUT"}, {"GET", "BINGET", "LONG_BINGET"}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Name(NamedTuple):
    """Something of a module that a pickle asks for by its name."""

    module: str
    name: str


@dataclass
class _Type:
    """A dtype: its code, such as u1, and once its state is known the order of its bytes."""

    code: str
    order: str = ""


@dataclass
class _Array:
    """An array, none until its state is known."""

    value: np.ndarray | None = None


def read(content: bytes) -> dict[str, Any]:
    """What a pickle of Python 2 or 3 holds by its keys; ValueError where it is damaged, is no mapping, or asks for
    anything but numpy's arrays."""
    try:
        held = _run(content)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a pickle of arrays ({type(error).__name__}: {error})") from None
    if not isinstance(held, dict):
        raise ValueError("the pickle does not hold a mapping")
    return {key: _whole(value) if isinstance(value, _Array) else value for key, value in held.items()}


def _run(content: bytes) -> Any:
    """The last value that the steps of a pickle leave."""
    stack, marks, memo = [], [], {}
    for number, (step, argument, _) in enumerate(pickletools.genops(content)):
        name = step.name
        if number >= MOST_STEPS:
            raise ValueError(f"the pickle has more than {MOST_STEPS:,} steps")
        if name in VALUES:
            stack.append(argument)
        elif name in PUTS or name == "MEMOIZE":
            memo[len(memo) if argument is None else argument] = stack[-1]
        elif name in GETS:
            stack.append(memo[argument])
        elif name == "MARK":
            marks.append(len(stack))
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name in ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS", *TUPLES, "APPEND", "SETITEM"):
            _gather(name, stack, marks)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            module, of_module = argument.split(" ", 1) if argument else (stack.pop(-2), stack.pop())
            stack.append(_admitted(module, of_module))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_made(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            _build(stack[-1], state)
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise ValueError(f"the pickle has a step {name}, which no array takes")
    return stack.pop()


def _gather(name: str, stack: list, marks: list[int]) -> None:
    """Make a container of the last values, or put them into the one before them."""
    start = marks.pop() if name in ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS") else None
    start = len(stack) - TUPLES.get(name, 2 if name == "SETITEM" else 1) if start is None else start
    if not 0 <= start <= len(stack):
        raise IndexError("a container of more values than there are")
    values = stack[start:]
    del stack[start:]
    if name == "TUPLE" or name in TUPLES:
        stack.append(tuple(values))
    elif name == "LIST":
        stack.append(values)
    elif name in ("APPEND", "APPENDS"):
        _of(list, stack[-1]).extend(values)
    else:
        pairs = dict(zip(map(_key, values[::2]), values[1::2], strict=True))
        if name == "DICT":
            stack.append(pairs)
        else:
            _of(dict, stack[-1]).update(pairs)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"a {type(value).__name__} where a {kind.__name__} is due")
    return value


def _key(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else _of(str, value)


def _admitted(module: str, name: str) -> _Name:
    if module not in MODULES or name not in ADMITTED:
        raise ValueError(f"the pickle asks for {module}.{name}, which is no part of an array")
    return _Name(module, name)


def _made(name: Any, arguments: Any) -> _Array | _Type:
    """What a call of numpy's _reconstruct or dtype stands for."""
    what = _of(_Name, name).name
    if what == "_reconstruct" and len(arguments) == 3 and getattr(arguments[0], "name", "") == "ndarray":
        return _Array()
    if what == "dtype" and arguments and _text(arguments[0]) in TYPES:
        return _Type(_text(arguments[0]))
    raise ValueError(f"the pickle calls {what} for another type than plain numbers")


def _build(target: Any, state: Any) -> None:
    """Give a type or an array its state."""
    if isinstance(target, _Type):
        order = _text(state[1])
        if (*state[:1], *state[2:]) != PLAIN or order not in ("|", "<", ">"):
            raise ValueError(f"the pickle has a type {target.code} that is not one of plain numbers")
        target.order = order
    else:
        _of(_Array, target).value = _filled(*state)


def _filled(version: Any, shape: Any, kind: Any, fortran: Any, data: Any) -> np.ndarray:
    """An array of its bytes; ValueError where they do not fill its shape."""
    lengths = _of(tuple, shape)
    if version != 1 or len(lengths) > MOST_AXES or not all(type(each) is int and each >= 0 for each in lengths):
        raise ValueError("the pickle has an array without a plain shape")
    if not _of(_Type, kind).order:
        raise ValueError("the pickle has an array without a plain type")
    data = data.encode("latin-1") if isinstance(data, str) else _of(bytes, data)  # Python 2 has bytes for text
    plain = np.dtype(kind.order + kind.code)
    if len(data) != math.prod(shape) * plain.itemsize:
        raise ValueError(f"the pickle has {len(data)} bytes for an array {kind.code} of shape {shape}")
    return np.frombuffer(data, plain).reshape(shape, order="F" if fortran else "C")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else _of(str, value)


def _whole(array: _Array) -> np.ndarray:
    if array.value is None:
        raise ValueError("the pickle has an array without content")
    return array.value
