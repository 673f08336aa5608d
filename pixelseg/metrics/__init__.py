"""Metrics of segmentation, each by its published definition; `(truth, prediction)` order.

| what is compared | one image | a set of images |
| --- | --- | --- |
| classes of pixels | `class_scores`, `confusion_matrix` | `ClassAccumulator` |
| class probabilities | `roc_auc`, `average_precision`, `reliability_curve` | |
| partitions into regions | `region_scores` | `RegionAccumulator`, `HierarchyAccumulator` |
| maps of cell borders | `border_thinned_scores` | |
| boundaries | `boundary_scores` | `BoundaryAccumulator` |
| superpixels | `superpixel_scores` | `SuperpixelAccumulator` |
| objects | `instance_scores`, `panoptic_quality` | `InstanceAccumulator` |
| surfaces of an object | `surface_distances`, `hausdorff_distance` | |

Where a field has several truths for an image, `truth` may be a list of them. Everything from
classes to objects is arithmetic on one `contingency_table`. Every accumulator has `update`, `merge`
and `result`.

0 is what nobody labelled, or what is no segment and no object. `ignore=` says so of the truth and
`background=` of the prediction; None scores 0 as a label like the others.

| | 0 in the truth | 0 in the prediction |
| --- | --- | --- |
| classes, probabilities | left out (`ignore=0`) | an error where the truth is a class |
| partitions | left out (`ignore=0`) | no segment (`background=0`): each pixel stands alone |
| maps of cell borders | border, left out | a map has no labels |
| boundaries | left out (`ignore=0`) | no segment (`background=0`): no boundary at it |
| superpixels | left out (`ignore=0`) | outside, as by `mask` (`background=0`) |
| objects | background, which is scored; `ignore` is for void | background |
"""

from ._accumulator import SetScores
from ._contingency import ContingencyTable, contingency_table
from .border_thinned import BorderThinnedScores, border_thinned_scores
from .boundaries import BoundaryScores, boundary_map, boundary_scores
from .boundary_accumulator import BoundaryAccumulator, BoundaryCurve, BoundaryPoint
from .calibration import ReliabilityCurve, expected_calibration_error, reliability_curve
from .classes import (
    ClassAccumulator,
    ClassScores,
    accuracy,
    class_scores,
    cohen_kappa,
    dice,
    iou,
    mean_iou,
    recall,
)
from .confusion import confusion_matrix
from .covering import Covering, covering
from .hierarchy_accumulator import (
    HierarchyAccumulator,
    HierarchyCurve,
    ImageCovering,
    ThresholdSummary,
)
from .information import VariationOfInformation, v_info, variation_of_information
from .instances import (
    InstanceAccumulator,
    InstanceImageScores,
    InstanceScores,
    InstanceSetScores,
    PanopticQuality,
    aggregated_jaccard_index,
    instance_scores,
    panoptic_quality,
)
from .matching import BoundaryMatching, match_boundaries
from .rand import PartitionScores, adapted_rand, adjusted_rand_index, rand_index
from .ranking import average_precision, roc_auc
from .regions import RegionAccumulator, RegionScores, region_scores
from .superpixel_averages import SuperpixelAverages, average_over_k, superpixel_averages
from .superpixels import (
    SuperpixelAccumulator,
    SuperpixelScores,
    boundary_density,
    compactness,
    explained_variation,
    superpixel_scores,
)
from .surfaces import SurfaceDistances, hausdorff_distance, mean_surface_distance, surface_distances
from .thinning import thin_boundaries

# By subject, as in the table above.
__all__ = [
    "SetScores",
    "contingency_table", "ContingencyTable",
    "class_scores", "ClassAccumulator", "ClassScores", "confusion_matrix", "accuracy", "recall",
    "iou", "mean_iou", "dice", "cohen_kappa",
    "roc_auc", "average_precision", "reliability_curve", "ReliabilityCurve",
    "expected_calibration_error",
    "region_scores", "RegionAccumulator", "RegionScores", "covering", "Covering", "rand_index",
    "adjusted_rand_index", "adapted_rand", "PartitionScores", "v_info", "variation_of_information",
    "VariationOfInformation", "border_thinned_scores", "BorderThinnedScores",
    "HierarchyAccumulator", "HierarchyCurve", "ThresholdSummary", "ImageCovering",
    "boundary_scores", "BoundaryScores", "BoundaryAccumulator", "BoundaryCurve", "BoundaryPoint",
    "boundary_map", "thin_boundaries", "match_boundaries", "BoundaryMatching",
    "superpixel_scores", "SuperpixelAccumulator", "SuperpixelScores", "explained_variation",
    "compactness", "boundary_density", "superpixel_averages", "SuperpixelAverages",
    "average_over_k",
    "instance_scores", "InstanceAccumulator", "InstanceScores", "InstanceImageScores",
    "InstanceSetScores", "panoptic_quality", "PanopticQuality", "aggregated_jaccard_index",
    "surface_distances", "SurfaceDistances", "hausdorff_distance", "mean_surface_distance",
]  # fmt: skip
