import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOHTTPTypes
import Platform
public import Service
public import ServiceLifecycle
public import UnixSignals

/// The HTTP server around a service that was started.
///
/// As a `ServiceLifecycle.Service` it drains on graceful shutdown: it takes no more connections, says 503 at `/readyz`,
/// finishes the requests in flight and returns. The service itself is started before and shut down afterwards by whoever
/// made it.
public struct WebServer: ServiceLifecycle.Service, CustomStringConvertible {
    private let service: ViTScopeService
    private let configuration: WebServerConfiguration
    private let logger: Logger
    private let assets: StaticAssets
    private let onListening: @Sendable (String) async -> Void

    /// - Parameter onListening: called once with the address that is bound, `http://HOST:PORT`.
    /// - Throws: `WebServerError.cannotReadPage`.
    public init(
        service: ViTScopeService, configuration: WebServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws(WebServerError) {
        self.service = service
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
        do throws(FileError) {
            assets = if let page = configuration.pageDirectory { try StaticAssets(directory: page) } else { .none }
        } catch {
            throw .cannotReadPage("\(error)")
        }
    }

    public var description: String { "web server" }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: `WebServerError.cannotListen` where the address is taken or not ours.
    public func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await application().run()
            } onGracefulShutdown: {
                service.beginDraining()
            }
        } catch let error as IOError {
            throw WebServerError.cannotListen(
                host: configuration.host, port: configuration.port, reason: WebServer.reason(error))
        }
    }

    /// Serves until SIGTERM or SIGINT, then drains for as long as the configuration grants. A second signal ends
    /// everything at once.
    ///
    /// - Returns: the first signal; nil where the server ended by itself.
    public func runUntilSignal() async throws -> UnixSignal? {
        var lifecycle = ServiceGroupConfiguration(services: [self], logger: logger)
        lifecycle.maximumGracefulShutdownDuration = .seconds(configuration.shutdownSeconds)
        let group = ServiceGroup(configuration: lifecycle)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let (events, happened) = AsyncThrowingStream<Event, any Error>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await group.run()
                    happened.yield(.ended)
                } catch {
                    happened.finish(throwing: error)
                }
            }
            tasks.addTask { for await signal in signals { happened.yield(.signal(signal)) } }
            defer { tasks.cancelAll() }
            var first: UnixSignal?
            for try await event in events {
                switch event {
                case .ended: return first
                case .signal(let signal) where first == nil:
                    first = signal
                    await group.triggerGracefulShutdown()
                case .signal: tasks.cancelAll()
                }
            }
            return first
        }
    }

    /// What `runUntilSignal` waits for.
    private enum Event {
        case ended
        case signal(UnixSignal)
    }

    private func application() -> Application<RouterResponder<APIRequestContext>> {
        let limits = configuration.limits
        let counter = ConnectionCounter(limits: limits)
        let api = WebAPI(service: service, info: configuration.info, assets: assets, counter: counter)
        let table = api.table
        let rules = RequestRules(
            limits: limits, hosts: HostPolicy(boundHost: configuration.host, configured: configuration.allowedHosts),
            bodyLimit: { table.bodyLimit(method: $0, components: $1) })
        return Application(
            responder: api.responder(),
            server: HTTPServerBuilder { responder in
                GuardedHTTP1Channel(responder: responder, rules: rules, counter: counter)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: limits.backlog,
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                await onListening("http://\(host):\(port)")
            },
            logger: logger)
    }

    /// The system's own words for what went wrong.
    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case 98: "the port is taken"
        case 99: "the address is none of this machine"
        case 13: "the port needs a privilege"
        default: "system error \(error.errnoCode)"
        }
    }
}
