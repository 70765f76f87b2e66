import ArgumentParser
import Catalogue
import Engine
import Foundation
import JSON
import Reproduction
import Service

/// Checks statements about a model, for pipelines.
struct Assert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what is claimed of a model; exit code 3 where it does not hold.",
        discussion: """
            vitscope assert --model moco_v3 --probe-set probe-64 'attention_nmi[-1] > 0.05' asks a server; with --images \
            the model is a file, and no server is needed. A statement is METRIC[.FIELD][INDEX]… > NUMBER, or has \
            mean(…), min(…) or max(…) on its left.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var checkpoint: CheckpointOptions

    @OptionGroup var preprocess: PreprocessFlags

    @Option(help: "A model of the server; with --images a checkpoint.")
    var model: String

    @Option(help: "A probe set of the server.")
    var probeSet: String?

    @Option(
        help: ArgumentHelp(
            "An image, a folder of them, or shapes-textures:0-31, instead of a server; repeatable.",
            valueName: "path"))
    var images: [String] = []

    @Option(name: [.customLong("set"), .customShort("s")], help: "A parameter of the analyses; repeatable.")
    var parameters: [String] = []

    @Argument(help: "Statements, all of which must hold.")
    var statements: [String]

    func validate() throws {
        if (probeSet == nil) == images.isEmpty {
            throw ValidationError("Say on which images: --probe-set NAME, or --images PATH….")
        }
        if statements.isEmpty { throw ValidationError("Say what must hold: 'attention_nmi[-1] > 0.05'.") }
    }

    func run() async throws {
        let parameters = try Analyze.parameters(parameters)
        do {
            let assertions = try statements.map { text throws(ServiceError) in try Assertion(text) }
            var answers: [AnalysisKind: [UInt8]] = [:]
            var verdicts: [Assertion.Verdict] = []
            let alone = StandaloneAnalysis(threads: ViTScopeService.processors, codeVersion: Version.text)
            for assertion in assertions {
                let kind = assertion.kind
                if answers[kind] == nil {
                    answers[kind] =
                        images.isEmpty ? try await ask(kind, parameters) : try await compute(kind, parameters, alone)
                }
                verdicts.append(try assertion.check(answers[kind] ?? []))
            }
            report(verdicts)
            let broken = verdicts.count { !$0.holds }
            if broken > 0 {
                throw Failure("\(broken) of \(verdicts.count) statements do not hold", .doesNotHold)
            }
        } catch let error as ServiceError { throw Failure(error) }
    }

    private func compute(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ analysis: StandaloneAnalysis
    ) async throws -> [UInt8] {
        let result = try await analysis.run(
            kind, models: [model], images: images, parameters: parameters,
            options: preprocess.added(to: try checkpoint.inspection()))
        return try await analysis.encode(result, as: .json).bytes
    }

    /// A long analysis runs in the server's queue; this waits for it.
    private func ask(_ kind: AnalysisKind, _ parameters: [AnalysisParameter]) async throws -> [UInt8] {
        let client = try server.client()
        var query: [(name: String, value: String?)] = [("probe_set", probeSet)]
        query += parameters.map { ($0.name, $0.value) }
        let path = kind.spec.path.split(separator: "/").map { $0 == "{name}" ? model : String($0) }
        if kind.spec.comparesTwo { query += [("a", model), ("b", model)] }
        var url = client.address.url(path, query)
        while true {
            let answer = try await client.send("GET", url, headers: ["Prefer": "wait=60"], seconds: 120)
            guard answer.head.status == 202 else { return [UInt8](answer.body) }
            guard let place = answer.head["Location"] else {
                throw Failure("the server did not say where its answer will be", .unavailable)
            }
            url = client.address.url(place.split(separator: "/").map(String.init), [])
        }
    }

    private func report(_ verdicts: [Assertion.Verdict]) {
        if server.json {
            let list = verdicts.map { verdict in
                JSONValue.object([
                    .init("assertion", .string(verdict.text)),
                    .init("actual", verdict.actual.map(JSONValue.double) ?? .null),
                    .init("holds", .bool(verdict.holds)),
                ])
            }
            Terminal.print(
                JSONValue.object([
                    .init("holds", .bool(verdicts.allSatisfy(\.holds))), .init("assertions", .list(list)),
                ]).json + [UInt8(ascii: "\n")])
            return
        }
        for verdict in verdicts {
            let actual = verdict.actual.map { "\($0)" } ?? "not defined"
            Terminal.print("\(verdict.holds ? "holds" : "BROKEN")  \(verdict.text)  (is \(actual))")
        }
    }
}
