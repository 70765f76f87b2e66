import ArgumentParser
import Foundation
import Logging
import Service
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

    @Flag(help: "Add the demo: a model and a probe set on built-in images.")
    var demo = false

    func run() async throws {
        let settings = try ServeSettings(
            flags: flags,
            sources: SettingSources(
                configFile: config, environment: ProcessInfo.processInfo.environment, known: ServeSettings.names),
            processors: ViTScopeService.processors)
        if printConfig {
            for row in settings.table { Terminal.print("\(row.name)\t\(row.value)\t\(row.source)") }
            return
        }
        try Self.refuseForeignAddress(settings.host.value)
        let logger = Self.logger(level: settings.logLevel.value)
        let service = ViTScopeService(configuration: Self.service(settings), logger: logger)
        do {
            try await service.start()
            if demo { try await service.addDemo() }
        } catch {
            await service.shutdown()
            throw Failure(error)
        }
        let signal = try await listen(service, settings: settings, logger: logger)
        await service.shutdown()
        if let signal {
            throw ExitCode(signal == .sigint ? ExitStatus.interrupted.rawValue : ExitStatus.terminated.rawValue)
        }
    }

    private func listen(
        _ service: ViTScopeService, settings: ServeSettings, logger: Logger
    ) async throws -> UnixSignal? {
        var configuration = WebServerConfiguration(
            info: ServerInfo(version: Version.text, revision: ViTScopeService.revision))
        configuration.host = settings.host.value
        configuration.port = settings.port.value
        configuration.allowedHosts = settings.allowHosts.value
        configuration.pageDirectory = settings.page.value
        do {
            let server = try WebServer(service: service, configuration: configuration, logger: logger) { address in
                Terminal.print("listening on \(address)")
            }
            return try await server.runUntilSignal()
        } catch let error as WebServerError {
            await service.shutdown()
            throw Failure("\(error)", .unavailable)
        }
    }

    /// Whoever reaches the port may load, analyse and delete, so only this machine reaches it.
    private static func refuseForeignAddress(_ host: String) throws {
        guard host == "localhost" || host == "::1" || host.hasPrefix("127.") else {
            throw Failure(
                "\(host) is not a loopback address. The server has no accounts: leave --host at 127.0.0.1 and put a "
                    + "reverse proxy with access control in front, as deploy/nginx.conf does.", .configuration)
        }
    }

    private static func service(_ settings: ServeSettings) -> ServiceConfiguration {
        var configuration = ServiceConfiguration(
            modelsDirectory: settings.models.value, datasetsDirectory: settings.datasets.value,
            dataDirectory: settings.data.value, threads: settings.threads.value)
        configuration.codeVersion = Version.text
        return configuration
    }

    private static func logger(level: String) -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "vitscope")
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }
}
