"""The data in a pickle file, by an interpreter that can only build data: nothing is imported and nothing is called.

It knows the instructions that dictionaries, lists, texts, numbers and NumPy arrays are written with (protocols 0 to 5,
by Python 2 and 3), and refuses every other. The names that such arrays mention are symbols here, not functions.
The instructions are those of https://docs.python.org/3/library/pickletools.html.
"""

import ast
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError

_MAX_STEPS = 1_000_000  # the largest published file has about 300,000
_MAX_LINE = 4096
_MARK = object()
_DAMAGE = (
    *(AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError),
    *(struct.error, SyntaxError, RecursionError, MemoryError),
)
_DTYPES = {"u1", "i1", "u2", "i2", "i4", "i8"}


class _Symbol(str):
    """A name that arrays are made with; it stands for itself."""


_RECONSTRUCT, _NDARRAY, _DTYPE = _Symbol("reconstruct"), _Symbol("ndarray"), _Symbol("dtype")
_ENCODE, _FROM_BUFFER = _Symbol("encode"), _Symbol("from buffer")
_SYMBOLS = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DTYPE,
    ("_codecs", "encode"): _ENCODE,
}


class _Type:
    """The type of an array's values, such as `|u1`."""

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "|"


class _Array:
    """An array, its values known once its state was read."""

    def __init__(self, values: NDArray[Any] | None = None) -> None:
        self.values = values


def read_inert(content: bytes) -> dict[str, Any]:
    """Return the dictionary that a pickle describes; long byte strings and arrays are views of `content`.

    Texts of Python 2 stay bytes. Raises `DataError` saying why it is refused; only the words after the file's name.
    """
    try:
        found = _Interpreter(content).run()
    except _DAMAGE as error:
        raise DataError(f"it is damaged ({type(error).__name__}: {str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise DataError(f"it holds a {type(found).__name__}, not a dictionary")
    return {text(key): value.values if isinstance(value, _Array) else value for key, value in found.items()}


def text(value: object) -> str:
    """Return a text of either Python as text."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value) if isinstance(value, str | int) else ""


class _Interpreter:
    def __init__(self, content: bytes) -> None:
        self.content = memoryview(content)
        self.at = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.encoded = 0

    def run(self) -> object:
        """Follow the instructions up to STOP."""
        for _ in range(_MAX_STEPS):
            code = self.take(1)[0]
            if code == ord("."):
                return self.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise DataError(f"it holds the pickle instruction {bytes([code])!r}, which plain data never needs")
            instruction(self)
        raise DataError(f"it has above {_MAX_STEPS:,} instructions")

    def take(self, count: int) -> memoryview:
        """Return the next bytes."""
        if count < 0 or self.at + count > len(self.content):
            raise DataError("it ends too early: it was cut")
        self.at += count
        return self.content[self.at - count : self.at]

    def number(self, form: str) -> int:
        """Return the next number, such as `<I`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        """Return the next line of a textual instruction."""
        piece = bytes(self.content[self.at : self.at + _MAX_LINE])
        end = piece.find(b"\n")
        if end < 0:
            raise DataError("it has a textual instruction without an end")
        self.at += end + 1
        return piece[:end].decode("latin-1")

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:  # noqa: ANN401
        """Take the value on top of the stack."""
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value should be")
        return value

    def marked(self) -> list[Any]:
        """Take all values above the last mark."""
        values: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def remember(self, index: int) -> None:
        """Keep the value on top of the stack."""
        self.memo[index] = self.stack[-1]

    def extend(self, values: list[Any]) -> None:
        """Append to the list on top of the stack."""
        if not isinstance(self.stack[-1], list):
            raise TypeError("values for what is no list")
        self.stack[-1].extend(values)

    def fill(self, values: list[Any]) -> None:
        """Put pairs into the dictionary on top of the stack."""
        target = self.stack[-1]
        if type(target) is not dict or not all(isinstance(key, str | bytes | int) for key in values[::2]):
            raise TypeError("pairs for what is no dictionary of names")
        target.update(zip(values[::2], values[1::2], strict=True))

    def name(self, module: object, name: object) -> None:
        """Put a symbol on the stack; any other name is refused."""
        symbol = _SYMBOLS.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if symbol is None:
            raise DataError(f"it asks for `{str(module)[:60]}.{str(name)[:60]}`, which plain data never needs")
        self.push(symbol)

    def reduce(self) -> None:
        """Do what the symbol below its arguments stands for."""
        arguments, symbol = self.pop(), self.pop()
        if not isinstance(symbol, _Symbol) or not isinstance(arguments, tuple):
            raise DataError("it calls something, which plain data never needs")
        if symbol is _RECONSTRUCT and arguments[0] is _NDARRAY:
            self.push(_Array())
        elif symbol is _FROM_BUFFER:
            raw, kind, shape, order = arguments
            self.push(_Array(_array(shape, kind, text(order) == "F", raw)))
        elif symbol is _DTYPE and text(arguments[0]) in _DTYPES:
            self.push(_Type(text(arguments[0])))
        elif symbol is _ENCODE and text(arguments[1]) == "latin1":
            self.encoded += len(arguments[0])
            if self.encoded > len(self.content):
                raise DataError("it unpacks to more than it holds")
            self.push(arguments[0].encode("latin-1"))
        else:
            raise DataError("it makes something that is neither an array of whole numbers nor text")

    def build(self) -> None:
        """Give the array or type on top of the stack its state."""
        state, target = self.pop(), self.stack[-1]
        if isinstance(target, _Type):
            target.order = text(state[1])
        elif isinstance(target, _Array):
            _, shape, kind, is_fortran, raw = state
            target.values = _array(shape, kind, bool(is_fortran), raw)
        else:
            raise DataError("it sets the state of an object, which plain data never needs")


def _array(shape: object, kind: object, is_fortran: bool, raw: object) -> NDArray[Any]:
    if not isinstance(kind, _Type) or kind.order not in "<>|=" or not isinstance(raw, bytes | memoryview):
        raise DataError("it holds an array of something else than whole numbers")
    if not isinstance(shape, tuple) or len(shape) > 4 or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError("an array of an impossible shape")
    dtype = np.dtype(kind.order + kind.code)
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError("an array of another size than its shape")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if is_fortran else "C")


