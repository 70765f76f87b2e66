import Glibc
import Hummingbird
import Logging
import NIOCore

// What the framework does alone: one route that answers three bytes. `make bench` holds the service against it.
let router = Router()
router.get("/") { _, _ in "ok\n" }
var logger = Logger(label: "hello")
logger.logLevel = .error
let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in
        print("listening on http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
        fflush(nil)
    }, logger: logger)
try await application.runService()
