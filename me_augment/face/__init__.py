"""Faces: landmarks behind one protocol, alignment, correspondence, and the paper's facial prior."""

from me_augment.face.correspondence import face_map
from me_augment.face.detector import LandmarkDetector, NoFaceError, create_detector
from me_augment.face.geometry import aligned_crop, fit_similarity, interocular
from me_augment.face.prior import prior_points
from me_augment.face.thin_plate import ThinPlate

__all__ = [
    "LandmarkDetector",
    "NoFaceError",
    "ThinPlate",
    "aligned_crop",
    "create_detector",
    "face_map",
    "fit_similarity",
    "interocular",
    "prior_points",
]
