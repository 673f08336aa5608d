# Boundaries.
from .boundaries import BoundaryScores as BoundaryScores
from .boundaries import boundary_map as boundary_map
from .boundaries import boundary_scores as boundary_scores
from .boundary_benchmark import BoundaryBenchmark as BoundaryBenchmark
from .boundary_benchmark import BoundaryCurve as BoundaryCurve
from .boundary_benchmark import BoundaryPoint as BoundaryPoint
from .boundary_benchmark import boundary_benchmark as boundary_benchmark
from .matching import BoundaryMatching as BoundaryMatching
from .matching import match_boundaries as match_boundaries

# Surfaces.
from .surfaces import SurfaceDistances as SurfaceDistances
from .surfaces import hausdorff_distance as hausdorff_distance
from .surfaces import mean_surface_distance as mean_surface_distance
from .surfaces import surface_distances as surface_distances
from .thinning import thin_boundaries as thin_boundaries
