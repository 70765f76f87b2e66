import JSON
import Runs
import Service

/// The named schemas about jobs.
enum JobSchemas {
    static let states = ["queued", "running", "succeeded", "failed", "cancelled"]
    private static let events = ["state", "progress", "metric", "log", "checkpoint", "analysis", "warning", "end"]

    static var all: [(name: String, schema: Schema)] {
        [
            ("JobRequest", request), ("TrainingSettings", settings),
            ("TrainingSetting", setting), ("Job", job), ("JobProgress", progress), ("MetricSummary", summary),
            ("JobList", .object([("jobs", .array(.ref("Job"))), ("next_page_token", .optional(.string))])),
            ("JobEstimate", estimate), ("JobEvents", eventPage), ("JobMetrics", metrics),
            ("CheckpointList", checkpoints), ("Trajectory", trajectory),
        ]
    }

    private static let count = Schema.integer(atLeast: 0)
    private static let anyObject = Schema([("type", .string("object"))])

    private static func map(of schema: Schema) -> Schema {
        Schema([("type", .string("object")), ("additionalProperties", schema.value)])
    }

    /// As the settings are declared.
    private static var request: Schema { Schema(TrainingSettings.schema) }

    private static var settings: Schema {
        .object([
            (
                "methods",
                .array(
                    .object([
                        ("name", .string), ("title", .string), ("summary", .string), ("needs_checkpoint", .boolean),
                        ("learns_classes", .boolean), ("settings", .array(.string)), ("defaults", anyObject),
                    ]))
            ), ("settings", .array(.ref("TrainingSetting"))),
        ])
    }

    private static var setting: Schema {
        .object(
            [
                ("name", .string), ("type", .string), ("words", .string), ("required", .boolean),
                ("methods", .optional(.array(.string))), ("minimum", .number), ("maximum", .number),
                ("choices", .array(.string)), ("default", .any), ("longest", count), ("count", .array(count)),
                ("settings", .array(.ref("TrainingSetting"))),
            ], required: ["name", "type", "words", "required", "methods"])
    }

    private static var job: Schema {
        .object([
            ("id", .string), ("name", .optional(.string)), ("kind", .oneOf(["training", "analysis"])),
            ("method", .string), ("state", .oneOf(states)), ("held", .boolean), ("attempt", count), ("crashes", count),
            ("labels", map(of: .string)), ("parent_id", .optional(.string)), ("priority", .integer),
            ("queue_position", .optional(count)), ("expected_seconds", .optional(.number)), ("stalled", .boolean),
            ("cancel_requested_at", .optional(.time)),
            ("pause_requested_at", .optional(.time)), ("last_heartbeat_at", .optional(.time)),
            ("finish_reason", .optional(.string)),
            ("failure", .optional(.object([("reason", .string), ("message", .string)]))),
            ("progress", .optional(.ref("JobProgress"))), ("metrics", map(of: .ref("MetricSummary"))),
            ("checkpoint_step", .optional(count)), ("config", .any), ("created_at", .time),
            ("started_at", .optional(.time)), ("finished_at", .optional(.time)), ("links", map(of: .string)),
        ])
    }

    private static var progress: Schema {
        .object(
            [
                ("fraction", .number), ("epoch", .number), ("epochs", .number), ("step", count), ("steps", count),
                ("images_per_second", .optional(.number)), ("eta_seconds", .optional(.number)),
                ("message", .optional(.string)),
            ], required: [])
    }

    private static var summary: Schema {
        .object([
            ("last", .number), ("min", .number), ("min_step", count), ("max", .number), ("max_step", count),
        ])
    }

    private static var estimate: Schema {
        .object(
            [
                ("parameters", count), ("trainable_parameters", count), ("memory_bytes", count), ("memory", anyObject),
                ("ranks", count),
                ("n_images", count), ("n_classes", count), ("steps_per_epoch", count), ("epochs", count),
                ("seconds_per_epoch", .number), ("measured_steps", count), ("data", anyObject),
                ("settings", anyObject),
            ], required: ["parameters", "memory_bytes", "seconds_per_epoch"])
    }

    private static var eventPage: Schema {
        .object([
            (
                "events",
                .array(.object([("id", count), ("event", .oneOf(events)), ("at", .time), ("data", .any)]))
            ), ("next_after", count), ("over", .boolean),
        ])
    }

    private static var metrics: Schema {
        let series = Schema.object(
            [("steps", .array(count)), ("epochs", .array(.optional(.number))), ("values", .array(.optional(.number)))])
        return .object([("keys", .array(.string)), ("series", map(of: series))])
    }

    private static var checkpoints: Schema {
        .object([
            (
                "checkpoints",
                .array(
                    .object([
                        ("step", count), ("size_bytes", count), ("sha256", .string), ("model", .string),
                        ("links", map(of: .string)),
                    ]))
            ), ("latest_step", .optional(count)),
        ])
    }

    private static var trajectory: Schema {
        .object(
            [
                ("metric", .string), ("unit", .any), ("steps", .array(count)), ("epochs", .array(.number)),
                ("layers", .any), ("values", .array(.any)), ("sem", .array(.any)), ("reasons", .array(.any)),
            ], required: ["metric", "steps", "layers", "values", "reasons"])
    }
}
