package import Hummingbird
import Logging
import NIOCore
import Synchronization

/// What a request carries with it on its way to a handler.
package struct APIRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Notes for the answer's head and for the log.
    let notes: RequestNotes
    /// Who asks, as the socket says.
    let remoteAddress: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        notes = RequestNotes()
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unix"
    }
}

/// What the layers of a request tell one another. A class because the inner layers write what the outer ones read.
final class RequestNotes: Sendable {
    private struct State {
        var requestID = ""
        var route: String?
        var timing: String?
        var cause: String?
    }
    private let state = Mutex(State())

    var requestID: String {
        get { state.withLock { $0.requestID } }
        set { state.withLock { $0.requestID = newValue } }
    }

    /// The path template of the route that was found.
    var route: String? {
        get { state.withLock { $0.route } }
        set { state.withLock { $0.route = newValue } }
    }

    /// Where the time went: entries of a Server-Timing field.
    var timing: String? {
        get { state.withLock { $0.timing } }
        set { state.withLock { $0.timing = newValue } }
    }

    /// What went wrong, in words for the log alone.
    var cause: String? {
        get { state.withLock { $0.cause } }
        set { state.withLock { $0.cause = newValue } }
    }
}
