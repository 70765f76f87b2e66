import ArgumentParser
import Foundation
import Logging
import Platform
import Reproduction
import Runs
import Service
import Storage
import UnixSignals
import WebAPI

/// Runs the HTTP service and the page until a signal.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the page and the HTTP API.",
        discussion: "The first line on stdout is “listening on http://HOST:PORT”. Logs go to stderr.")

    @OptionGroup var flags: ServeFlags

    @Option(help: "A JSON file of settings, weaker than flags and environment.")
    var config: String?

    @Flag(help: "Print every setting with where it came from, and stop.")
    var printConfig = false

    @Flag(help: "With --print-config: print JSON.")
    var json = false

    @Flag(help: "Add the demo: three small trained models, their untrained baseline, and a probe set.")
    var demo = false

    @Option(help: "With --demo: the folder with its jobs and checkpoints.")
    var demoDir: String?

    func run() async throws {
        let settings = try ServeSettings(
            flags: flags,
            sources: SettingSources(
                configFile: config, environment: ProcessInfo.processInfo.environment, known: ServeSettings.names),
            processors: ViTScopeService.processors)
        if printConfig {
            return try Self.printConfiguration(settings, json: json)
        }
        let openFiles = ViTScopeService.raiseOpenFiles()
        var web = try Self.web(settings)
        web.limits.fit(openFiles: openFiles)
        let logger = Self.logger(settings)
        let service = ViTScopeService(configuration: try await Self.service(settings), logger: logger)
        do {
            try await service.start()
            if demo { try await service.addDemo(DemoFolder(demoDir ?? InstalledFolders.demo)) }
        } catch {
            await service.shutdown()
            throw Failure(error)
        }
        let signal = try await Self.listen(service, web, logger: logger)
        await service.shutdown()
        if let signal {
            throw ExitCode(signal == .sigint ? ExitStatus.interrupted.rawValue : ExitStatus.terminated.rawValue)
        }
    }

    private static func printConfiguration(_ settings: ServeSettings, json: Bool) throws {
        guard json else {
            return settings.table.forEach { Terminal.print("\($0.name)\t\($0.value)\t\($0.source)") }
        }
        let rows = settings.table.map { ($0.name, ["value": $0.value, "source": $0.source]) }
        Terminal.print(try JSONText.encode(Dictionary(uniqueKeysWithValues: rows)))
    }

    /// Where and for whom to listen.
    private static func web(_ settings: ServeSettings) throws -> WebServerConfiguration {
        var configuration = WebServerConfiguration(
            info: ServerInfo(version: Version.text, revision: Machine.revision))
        configuration.host = settings.host.value
        configuration.port = settings.port.value
        configuration.allowedHosts = settings.allowHosts.value
        configuration.pageDirectory = settings.page.value
        let tokenFile = settings.tokenFile.value
        configuration.access = try access(tokenFile)
        if !tokenFile.isEmpty { configuration.accessAgain = { try access(tokenFile) } }
        configuration.allowsInsecureHTTP = settings.insecureHTTP.value
        do { try configuration.checkAccess() } catch { throw Failure("\(error)", .configuration) }
        return configuration
    }

    private static func listen(
        _ service: ViTScopeService, _ configuration: WebServerConfiguration, logger: Logger
    ) async throws -> UnixSignal? {
        do {
            let server = try WebServer(service: service, configuration: configuration, logger: logger) { address in
                Terminal.print("listening on \(address)")
            }
            return try await server.runUntilSignal()
        } catch let error as WebServerError {
            await service.shutdown()
            var advice = ""
            if case .cannotReadPage = error { advice = " Name the page's folder with --public." }
            throw Failure("\(error)" + advice, .unavailable)
        }
    }

    /// The token in the environment or in the file, if there is either.
    private static func access(_ tokenFile: String) throws -> AccessPolicy {
        do {
            if !tokenFile.isEmpty {
                guard let data = FileManager.default.contents(atPath: tokenFile) else {
                    throw Failure("cannot read the token file \(tokenFile)", .configuration)
                }
                let mode = try? FileManager.default.attributesOfItem(atPath: tokenFile)
                if let mode = mode?[.posixPermissions] as? Int, mode & 0o077 != 0 {
                    Terminal.write(
                        "vitscope: others on this machine may read the token file \(tokenFile); "
                            + "chmod 600 keeps them out\n")
                }
                return .token(try AccessToken(String(decoding: data, as: UTF8.self)))
            }
            guard let text = ProcessInfo.processInfo.environment["VITSCOPE_TOKEN"] else { return .open }
            return .token(try AccessToken(text))
        } catch let error as AccessTokenError { throw Failure("\(error)", .configuration) }
    }

    private static func service(_ settings: ServeSettings) async throws -> ServiceConfiguration {
        var configuration = ServiceConfiguration(
            modelsDirectory: settings.models.value, datasetsDirectory: settings.datasets.value,
            dataDirectory: settings.data.value, threads: settings.threads.value)
        configuration.codeVersion = Version.text
        configuration.jobs.openStores = { data in
            let jobs = try await SQLiteJobStore(path: data + "/jobs.sqlite")
            let results = try await SQLiteResultStore(path: data + "/results.sqlite")
            let warning = await jobs.moveResults(to: results)
            return JobStores(jobs: jobs, results: results, warnings: results.warnings + (warning.map { [$0] } ?? []))
        }
        configuration.jobs.trainings = settings.jobSlots.value
        configuration.jobs.analyses = settings.analysisSlots.value
        configuration.retention = settings.retention
        if !settings.slurmDirectory.value.isEmpty {
            let slurm = SlurmSettings(directory: Folder.absolute(settings.slurmDirectory.value))
            if let fault = await slurm.fault() { throw Failure(fault, .configuration) }
            configuration.jobs.slurm = slurm
        }
        if !settings.inProcess.value { configuration.processProgram = "/proc/self/exe" }
        return configuration
    }

    private static func logger(_ settings: ServeSettings) -> Logger {
        (LogFormat(rawValue: settings.logFormat.value) ?? .text).begin()
        var logger = Logger(label: "vitscope")
        logger.logLevel = Logger.Level(rawValue: settings.logLevel.value) ?? .info
        return logger
    }
}
