"""Image segmentation from a few strokes, on a CPU.

Public names are listed in `__init__.pyi` and load on first use, so that `import pixelseg` takes
a few milliseconds and compiles nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
