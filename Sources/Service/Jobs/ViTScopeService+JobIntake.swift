import Catalogue
import Engine
import Jobs
import JSON
import Platform
import Runs
import Training

// What is looked at before a job is taken.
extension ViTScopeService {
    /// The request that a job makes.
    ///
    /// - Throws: `invalid` with every fault, those of what the server knows among them.
    func request(_ config: JSONValue, trace: String? = nil) async throws -> JobRequest {
        let found = try await checked(config)
        let order = TrainingOrder(config: config, initFromPath: found.initFromPath)
        return try JobRequest(
            JobBody(.training(order), threads: found.threads(of: configuration.threads), trace: trace))
    }

    /// The request of `job` with another number of ranks, with which its run may go on.
    ///
    /// - Throws: `invalid` with every fault.
    func request(_ job: Job, ranks: Int) async throws -> JobRequest {
        guard let body = JobBody(job.request.body), case .training(let order) = body.work else {
            throw ServiceError.conflict("The job does not say what is to be done.")
        }
        func members(_ value: JSONValue?, without name: String) -> [JSONValue.Member] {
            (value?.object ?? []).filter { $0.name != name }
        }
        let resources = JSONValue.object(
            members(order.config["resources"], without: "ranks") + [.init("ranks", .int(ranks))])
        let config = JSONValue.object(
            members(order.config, without: "resources") + [.init("resources", resources)])
        let found = try await checked(config)
        let changed = TrainingOrder(config: config, initFromPath: found.initFromPath, allowsInexact: true)
        var request = job.request
        request.body = try JobBody(
            .training(changed), threads: found.threads(of: configuration.threads), trace: body.trace
        ).text()
        return request
    }

    /// What a job would need. Its first steps are made in a process of their own, which a job too large for the machine
    /// does not take the service along with.
    func estimate(_ posted: JSONValue) async throws -> JSONValue {
        let found = try await checked(posted)
        var config = posted
        if let path = found.initFromPath, case .object(let members) = config {
            config = .object(members.filter { $0.name != "init_from" } + [.init("init_from", .string(path))])
        }
        let folder = Folder.absolute(configuration.dataDirectory) + "/dry-runs"
        try Folder.create(folder)
        let file = "\(folder)/\(RandomBytes.hex(8)).json"
        try AtomicFile.write([Bytes(config.json)], to: file)
        defer { try? Folder.removeFile(file) }
        var arguments = ["train", "--config", file, "--dry-run", "--json"]
        if let datasets = configuration.datasetsDirectory { arguments += ["--datasets", Folder.absolute(datasets)] }
        arguments += ["--threads", "\(found.threads(of: configuration.threads))"]
        if let own = ProcessStatus.current { arguments += ["--parent", "\(own.identifier)"] }
        let result = try await dryRuns.run(configuration.jobs.program, arguments)
        guard result.succeeded, let answer = JSONValue(json: result.output)?.object else {
            throw ServiceError.invalid("", "The first steps could not be made. \(Self.cause(result.errors))")
        }
        // The process was told where the checkpoint lies; the user is told what they called it.
        return .object(
            answer.map { $0.name == "settings" ? .init($0.name, found.configuration.resolved) : $0 })
    }

    /// What the process said, without the paths of this machine.
    private static func cause(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).map { $0.hasPrefix("/") ? "…" : $0 }
        return words.joined(separator: " ").shortened(to: 600)
    }

    private func checked(_ config: JSONValue) async throws -> ValidatedJob {
        var faults: [Fault] = []
        if let name = config["analysis"]?["probe_set"]?.string {
            do { _ = try await probeSetStore.probeSet(name) } catch {
                faults.append(.init(pointer: "/analysis/probe_set", detail: error.detail))
            }
        }
        var validation = JobValidation(
            datasetsDirectory: configuration.datasetsDirectory, modelsDirectory: configuration.modelsDirectory,
            read: { [computing] in try await computing.read($0, $1) }
        ) { [self] (name) async throws(ServiceError) in
            if name.hasPrefix("job:") { return try await checkpointPath(name) }
            let sha256 = String(name.dropFirst("upload:".count))
            guard let path = uploads.path(of: sha256) else {
                throw .notFound(.upload, name: sha256.shortened, nearest: [])
            }
            return path
        }
        if TrainingOrder(config: config).executor == .slurm {
            // What the nodes have is the scheduler's to say.
            validation.memoryBytes = .infinity
            if self.configuration.jobs.slurm == nil {
                faults.append(
                    .init(
                        pointer: "/resources/executor",
                        detail: "This server has no cluster: it was started without --slurm-directory."))
            }
        }
        let found: ValidatedJob
        do { found = try await validation.check(config) } catch ServiceError.invalid(let more) {
            throw ServiceError.invalid(more + faults)
        }
        guard faults.isEmpty else { throw ServiceError.invalid(faults) }
        return found
    }
}
