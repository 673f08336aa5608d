from . import features as features
from . import forest as forest
from . import graph as graph
from . import io as io
from . import metrics as metrics
from . import plot as plot
from . import refine as refine
from . import superpixels as superpixels
from .classify import PixelClassifier as PixelClassifier
from .classify import load as load
from .features import FeatureBank as FeatureBank
from .forest import ForestClassifier as ForestClassifier
from .refine import DenseCRF as DenseCRF
from .refine import GraphCut as GraphCut
from .refine import GuidedFilter as GuidedFilter

__version__: str
