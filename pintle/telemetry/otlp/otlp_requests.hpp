// The requests of OTLP by name, so that who passes them on need not see their classes.
#pragma once

namespace opentelemetry::proto::collector {
namespace trace::v1 {
class ExportTraceServiceRequest;
}
namespace metrics::v1 {
class ExportMetricsServiceRequest;
}
namespace logs::v1 {
class ExportLogsServiceRequest;
}
}  // namespace opentelemetry::proto::collector
