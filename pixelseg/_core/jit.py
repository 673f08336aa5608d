"""The one policy for compiling.

Every compiled function of pixelseg is made by `kernel`, so that Numba's options are named
here and nowhere else: signatures are lazy (nothing compiles at import), machine code is cached
on disk (a second session starts warm), the GIL is released (threads run kernels side by side),
division follows NumPy (no hidden branch), and no entry for C is made (an eighth of the time that
compiling takes). Only kernel files import this module, and with it Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from .jit_cache import KernelCache

#: Lets LLVM fuse a multiplication and an addition and ignore the sign of zero. It keeps NaN,
#: infinity and the order of sums. Only where every pixel runs through the same vector loop, or
#: its bits would depend on its place; the network is read 1.1 to 1.3 times as fast with it.
CONTRACT = frozenset({"contract", "nsz"})


def kernel(function: Callable | None = None, *, fastmath: frozenset[str] | None = None) -> Any:
    """Compile a function of arrays and scalars, on first call, by the policy above."""
    if function is None:
        return lambda function: kernel(function, fastmath=fastmath)
    compile_ = numba.njit(
        nogil=True,
        error_model="numpy",
        fastmath=set(fastmath or ()),
        no_cfunc_wrapper=True,
    )
    compiled = compile_(function)
    if not numba.config.DISABLE_JIT:
        compiled._cache = KernelCache(function)
    return compiled
