// A line of a trace file (the samples, the labelled real traces) as the pipeline sees it.
import type { Span, Trace } from '#/pipeline/trace.ts'

export type Line = {
  trace_id: string
  state: 'OK' | 'ERROR'
  request_preview: string
  response_preview: string
  spans: {
    span_id: string
    parent_id: string | null
    name: string
    span_type: string
    start_time_unix_nano: string | number
    end_time_unix_nano: string | number
    status: Span['status']
    status_message?: string
    inputs: unknown
    outputs: unknown
  }[]
}

export function toTrace(line: Line): Trace {
  return {
    info: {
      traceId: line.trace_id,
      experimentId: '1',
      state: line.state,
      requestTimeMs: 0,
      requestPreview: line.request_preview,
      responsePreview: line.response_preview,
      tags: {},
      metadata: {},
      assessments: [],
    },
    spans: line.spans.map((span) => ({
      spanId: span.span_id,
      parentId: span.parent_id,
      name: span.name,
      type: span.span_type,
      startMs: Number(span.start_time_unix_nano) / 1e6,
      endMs: Number(span.end_time_unix_nano) / 1e6,
      status: span.status,
      statusMessage: span.status_message ?? '',
      inputs: span.inputs,
      outputs: span.outputs,
      attributes: {},
      events: [],
    })),
    readShare: 1,
  }
}
