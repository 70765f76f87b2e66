import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import Platform
import Runs
import Service

/// The server itself: whether it lives, what it is, what it counts.
struct ServiceRoutes {
    let service: ViTScopeService
    let info: ServerInfo
    let metrics: @Sendable () async -> [UInt8]
    let problems = ProblemKind.allCases

    var routes: [Route] { [live, ready, metricsRoute, problem, about] }

    private var live: Route {
        Route(
            Operation(
                method: .get, path: "/livez", id: "live", tag: "service", summary: "Whether the process answers",
                answers: [.bytes("It does.", ["text/plain"])], isOpen: true), checksQuery: false
        ) { call in
            call.bytes(Array("ok".utf8), type: "text/plain; charset=utf-8", headers: [.cacheControl: "no-store"])
        }
    }

    private var ready: Route {
        Route(
            Operation(
                method: .get, path: "/readyz", id: "ready", tag: "service", summary: "Whether requests are welcome",
                answers: [.bytes("They are.", ["text/plain"])], problems: [.unavailable], isOpen: true),
            checksQuery: false
        ) { call in
            let obstacle: String? =
                switch service.readiness {
                case .ready: nil
                case .starting: "The server is starting."
                case .draining: "The server is stopping; what runs is finished first."
                case .readOnly: "The data directory cannot be written."
                case .notComputing: "The process that computes is being started."
                case .diskFull: "The disk of the data directory has no room."
                }
            if let obstacle { throw ServiceError.unavailable(obstacle) }
            return call.bytes(Array("ok".utf8), type: "text/plain; charset=utf-8", headers: [.cacheControl: "no-store"])
        }
    }

    private var metricsRoute: Route {
        Route(
            Operation(
                method: .get, path: "/metrics", id: "metrics", tag: "service", summary: "Metrics for Prometheus",
                answers: [.bytes("Text format 0.0.4.", ["text/plain"])]), checksQuery: false
        ) { call in
            call.bytes(
                await metrics(), type: "text/plain; version=0.0.4; charset=utf-8", headers: [.cacheControl: "no-store"])
        }
    }

    private var problem: Route {
        Route(
            Operation(
                method: .get, path: "/problems/{name}", id: "problem", tag: "service",
                summary: "What a kind of error means", parameters: [.path("name", "The end of a problem's `type`.")],
                answers: [.bytes("A short page.", ["text/html"])], problems: [.notFound], isOpen: true),
            checksQuery: false
        ) { call in
            guard let kind = ProblemKind(rawValue: call.name("name")) else {
                throw Problem(
                    .notFound, "There is no such kind of error: \(problems.map(\.rawValue).joined(separator: ", ")).")
            }
            let page = """
                <!doctype html>
                <html lang="en">
                <meta charset="utf-8">
                <title>\(kind.title)</title>
                <h1>\(kind.status.code) \(kind.title)</h1>
                <p>\(kind.explanation)</p>
                </html>

                """
            return call.bytes(
                Array(page.utf8), type: "text/html; charset=utf-8", headers: [.cacheControl: "max-age=3600"])
        }
    }

    private var about: Route {
        Route(
            Operation(
                method: .get, path: "/v1", id: "about", tag: "service", summary: "What this server is, and its limits",
                answers: [.json("The server.", .ref("Server"))], problems: [.notAcceptable, .invalid])
        ) { call in
            return try call.json(payload)
        }
    }

    private var payload: JSONValue {
        let limits = service.configuration.limits
        let processor = Machine.processor
        let paths = [
            ("self", "/v1"), ("models", "/v1/models"), ("uploads", "/v1/uploads"), ("images", "/v1/images"),
            ("datasets", "/v1/datasets"), ("jobs", "/v1/jobs"), ("probe_sets", "/v1/probe-sets"),
            ("training_settings", TrainingSettingsRoutes.path), ("analysis_kinds", "/v1/analysis-kinds"),
            ("cka", "/v1/cka"),
            ("openapi", "/openapi.json"), ("metrics", "/metrics"), ("page", "/"),
        ]
        return .object([
            .init("name", .string(info.name)),
            .init("version", .string(info.version)),
            .init("revision", .string(info.revision)),
            .init(
                "cpu",
                .object([
                    .init("model", .string(processor.model)),
                    .init("cores", .int(Machine.processors)),
                    .init("threads", .int(service.configuration.threads)),
                    .init("instruction_set", .string(ServiceRoutes.instructionSet(processor.flags))),
                ])),
            .init(
                "libraries",
                .object(ViTScopeService.libraries.map { .init($0.name, .string($0.version)) })),
            .init(
                "limits",
                .object([
                    .init("upload_bytes", .int(limits.uploadBytes)),
                    .init("image_bytes", .int(limits.imageBytes)),
                    .init("compute_bytes", .int(limits.computeBytes)),
                    .init("queue_length", .int(limits.queueLength)),
                    .init("images_per_request", .int(limits.imagesPerRequest)),
                    .init("probe_set_images", .int(limits.probeSetImages)),
                    .init("page_size", .int(limits.pageSize)),
                    .init("job_queue_length", .int(service.configuration.jobs.queueLength)),
                    .init("job_body_bytes", .int(JobRoutes.bodyLimit)),
                ])),
            .init("warnings", .list(service.warnings.map { .string($0) })),
            .init("links", .object(paths.map { .init($0.0, .string($0.1)) })),
        ])
    }

    /// The widest vector instructions there are, by their usual name.
    static func instructionSet(_ flags: [String]) -> String {
        let names = [
            ("amx_bf16", "amx"), ("avx512_bf16", "avx512_bf16"), ("avx512_vnni", "avx512_vnni"), ("avx512f", "avx512"),
            ("avx2", "avx2"), ("avx", "avx"), ("sse4_2", "sse4.2"), ("sve", "sve"), ("asimd", "neon"),
        ]
        return names.first { flags.contains($0.0) }?.1 ?? "baseline"
    }
}
