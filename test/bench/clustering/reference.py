# The references, as their users write them. Prints one JSON object. Called by python.ts.
import json
import sys
import time

import numpy

task, path, *rest = sys.argv[1:]


def points():
    return numpy.fromfile(path, numpy.float32).reshape(-1, int(rest[0]))


def timed(run):
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def condensed_by_blas(x):
    n = len(x)
    norms = (x * x).sum(1)
    condensed = numpy.empty(n * (n - 1) // 2)
    at = 0
    for start in range(0, n, 1000):
        block = x[start : start + 1000]
        squared = norms[start : start + 1000, None] + norms[None, :] - 2 * (block @ x.T)
        distances = numpy.sqrt(numpy.maximum(squared, 0, out=squared), out=squared)
        for i in range(len(block)):
            row = distances[i, start + i + 1 :]
            condensed[at : at + len(row)] = row
            at += len(row)
    return condensed


if task == "fastcluster":
    import fastcluster
    from scipy.spatial.distance import pdist

    x = points().astype(float)
    print(json.dumps({"seconds": timed(lambda: fastcluster.linkage(pdist(x), "ward"))[0]}))
elif task == "blas":
    # The strongest reference: distances by matrix products in single precision.
    import fastcluster

    x = points()
    run = lambda: fastcluster.linkage(condensed_by_blas(x), "ward", preserve_input=False)
    print(json.dumps({"seconds": timed(run)[0]}))
elif task == "kmeans":
    from sklearn.cluster import KMeans

    x = points()
    found = []
    for seed in (1, 2, 3):
        found.append(timed(lambda: KMeans(int(rest[1]), n_init=1, random_state=seed).fit(x)))
        # On a busy machine its threads wait for each other: better one figure than none in time.
        if sum(seconds for seconds, _ in found) > 40:
            break
    print(json.dumps({"seconds": [s for s, _ in found], "inertia": [float(m.inertia_) for _, m in found]}))
elif task == "baseline":
    # TF-IDF and k-means with scikit-learn's defaults, told the true number of labels.
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    with open(path, encoding="utf-8") as file:
        texts = json.load(file)
    x = TfidfVectorizer().fit_transform(texts)
    print(json.dumps({"labels": {k: KMeans(int(k), n_init=1, random_state=1).fit_predict(x).tolist() for k in rest}}))
