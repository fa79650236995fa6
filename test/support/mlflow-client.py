"""MLflow's own client against a tracking store: writes and reads, and prints what it saw as one JSON object."""

import json
import os
import sys
import tempfile

os.environ["MLFLOW_TRACKING_URI"] = sys.argv[1]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"

import mlflow
from mlflow.entities import AssessmentSource, SpanType
from mlflow.tracking import MlflowClient

client = MlflowClient()
seen = {"version": mlflow.__version__}

experiment = mlflow.set_experiment("python-client")
seen["experiment"] = experiment.experiment_id

# What the service writes, written by the client: a run with tags, params, metrics and an artifact.
with mlflow.start_run(run_name="an insight", tags={"mlflow.runType": "INSIGHTS"}) as run:
    mlflow.log_param("model", "builtin")
    mlflow.log_metrics({"clusters": 7, "share": 0.25}, step=1)
    mlflow.set_tag("mlflow.insights.stage", "publish")
    mlflow.log_dict({"clusters": [{"id": "1", "title": "Ünïcode"}]}, "mlflow_insights_cluster_details.json")
    mlflow.log_text("one\ntwo", "insights/prompts/summary@1.txt")
    run_id = run.info.run_id

got = client.get_run(run_id)
seen["run"] = {
    "name": got.info.run_name,
    "status": got.info.status,
    "params": got.data.params,
    "metrics": got.data.metrics,
    "type": got.data.tags["mlflow.runType"],
    "history": [metric.value for metric in client.get_metric_history(run_id, "clusters")],
}
found = client.search_runs([experiment.experiment_id], "tags.`mlflow.runType` = 'INSIGHTS' AND metrics.clusters > 6")
seen["runs"] = [each.info.run_id == run_id for each in found]
seen["artifacts"] = sorted(each.path for each in client.list_artifacts(run_id))
with tempfile.TemporaryDirectory() as folder:
    path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=folder)
    with open(os.path.join(path, "mlflow_insights_cluster_details.json"), encoding="utf-8") as file:
        seen["downloaded"] = json.load(file)
    with open(os.path.join(path, "insights/prompts/summary@1.txt"), encoding="utf-8") as file:
        seen["prompt"] = file.read()


# A trace as an instrumented agent makes it: spans go over OTLP in protobuf.
@mlflow.trace(name="search", span_type=SpanType.RETRIEVER)
def search(query):
    return [{"page_content": "Hold the button for ten seconds.", "metadata": {"title": query}}]


@mlflow.trace(name="nora", span_type=SpanType.AGENT)
def answer(question):
    mlflow.update_current_trace(
        tags={"language": "de"}, metadata={"mlflow.trace.session": "s-1", "mlflow.trace.user": "marta"}
    )
    documents = search(question)
    with mlflow.start_span("chat", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17})
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": documents[0]["page_content"]}}]})
    if "explode" in question:
        raise ValueError("boom")
    return documents[0]["page_content"]


answer("Wie starte ich das Thermostat neu?")
try:
    answer("please explode")
except ValueError:
    pass
mlflow.flush_trace_async_logging()

traces = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list", order_by=["timestamp_ms ASC"])
seen["traces"] = [
    {
        "state": str(trace.info.state.value),
        "spans": [[span.name, span.span_type, span.status.status_code.value] for span in trace.data.spans],
        "inputs": trace.data.spans[0].inputs,
        "tokens": trace.info.token_usage,
        "session": trace.info.trace_metadata.get("mlflow.trace.session"),
        "language": trace.info.tags.get("language"),
    }
    for trace in traces
]
ids = [trace.info.trace_id for trace in traces]
failed = mlflow.search_traces(
    locations=[experiment.experiment_id],
    filter_string="trace.status = 'ERROR' AND tag.language = 'de' AND span.name = 'nora'",
    return_type="list",
)
seen["failed"] = [trace.info.trace_id == ids[1] for trace in failed]
seen["frame"] = list(mlflow.search_traces(locations=[experiment.experiment_id]).trace_id) == list(reversed(ids))

# Feedback, an expectation, correction and deletion.
source = AssessmentSource(source_type="HUMAN", source_id="marta")
first = mlflow.log_feedback(trace_id=ids[0], name="helpful", value=False, source=source, rationale="too short")
mlflow.update_assessment(
    trace_id=ids[0],
    assessment_id=first.assessment_id,
    assessment=mlflow.entities.Feedback(name="helpful", value=False, source=source, rationale="far too short"),
)
second = mlflow.override_feedback(trace_id=ids[0], assessment_id=first.assessment_id, value=True, rationale="on reflection")
mlflow.log_expectation(trace_id=ids[0], name="answer", value={"steps": [1, 2]}, source=source)
gone = mlflow.log_feedback(trace_id=ids[0], name="gone", value=1, source=source)
mlflow.delete_assessment(trace_id=ids[0], assessment_id=gone.assessment_id)
mlflow.set_trace_tag(ids[0], "mlflow.insights.cluster_id", f"{run_id}/1.2")
mlflow.set_trace_tag(ids[0], "temporary", "x")
mlflow.delete_trace_tag(ids[0], "temporary")
again = mlflow.get_trace(ids[0])
seen["assessments"] = sorted(
    [each.name, each.valid, each.value if each.name != "answer" else each.expectation.value, each.rationale]
    for each in again.info.assessments
)
seen["fetched"] = mlflow.get_assessment(ids[0], second.assessment_id).overrides == first.assessment_id
seen["tags"] = {key: value for key, value in again.info.tags.items() if not key.startswith("mlflow.trace.")}
seen["run_id"] = run_id

# Links, when this client can make them.
link = getattr(client, "link_traces_to_run", None)
seen["can_link"] = link is not None
if link is not None:
    link(ids, run_id)
    linked = mlflow.search_traces(run_id=run_id, locations=[experiment.experiment_id], return_type="list")
    seen["linked"] = sorted(trace.info.trace_id for trace in linked) == sorted(ids)

seen["deleted"] = client.delete_traces(experiment.experiment_id, trace_ids=[ids[1]])
client.delete_run(run_id)
seen["stage"] = client.get_run(run_id).info.lifecycle_stage
print("SEEN " + json.dumps(seen))
