"""Metrics of segmentation, each by its published definition; `(truth, prediction)` order.

| what is compared | one image | a set of images |
| --- | --- | --- |
| classes of pixels | `class_scores`, `confusion_matrix` | `ClassAccumulator` |
| class probabilities | `roc_auc`, `average_precision`, `reliability_curve` | |
| partitions into regions | `region_scores` | `RegionAccumulator`, `RegionBenchmark` |
| maps of cell borders | `border_thinned_scores` | |
| boundaries | `boundary_scores` | `BoundaryBenchmark` |
| superpixels | `superpixel_scores` | `SuperpixelBenchmark` |
| objects | `instance_scores`, `panoptic_quality` | `InstanceAccumulator` |
| surfaces of an object | `surface_distances`, `hausdorff_distance` | |

`ignore=` names labels of the truth whose pixels are not scored. It is 0 by default, which is
unlabelled, except for objects, whose 0 is background. Where a field has several truths for an
image, `truth` may be a list of them. Everything from classes to objects is arithmetic on one
`contingency_table`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