def _whole(line: str) -> int | bool:
    return {"00": False, "01": True}[line] if line in ("00", "01") else int(line.removesuffix("L"))


def _quoted(line: str) -> bytes:
    value = ast.literal_eval("b" + line) if line[:1] in ("'", '"') else None
    if not isinstance(value, bytes):
        raise ValueError("a text that is not quoted")
    return value


def _bytes(form: str) -> Callable[[_Interpreter], None]:
    """Return the instruction for a byte string with its length before it; long ones stay where they are."""

    def instruction(state: _Interpreter) -> None:
        piece = state.take(state.number(form))
        state.push(piece if len(piece) > _MAX_LINE else bytes(piece))

    return instruction


def _unicode(form: str) -> Callable[[_Interpreter], None]:
    return lambda state: state.push(str(state.take(state.number(form)), "utf-8", "surrogatepass"))


def _top(count: int) -> Callable[[_Interpreter], None]:
    return lambda state: state.push(tuple([state.pop() for _ in range(count)][::-1]))


_INSTRUCTIONS: dict[int, Callable[[_Interpreter], Any]] = {
    0x80: lambda state: state.take(1),  # PROTO
    0x95: lambda state: state.take(8),  # FRAME
    ord("("): lambda state: state.push(_MARK),
    ord("0"): lambda state: state.stack.pop(),
    ord("1"): lambda state: state.marked(),
    ord("N"): lambda state: state.push(None),
    0x88: lambda state: state.push(True),
    0x89: lambda state: state.push(False),
    ord("I"): lambda state: state.push(_whole(state.line())),
    ord("L"): lambda state: state.push(_whole(state.line())),
    ord("J"): lambda state: state.push(state.number("<i")),
    ord("K"): lambda state: state.push(state.number("<B")),
    ord("M"): lambda state: state.push(state.number("<H")),
    0x8A: lambda state: state.push(int.from_bytes(state.take(state.number("<B")), "little", signed=True)),
    ord("S"): lambda state: state.push(_quoted(state.line())),
    ord("T"): _bytes("<i"),
    ord("U"): _bytes("<B"),
    ord("B"): _bytes("<I"),
    ord("C"): _bytes("<B"),
    0x8E: _bytes("<Q"),
    0x96: _bytes("<Q"),
    ord("V"): lambda state: state.push(state.line().encode("latin-1").decode("raw-unicode-escape")),
    ord("X"): _unicode("<I"),
    0x8C: _unicode("<B"),
    0x8D: _unicode("<Q"),
    ord(")"): lambda state: state.push(()),
    ord("t"): lambda state: state.push(tuple(state.marked())),
    0x85: _top(1),
    0x86: _top(2),
    0x87: _top(3),
    ord("]"): lambda state: state.push([]),
    ord("l"): lambda state: state.push(state.marked()),
    ord("a"): lambda state: state.extend([state.pop()]),
    ord("e"): lambda state: state.extend(state.marked()),
    ord("}"): lambda state: state.push({}),
    ord("d"): lambda state: (values := state.marked(), state.push({}), state.fill(values)),
    ord("s"): lambda state: state.fill([state.pop(), state.pop()][::-1]),
    ord("u"): lambda state: state.fill(state.marked()),
    ord("p"): lambda state: state.remember(int(state.line())),
    ord("q"): lambda state: state.remember(state.number("<B")),
    ord("r"): lambda state: state.remember(state.number("<I")),
    0x94: lambda state: state.remember(len(state.memo)),
    ord("g"): lambda state: state.push(state.memo[int(state.line())]),
    ord("h"): lambda state: state.push(state.memo[state.number("<B")]),
    ord("j"): lambda state: state.push(state.memo[state.number("<I")]),
    ord("c"): lambda state: state.name(state.line(), state.line()),
    0x93: lambda state: state.name(*[state.pop(), state.pop()][::-1]),
    ord("R"): lambda state: state.reduce(),
    ord("b"): lambda state: state.build(),
}
"""Each instruction by its code. Python's other instructions import, call or share, and are refused."""
