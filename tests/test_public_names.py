"""A new public name is a decision: it is written down here."""

from importlib import import_module
from types import ModuleType

import pytest

from . import house

#: The public names of every package, sorted.
PUBLIC = {
    "pixelseg": """
        DenseCRF FeatureBank ForestClassifier GraphCut GuidedFilter PixelClassifier features forest
        graph io load metrics plot refine superpixels
    """,
    "pixelseg.classify": """
        CrossValidation FittedModel InputSpec PixelClassifier REFINERS RowClassifier TilePlan
        TrainingRecord load
    """,
    "pixelseg.features": "FeatureBank FeaturePlan OPS Op compute_box workspace_bytes",
    "pixelseg.forest": "FlatForest FlatMLP ForestClassifier ScaledMLPClassifier",
    "pixelseg.graph": """
        GrabCut Labelling MinCut alpha_beta_swap alpha_expansion contrast_weights energy grabcut
        min_cut min_cut_sparse
    """,
    "pixelseg.io": """
        IMAGE_SUFFIXES ImageFile create_image read_image read_labels write_image
        write_labels
    """,
    "pixelseg.metrics": """
        BorderThinnedScores BoundaryAccumulator BoundaryCurve BoundaryMatching BoundaryPoint
        BoundaryScores ClassAccumulator ClassScores ContingencyTable Covering
        HierarchyAccumulator HierarchyCurve ImageCovering InstanceAccumulator
        InstanceImageScores InstanceScores InstanceSetScores PanopticQuality PartitionScores
        RegionAccumulator RegionScores ReliabilityCurve SetScores SuperpixelAccumulator
        SuperpixelAverages SuperpixelScores SurfaceDistances ThresholdSummary
        VariationOfInformation accuracy adapted_rand adjusted_rand_index
        aggregated_jaccard_index average_over_k average_precision border_thinned_scores
        boundary_density boundary_map boundary_scores class_scores cohen_kappa compactness
        confusion_matrix contingency_table covering dice expected_calibration_error
        explained_variation hausdorff_distance instance_scores iou match_boundaries mean_iou
        mean_surface_distance panoptic_quality rand_index recall region_scores
        reliability_curve roc_auc superpixel_averages superpixel_scores surface_distances
        thin_boundaries v_info variation_of_information
    """,
    "pixelseg.plot": "boundaries montage overlay palette probability_map strokes uncertainty_map",
    "pixelseg.refine": """
        DenseCRF FeatureKernel GraphCut GuidedFilter OutOfFold OutOfFoldImage Tuning dense_crf
        lattice_filter tune
    """,
    "pixelseg.superpixels": """
        enforce_connectivity etps felzenszwalb gradient_magnitude grid grid_seeds slic snic
        watershed
    """,
}


def test_every_package_has_its_line():
    assert house.public_packages() == list(PUBLIC)


@pytest.mark.parametrize("package", house.public_packages())
def test_public_names(package):
    found, written = house.public_names(package), PUBLIC.get(package, "").split()
    new, gone = sorted(set(found) - set(written)), sorted(set(written) - set(found))
    assert not new, f"new in {package}, and to be written down here: {' '.join(new)}"
    assert not gone, f"no longer in {package}: {' '.join(gone)}"
    assert written == sorted(written)


@pytest.mark.parametrize("package", house.public_packages())
def test_all_is_what_is_defined(package):
    module = import_module(package)
    names = set(house.public_names(package))
    assert house.defined_names(module) <= names, "defined without underscore, but not in __all__"
    things = {name: getattr(module, name) for name in names}
    assert all(thing is not None for thing in things.values())
    hidden = [name for name, thing in things.items() if isinstance(thing, ModuleType)]
    if package != "pixelseg":
        assert not hidden, "a file hides the public name that it bears"
