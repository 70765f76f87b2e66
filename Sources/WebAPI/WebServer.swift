import Glibc
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
    private let gate: AccessGate
    private let onListening: @Sendable (String) async -> Void

    /// - Parameter onListening: called once with the address that is bound, `http://HOST:PORT`.
    /// - Throws: `WebServerError.cannotReadPage`, and what is wrong with the configured access.
    public init(
        service: ViTScopeService, configuration: WebServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws(WebServerError) {
        try configuration.checkAccess()
        self.service = service
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
        gate = AccessGate(configuration.access)
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

    /// Serves until SIGTERM or SIGINT, then drains for as long as the configuration grants. A second signal ends the
    /// process at once, also while its caller cleans up.
    ///
    /// - Returns: the first signal; nil where the server ended by itself.
    public func runUntilSignal() async throws -> UnixSignal? {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let listener = await hangUps()
        defer { listener?.cancel() }
        return try await run(until: signals) { signal in _exit(128 + signal.rawValue) }
    }

    /// Reads the token again whenever SIGHUP comes; nil where there is none to read, and SIGHUP ends the program.
    private func hangUps() async -> Task<Void, Never>? {
        guard let again = configuration.accessAgain else { return nil }
        let signals = await UnixSignalsSequence(trapping: .sighup)
        return Task { [gate, logger] in
            for await _ in signals {
                do {
                    gate.replace(by: try again())
                    logger.notice("the token was read again, and who had signed in signs in again")
                } catch {
                    logger.error("the token was not read again, and the one before stays: \(error)")
                }
            }
        }
    }

    /// Serves until the first of `signals`; `endsProcess` is called with the second.
    ///
    /// Nothing here waits for a task without a bound: a request that hears of no cancellation is left behind.
    package func run(
        until signals: some AsyncSequence<UnixSignal, Never> & Sendable,
        endsProcess: @escaping @Sendable (UnixSignal) -> Void
    ) async throws -> UnixSignal? {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [self], logger: logger))
        let (events, happened) = AsyncThrowingStream<Event, any Error>.makeStream()
        let serving = Task {
            do {
                try await group.run()
                happened.yield(.ended)
            } catch {
                happened.finish(throwing: error)
            }
        }
        defer { serving.cancel() }
        // It outlives this call, so that a second signal still counts while the caller cleans up.
        Task {
            var isFirst = true
            for await signal in signals {
                if isFirst { happened.yield(.signal(signal)) } else { endsProcess(signal) }
                isFirst = false
            }
        }
        var first: UnixSignal?
        for try await event in events {
            switch event {
            case .ended:
                if first != nil { logger.info("drained") }
                return first
            case .signal(let signal):
                first = signal
                logger.info(
                    "draining",
                    metadata: ["signal": "\(signal)", "seconds": "\(configuration.shutdownSeconds)"])
                await group.triggerGracefulShutdown()
                after(.seconds(configuration.shutdownSeconds)) { happened.yield(.late) }
            case .late:
                logger.warning("requests did not finish in time and are cancelled")
                serving.cancel()
                // As long as the guard grants what is being said, and a little.
                after(.seconds(configuration.limits.lingerSeconds + 1)) { happened.yield(.abandoned) }
            case .abandoned:
                logger.warning("requests did not hear that they are cancelled and are left behind")
                return first
            }
        }
        return first
    }

    /// What `run(until:endsProcess:)` waits for.
    private enum Event {
        case ended
        case signal(UnixSignal)
        /// The time to drain is over.
        case late
        /// So is the time to cancel.
        case abandoned
    }

    private func after(_ pause: Duration, _ action: @escaping @Sendable () -> Void) {
        Task {
            try await Task.sleep(for: pause)
            action()
        }
    }

    private func application() -> Application<RouterResponder<APIRequestContext>> {
        let limits = configuration.limits
        let counter = ConnectionCounter(limits: limits)
        let api = WebAPI(
            service: service, info: configuration.info, assets: assets, counter: counter,
            gate: gate)
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
        case EADDRINUSE: "the port is taken"
        case EADDRNOTAVAIL: "the address is none of this machine"
        case EACCES: "the port needs a privilege"
        default: "system error \(error.errnoCode)"
        }
    }
}
