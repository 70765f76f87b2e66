import Foundation
import Logging
import Service
import WebAPI

/// Runs a server on a free loopback port for as long as `body` takes.
///
/// - Parameters:
///   - starts: whether the service behind it is started first; without, everything that needs it answers 503.
///   - data: the data directory; without, one of its own that goes afterwards.
///   - web: changes to the server's configuration.
///   - change: changes to the service's.
func withServer<R: Sendable>(
    starts: Bool = false, limits: ConnectionLimits = ConnectionLimits(), page: String? = nil,
    models: String? = nil, data: String? = nil, web: (inout WebServerConfiguration) -> Void = { _ in },
    change: (inout ServiceConfiguration) -> Void = { _ in }, _ body: @escaping @Sendable (RawClient) async throws -> R
) async throws -> R {
    let folder = data ?? NSTemporaryDirectory() + "vitscope-web-" + UUID().uuidString
    defer { if data == nil { try? FileManager.default.removeItem(atPath: folder) } }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var settings = ServiceConfiguration(modelsDirectory: models, dataDirectory: folder, threads: 2)
    change(&settings)
    let service = ViTScopeService(configuration: settings, logger: logger)
    if starts { try await service.start() }
    var configuration = WebServerConfiguration(info: ServerInfo(version: "1.2.3", revision: "abc"))
    configuration.port = 0
    configuration.limits = limits
    configuration.pageDirectory = page
    configuration.allowedHosts = ["vit.example"]
    web(&configuration)
    let (addresses, found) = AsyncStream<String>.makeStream()
    let server = try WebServer(service: service, configuration: configuration, logger: logger) { found.yield($0) }
    do {
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run()
                found.finish()
            }
            var iterator = addresses.makeAsyncIterator()
            let address = await iterator.next() ?? ""
            let port = Int(address.split(separator: ":").last ?? "") ?? 0
            do {
                let result = try await body(RawClient(port: port, data: folder))
                group.cancelAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
        if starts { await service.shutdown() }
        return result
    } catch {
        if starts { await service.shutdown() }
        throw error
    }
}

/// The checkout's folder of test files.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path

/// A folder with `files`, for as long as `body` takes.
func withFolder<R>(_ files: [String: String], _ body: (String) async throws -> R) async throws -> R {
    let folder = NSTemporaryDirectory() + "vitscope-page-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (path, text) in files {
        let url = URL(fileURLWithPath: folder + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
    return try await body(folder)
}
