# Makes scipy-average.json: python scipy-average.py > scipy-average.json (numpy and scipy; then oxfmt).
import json

import numpy
import scipy
from scipy.cluster.hierarchy import fcluster, linkage

random = numpy.random.default_rng(1)


def case(kind, points):
    points = (points / numpy.linalg.norm(points, axis=1, keepdims=True)).astype(numpy.float32)
    tree = linkage(points.astype(float), "average", metric="cosine")
    gaps = numpy.diff(tree[:, 2])
    # Only cuts that no tie decides.
    cuts = {k: fcluster(tree, k, "maxclust").tolist() for k in (2, 3, 5) if gaps[len(points) - 1 - k] > 1e-4}
    return {
        "kind": kind,
        "rows": points.shape[0],
        "cols": points.shape[1],
        "points": [float(f"{value:.9g}") for value in points.ravel()],
        "heights": [float(f"{value:.8g}") for value in tree[:, 2]],
        "cuts": cuts,
    }


cases = [case("gaussian", random.normal(size=shape)) for shape in ((12, 4), (20, 3), (30, 8), (24, 16))]
for spread in (0.1, 0.5):
    centres = random.normal(size=(4, 6))
    cases.append(case("groups", centres[random.integers(0, 4, 28)] + spread * random.normal(size=(28, 6))))
distinct = random.normal(size=(9, 5))
cases.append(case("duplicates", distinct[numpy.arange(24) % 9]))
cases.append(case("ties", random.integers(1, 3, size=(16, 4)).astype(float)))
print(json.dumps({"source": f"scipy {scipy.__version__} linkage(points, 'average', metric='cosine')", "cases": cases}))
