"""What MLflow's own client says of a finished Insight: reads everything back and prints it as one JSON object.

Usage: verify_insight.py TRACKING_URI RUN_ID FOLDER [--older]

FOLDER receives the downloaded artifacts. --older: a newer Insight has written onto the same traces since, so the tag that
names the newest one may name another.
"""

import json
import os
import sys
from collections import Counter

tracking_uri, run_id, folder = sys.argv[1:4]
is_newest = "--older" not in sys.argv[4:]
os.environ["MLFLOW_TRACKING_URI"] = tracking_uri
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow
from mlflow.entities import RunStatus
from mlflow.tracking import MlflowClient

client = MlflowClient()
problems = Counter()


def check(holds, problem):
    if not holds:
        problems[problem] += 1


def search(**query):
    """All pages, without spans."""
    found, token = [], None
    while True:
        page = client.search_traces(
            locations=[experiment_id], max_results=500, page_token=token, include_spans=False, **query
        )
        found.extend(page)
        token = page.token
        if not token:
            return found


run = client.get_run(run_id)
experiment_id = run.info.experiment_id
tags, params, metrics = run.data.tags, run.data.params, run.data.metrics
check(RunStatus.from_string(run.info.status) == RunStatus.FINISHED, f"the run is {run.info.status}")
check(run.info.end_time is not None and run.info.end_time >= run.info.start_time, "the run has no end after its start")
for key in ["prompt", "overview", "trace_count", "filters", "stage", "schema_version"]:
    check(tags.get(f"mlflow.insights.{key}"), f"the run has no tag mlflow.insights.{key}")
check(tags.get("mlflow.runType") == "INSIGHTS", "the run's type is not INSIGHTS")
check(tags.get("mlflow.note.content"), "the run has no note")
for key in ["model", "reasoning_effort", "summary_model", "embedding_model", "prompt_versions", "seed", "sampling",
            "concurrency", "code_version"]:
    check(params.get(key), f"the run has no param {key}")

# Artifacts: present, downloadable, and parsed.
def list_all(path=None):
    for item in client.list_artifacts(run_id, path):
        if item.is_dir:
            yield from list_all(item.path)
        else:
            yield item.path


artifacts = sorted(list_all())
local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=folder)


def read(path):
    with open(os.path.join(local, path), encoding="utf-8") as file:
        return file.read()


details = json.loads(read("mlflow_insights_cluster_details.json"))
config = json.loads(read("insights/config.json"))
failures = json.loads(read("insights/failures.json"))["failures"]
summaries = [json.loads(line) for line in read("insights/summaries.jsonl").split("\n") if line]
for prompt in details["prompts"]:
    path = f"insights/prompts/{prompt['name']}@{prompt['version']}.txt"
    check(path in artifacts, f"there is no {path}")

# Counts reconcile: in the artifact, with the metrics, with the lists.
counts = details["counts"]
check(counts["selected"] == counts["summarized"] + counts["skipped"] + counts["failed"], "selected does not add up")
check(counts["summarized"] == counts["clustered"] + counts["unassigned"], "summarized does not add up")
for key, value in counts.items():
    check(metrics.get(f"traces_{key}") == value, f"the metric traces_{key} differs from the artifact")
check(tags.get("mlflow.insights.trace_count") == str(counts["selected"]), "the tag trace_count differs")
check(len(summaries) == counts["summarized"], "summaries.jsonl has another number of lines")
check(len(failures) == counts["failed"], "failures.json has another number of failures")
check(len(details["unassigned"]["trace_ids"]) == counts["unassigned"], "the unassigned are another number")


def visit(cluster, depth=1):
    """Leaves below a cluster as {trace id: cluster id}; checks sizes on the way."""
    placed, nodes, deepest = {}, 1, depth
    if not cluster["children"]:
        placed = {trace_id: cluster["id"] for trace_id in cluster["trace_ids"]}
        check(len(placed) == len(cluster["trace_ids"]), "a trace stands twice in one cluster")
    else:
        check(not cluster["trace_ids"], "a cluster with children holds traces")
    leaves = 0 if cluster["children"] else 1
    for child in cluster["children"]:
        below, below_nodes, below_leaves, below_depth = visit(child, depth + 1)
        check(not placed.keys() & below.keys(), "a trace stands in two clusters")
        placed.update(below)
        nodes, leaves, deepest = nodes + below_nodes, leaves + below_leaves, max(deepest, below_depth)
    check(cluster["size"] == len(placed), "a cluster's size is not the number of its traces")
    check(cluster["title"].strip(), "a cluster has no title")
    return placed, nodes, leaves, deepest


