import Glibc
package import NIOCore
package import NIOHTTP1
import Platform

/// Keeps a connection within its limits and its protocol, between the parser and the application.
///
/// It judges every head by `RequestRules`, counts bodies, measures how fast they come while somebody reads them and how
/// fast answers go, closes where either side said so, and lets a client read its last answer before the connection goes.
/// What it refuses travels on to the application as a marked request without body, so that answers stay in order.
package final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    /// Where the arriving bytes belong.
    enum Inbound {
        case betweenRequests
        case body(BodyMeter)
        /// Nothing that still arrives is wanted.
        case discarding
    }

    /// A request that was let through and is not answered in full.
    struct Exchange {
        let isOldProtocol: Bool
        var closes: Bool
    }

    /// How far the connection's end has come.
    enum Ending {
        case open
        /// Somebody asked for the end; answers are still on their way to the socket.
        case flushing(EventLoopPromise<Void>?)
        /// Our side is closed; the client may read and leave.
        case lingering(EventLoopPromise<Void>?)
        case closed
    }

    let rules: RequestRules
    let life: ConnectionLife
    let counter: ConnectionCounter
    var limits: ConnectionLimits { rules.limits }

    var inbound = Inbound.betweenRequests
    var exchanges = CircularBuffer<Exchange>()
    var ending = Ending.open
    var isDraining = false
    var inputIsClosed = false
    var discarded = 0
    var writes = WriteMeter()
    private var address: String?
    /// Its place among the connections that wait for a request.
    private var waitingKey: Int?
    private var timer: Scheduled<Void>?
    var lingerTimer: Scheduled<Void>?
    var forcedTimer: Scheduled<Void>?

    package init(rules: RequestRules, life: ConnectionLife, counter: ConnectionCounter) {
        self.rules = rules
        self.life = life
        self.counter = counter
    }

    // The connection's life

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { count(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        count(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        tearOff(context)
        over()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { over() }

    private func count(_ context: ChannelHandlerContext) {
        guard address == nil else { return }
        let remote = context.channel.remoteAddress?.ipAddress ?? "unix"
        guard counter.enter(remote) else {
            inbound = .discarding
            // Handlers behind us hear that the channel is active before they hear that it is not.
            context.eventLoop.assumeIsolated().execute { context.close(promise: nil) }
            return
        }
        address = remote
        startWaiting(context)
    }

    /// Nothing is being asked or answered: where others need the room, the connection goes.
    func startWaiting(_ context: ChannelHandlerContext) {
        guard waitingKey == nil, address != nil else { return }
        let own = NIOLoopBound((guardian: self, context: context), eventLoop: context.eventLoop)
        waitingKey = counter.wait(since: context.eventLoop.now) { [loop = context.eventLoop] in
            loop.execute { own.value.guardian.makeRoom(own.value.context) }
        }
    }

    func stopWaiting() {
        if let waitingKey { counter.stopWaiting(waitingKey) }
        waitingKey = nil
    }

    /// Closes the connection, unless a request has come meanwhile.
    private func makeRoom(_ context: ChannelHandlerContext) {
        guard waitingKey != nil, exchanges.isEmpty, case .open = ending else { return }
        cut(context)
    }

    private func over() {
        stopWaiting()
        if let address { counter.leave(address) }
        address = nil
        for scheduled in [timer, lingerTimer, forcedTimer] { scheduled?.cancel() }
        (timer, lingerTimer, forcedTimer) = (nil, nil, nil)
        // Whoever asked for the end waits for it, also where the client ended the connection first.
        let promise = endingPromise
        ending = .closed
        promise?.succeed()
        life.end()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputIsClosed = true
            tearOff(context)
            life.end()
            if case .lingering = ending { finish(context) }
        case is ChannelShouldQuiesceEvent: isDraining = true
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A body that the connection's end cuts short must never pass for a complete one.
    private func tearOff(_ context: ChannelHandlerContext) {
        if case .body = inbound { fail(.malformed, context) }
    }

    // The clock

    /// Looks again in a second, as long as a body or an answer is under way.
    func startTimer(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.timer = nil
            self.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        if writes.isStalled(at: now, after: .seconds(Int64(limits.writeStallSeconds))) { return reset(context) }
        if case .body(let meter) = inbound {
            if meter.isTooSlow(at: now, limits: limits) { fail(.tooSlow, context) }
            startTimer(context)
        }
        if writes.isBusy { startTimer(context) }
    }

    /// Ends the connection of a client that takes nothing, and tells the kernel not to keep what is unsent for it.
    private func reset(_ context: ChannelHandlerContext) {
        guard let socket = context.channel as? any SocketOptionProvider else { return cut(context) }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in self.cut(context) }
    }

    /// Ends the connection at once, whatever is still unsent.
    func cut(_ context: ChannelHandlerContext) {
        let promise = endingPromise
        ending = .closed
        context.close(promise: promise)
    }

    var endingPromise: EventLoopPromise<Void>? {
        switch ending {
        case .flushing(let promise), .lingering(let promise): promise
        case .open, .closed: nil
        }
    }
}
