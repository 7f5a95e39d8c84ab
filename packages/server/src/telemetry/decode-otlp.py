# Reads one OTLP request in JSON with the official protobuf definitions, strictly, and prints what it holds as JSON. Ids are hex
# in OTLP and base64 in the mapping that protobuf has of itself. Arguments: folder of the definitions, `traces` or `metrics`.
import base64
import json
import sys

sys.path.insert(0, sys.argv[1])
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def with_bytes(value):
    if isinstance(value, list):
        return [with_bytes(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else with_bytes(item)
        for key, item in value.items()
    }


request = ExportTraceServiceRequest() if sys.argv[2] == "traces" else ExportMetricsServiceRequest()
json_format.ParseDict(with_bytes(json.load(sys.stdin)), request)
if sys.argv[2] == "traces":
    spans = [span for some in request.resource_spans for scope in some.scope_spans for span in scope.spans]
    shown = [
        [span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
         span.start_time_unix_nano, span.end_time_unix_nano, span.status.code, span.status.message,
         {each.key: json_format.MessageToDict(each.value) for each in span.attributes},
         [event.name for event in span.events], [link.span_id.hex() for link in span.links]]
        for span in spans
    ]
    resource = {each.key: each.value.string_value for each in request.resource_spans[0].resource.attributes}
else:
    metrics = [metric for some in request.resource_metrics for scope in some.scope_metrics for metric in scope.metrics]
    shown = [
        [metric.name, metric.unit, metric.WhichOneof("data"),
         [point.as_double for point in (metric.sum if metric.HasField("sum") else metric.gauge).data_points]]
        for metric in metrics
    ]
    resource = {each.key: each.value.string_value for each in request.resource_metrics[0].resource.attributes}
print(json.dumps({"shown": shown, "resource": resource}))