place, nodes, leaves, depth = {}, 0, 0, 0
for cluster in details["clusters"]:
    below, below_nodes, below_leaves, below_depth = visit(cluster)
    check(not place.keys() & below.keys(), "a trace stands in two clusters")
    place.update(below)
    nodes, leaves, depth = nodes + below_nodes, leaves + below_leaves, max(depth, below_depth)
check(len(place) == counts["clustered"], "the clusters hold another number of traces than are clustered")
check((metrics.get("clusters"), metrics.get("leaf_clusters"), metrics.get("depth")) == (nodes, leaves, depth),
      "the metrics clusters, leaf_clusters or depth differ from the tree")
for trace_id in details["unassigned"]["trace_ids"]:
    check(trace_id not in place, "an unassigned trace stands in a cluster")
    place[trace_id] = "unassigned"
check(set(place) == {line["trace_id"] for line in summaries}, "summaries.jsonl is about other traces")
mapped = json.loads(read("insights/map.json")) if "insights/map.json" in artifacts else details["map"]
check({point["trace_id"] for point in mapped} == set(place), "the map shows other traces")

# Links: what MLflow finds by the run is what was selected.
linked = {trace.info.trace_id: trace.info for trace in search(run_id=run_id)}
check(len(linked) == counts["selected"], f"MLflow finds {len(linked)} traces by the run, not {counts['selected']}")
unlinked = [trace_id for trace_id in place if trace_id not in linked]
check(not unlinked, f"{len(unlinked)} summarized traces are not linked")

# Every summarized trace: one assessment of ours with everything, and both tags.
text_of = {line["trace_id"]: line["summary"] for line in summaries}
per_trace, sources = Counter(), Counter()
example = None
for trace_id, info in linked.items():
    ours = [
        each for each in info.assessments
        if each.name == "insight_summary" and (each.metadata or {}).get("mlflow.assessment.sourceRunId") == run_id
    ]
    own_tag = info.tags.get(f"mlflow.insights.{run_id}.cluster_id")
    if trace_id not in place:
        check(not ours, "a trace without summary has an assessment")
        check(own_tag is None, "a trace without summary has a cluster tag")
        continue
    per_trace[len(ours)] += 1
    check(len(ours) == 1, f"a trace has {len(ours)} insight_summary assessments of this run")
    expected = f"{run_id}/{place[trace_id]}"
    check(own_tag == expected, "the Insight's own cluster tag is not the cluster in the artifact")
    newest = info.tags.get("mlflow.insights.cluster_id")
    check(newest == expected if is_newest else newest is not None, "the tag of the newest cluster is wrong")
    for each in ours:
        sources[f"{each.source.source_type}/{each.source.source_id}"] += 1
        check(each.valid is not False, "an assessment is not valid")
        check(isinstance(each.value, str) and each.value.strip(), "an assessment has no value")
        check(each.value == text_of[trace_id] or len(text_of[trace_id]) > 7_000, "an assessment is not the summary")
        check(each.rationale, "an assessment has no rationale")
        metadata = each.metadata or {}
        check(metadata.get("mlflow.insights.cluster_id") == expected, "an assessment names another cluster")
        for key in ["cluster_path", "prompt_version", "input_tokens", "output_tokens"]:
            check(metadata.get(f"mlflow.insights.{key}"), f"an assessment has no metadata mlflow.insights.{key}")
        example = example or {
            "value": each.value, "rationale": each.rationale, "metadata": metadata, "assessment_id": each.assessment_id
        }

# Evidence: verified quotes are what the artifact promises; that they are literal is checked by the service's own tests.
print("SEEN " + json.dumps({
    "version": mlflow.__version__,
    "status": run.info.status,
    "name": run.info.run_name,
    "counts": counts,
    "linked": len(linked),
    "assessments_per_trace": {str(key): value for key, value in per_trace.items()},
    "sources": dict(sources),
    "clusters": nodes,
    "leaf_clusters": leaves,
    "depth": depth,
    "params": params,
    "metrics": metrics,
    "artifacts": artifacts,
    "config_models": config["models"],
    "example": example,
    "folder": local,
    "problems": dict(problems),
}))
