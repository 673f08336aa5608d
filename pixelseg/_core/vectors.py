"""Eight float32 at a time: vectors that kernels hold in registers.

LLVM makes vectors of loops by itself, but not of short ones over rows of 8 to 32 numbers that are
reached by an index: tests for overlap and left-over turns cost more than the work. Kernels say it
there: `load(array, place)` gives the eight numbers from a place of a contiguous float32 array on,
counted as if it were flat, `store` puts eight back, `fill(number)` makes eight of one,
`multiply_add(a, b, c)` is a b + c, `largest(a, b)` and `add_up(a)` are what they say. Places are
not checked when compiled.

Uncompiled, a vector is an array of eight, and places are checked.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

#: Numbers of a vector.
LANES = 8


class _VectorType(types.Type):
    """Eight float32."""

    def __init__(self) -> None:
        super().__init__(name="Float32x8")


_vector = _VectorType()
_LLVM = ir.VectorType(ir.FloatType(), LANES)


@register_model(_VectorType)
class _VectorModel(models.PrimitiveModel):
    """A vector is a vector of LLVM."""

    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _LLVM)


def _address(context, builder, array_type, array, place):
    """A pointer to the eight numbers at a place of an array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), _LLVM.as_pointer())


def _fits(array) -> bool:
    return isinstance(array, types.Array) and array.layout == "C" and array.dtype == types.float32


def _compiled():
    """The functions as Numba compiles them into kernels."""

    @intrinsic
    def load(typing, array, place):
        def make(context, builder, signature, args):
            pointer = _address(context, builder, signature.args[0], *args)
            return builder.load(pointer, align=4)

        return (_vector(array, types.intp), make) if _fits(array) else None

    @intrinsic
    def store(typing, array, place, vector):
        def make(context, builder, signature, args):
            pointer = _address(context, builder, signature.args[0], *args[:2])
            builder.store(args[2], pointer, align=4)
            return context.get_dummy_value()

        return (types.void(array, types.intp, _vector), make) if _fits(array) else None

    @intrinsic
    def fill(typing, number):
        def make(context, builder, signature, args):
            one = builder.insert_element(
                ir.Constant(_LLVM, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0)
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
            return builder.shuffle_vector(one, one, zeros)

        return _vector(types.float32), make

    @intrinsic
    def multiply_add(typing, a, b, c):
        def make(context, builder, signature, args):
            flags = ("contract",)
            return builder.fadd(builder.fmul(*args[:2], flags=flags), args[2], flags=flags)

        return _vector(_vector, _vector, _vector), make

    @intrinsic
    def largest(typing, a, b):
        def make(context, builder, signature, args):
            return builder.select(builder.fcmp_ordered(">", *args), *args)

        return _vector(_vector, _vector), make

    @intrinsic
    def add_up(typing, a):
        def make(context, builder, signature, args):
            kind = ir.FunctionType(ir.FloatType(), [ir.FloatType(), _LLVM])
            reduce = cgutils.get_or_insert_function(
                builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32"
            )
            zero = ir.Constant(ir.FloatType(), 0.0)
            return builder.call(reduce, [zero, args[0]], fastmath=("reassoc",))

        return types.float32(_vector), make

    return load, store, fill, multiply_add, largest, add_up


def _uncompiled():
    """The same on arrays of eight."""

    def view(array, place):
        assert 0 <= place <= array.size - LANES
        assert array.dtype == np.float32
        assert array.flags.c_contiguous  # or what is written would go into a copy
        return array.reshape(-1)[place : place + LANES]

    def load(array, place):
        return view(array, place).copy()

    def store(array, place, vector):
        view(array, place)[:] = vector

    def fill(number):
        return np.full(LANES, number, np.float32)

    def multiply_add(a, b, c):
        return a * b + c

    def add_up(a):
        return a.sum()

    return load, store, fill, multiply_add, np.maximum, add_up


load, store, fill, multiply_add, largest, add_up = (
    _uncompiled() if config.DISABLE_JIT else _compiled()
)
