"""The number of cores must not show in the bytes."""

import cv2
import numpy as np
from conftest import picture
from threadpoolctl import threadpool_info

from me_augment.demo.faces import Performance
from me_augment.generation.motion import measure_motion
from me_augment.threads import one_thread


def test_the_setting_holds_inside_and_is_restored():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        with one_thread():
            assert cv2.getNumThreads() == 1
            assert all(pool["num_threads"] == 1 for pool in threadpool_info() if pool["user_api"] == "blas")
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_motion_is_the_same_whatever_was_set_before(people):
    performance = Performance(people[0], {6: 0.5, 12: 0.7})
    frames = [picture(performance.frame(a)) for a in np.linspace(0, 1, 9)]
    before, found = cv2.getNumThreads(), []
    try:
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            with one_thread():
                found.append(measure_motion(frames, people[0].landmarks.astype(np.float32)).residual)
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
