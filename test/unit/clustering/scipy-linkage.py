# Makes scipy-linkage.json: python scipy-linkage.py > scipy-linkage.json (numpy and scipy; then oxfmt).
import json

import numpy
import scipy
from scipy.cluster.hierarchy import fcluster, linkage

random = numpy.random.default_rng(2)


def normal(rows, cols):
    return random.normal(size=(rows, cols))


def groups():
    centres = 2 * random.normal(size=(4, 6))
    return centres[random.integers(0, 4, 24)] + random.normal(size=(24, 6))


def duplicates():
    return normal(8, 5)[numpy.arange(20) % 8]


def grid():
    return random.integers(0, 3, size=(16, 3)).astype(float) + [1, 0, 0]


sets = {
    "gaussian": lambda: normal(20, 4),
    "groups": groups,
    "duplicates": duplicates,
    "ties": grid,
    "long rows": lambda: normal(12, 48),
}


def tree_of(points, method, metric):
    if method == "ward" and metric == "cosine":
        points, metric = points / numpy.linalg.norm(points, axis=1, keepdims=True), "euclidean"
    return linkage(points, method, metric)


def is_decided(points, method, metric):
    """Whether ties leave the heights as they are whichever comes first."""
    heights = tree_of(points, method, metric)[:, 2]
    orders = [random.permutation(len(points)) for _ in range(200)]
    return all(numpy.allclose(tree_of(points[order], method, metric)[:, 2], heights, atol=1e-9) for order in orders)


def case(kind, method, metric):
    while True:
        points = sets[kind]().astype(numpy.float32).astype(float)
        if is_decided(points, method, metric):
            break
    tree = tree_of(points, method, metric)
    gaps = numpy.diff(tree[:, 2])
    return {
        "kind": kind,
        "method": method,
        "metric": metric,
        "rows": points.shape[0],
        "cols": points.shape[1],
        "points": [float(f"{value:.9g}") for value in points.ravel()],
        "heights": [float(f"{max(value, 0):.8g}") for value in tree[:, 2]],
        # Only cuts that no tie decides.
        "cuts": {k: fcluster(tree, k, "maxclust").tolist() for k in (2, 3, 5) if gaps[len(points) - 1 - k] > 1e-4},
    }


cases = [
    case(kind, method, metric)
    for method in ("ward", "average", "complete")
    for metric in ("euclidean", "cosine")
    for kind in sets
]
print(json.dumps({"source": f"scipy {scipy.__version__} linkage(points, method, metric)", "cases": cases}))
