package import NIOCore
import NIOHTTP1
import Platform

// Answers, on their way out.
extension ConnectionGuard {
    /// The largest piece handed to the socket at one time. A client that takes a large answer slowly shows its progress
    /// only when a whole piece has gone.
    private static let pieceBytes = 64 << 10

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // Nothing follows the last answer.
        guard case .open = ending else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if !(100..<200).contains(head.status.code) { frame(&head) }
            send(.head(head), promise, context)
        case .body(.byteBuffer(var bytes)) where bytes.readableBytes > ConnectionGuard.pieceBytes:
            while bytes.readableBytes > ConnectionGuard.pieceBytes,
                let piece = bytes.readSlice(length: ConnectionGuard.pieceBytes)
            {
                send(.body(.byteBuffer(piece)), nil, context)
            }
            send(.body(.byteBuffer(bytes)), promise, context)
        case .body(let bytes): send(.body(bytes), promise, context)
        case .end(let trailers):
            let closes = exchanges.popFirst()?.closes == true || isDraining
            send(.end(trailers), promise, context)
            if closes, case .open = ending {
                inbound = .discarding
                ending = .flushing(nil)
                context.flush()
                proceed(context)
            } else if exchanges.isEmpty, case .betweenRequests = inbound, case .open = ending {
                startWaiting(context)
            }
        }
    }

    /// Says in the head what will happen to the connection.
    private func frame(_ head: inout HTTPResponseHead) {
        guard var exchange = exchanges.first else { return }
        if isDraining || head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) {
            exchange.closes = true
        }
        if exchange.closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
        // Only the newer protocol knows chunks; in the older one an answer without length ends with the connection.
        if exchange.isOldProtocol, !head.headers.contains(name: "content-length") { head.version = .http1_0 }
        exchanges[exchanges.startIndex] = exchange
    }

    private func send(
        _ part: HTTPServerResponsePart, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) {
        writes.begin(at: context.eventLoop.now)
        startTimer(context)
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.writes.end(at: context.eventLoop.now)
            self.proceed(context)
        }
        context.write(wrapOutboundOut(part), promise: sent)
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, ending) {
        case (_, .closed): context.close(mode: mode, promise: promise)
        case (.input, _):
            // A forced shutdown: what is being said may be finished, but nobody waits for long.
            isDraining = true
            let pause = TimeAmount.seconds(Int64(limits.lingerSeconds))
            forcedTimer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.cut(context) }
            context.close(mode: mode, promise: promise)
        case (_, .open):
            // With nothing unsent a close of both sides is just that: a connection that was idle too long, a shutdown.
            if mode == .all, !writes.isBusy {
                ending = .closed
                return context.close(mode: mode, promise: promise)
            }
            ending = .flushing(promise)
            context.flush()
            proceed(context)
        case (_, .flushing(let first)):
            if let first { first.futureResult.cascade(to: promise) } else { ending = .flushing(promise) }
        case (_, .lingering(let first)):
            if let first { first.futureResult.cascade(to: promise) } else { ending = .lingering(promise) }
        }
    }

    /// Goes from flushing to lingering once everything is with the kernel.
    private func proceed(_ context: ChannelHandlerContext) {
        guard case .flushing(let promise) = ending, !writes.isBusy else { return }
        ending = .lingering(promise)
        inbound = .discarding
        guard !inputIsClosed else { return finish(context) }
        let halfClosed = context.eventLoop.makePromise(of: Void.self)
        halfClosed.futureResult.assumeIsolated().whenFailure { _ in self.finish(context) }
        context.close(mode: .output, promise: halfClosed)
        guard case .lingering = ending else { return }
        let pause = TimeAmount.seconds(Int64(limits.lingerSeconds))
        lingerTimer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.finish(context) }
        context.read()
    }

    /// Closes what is left of the connection.
    func finish(_ context: ChannelHandlerContext) {
        guard case .lingering = ending else { return }
        cut(context)
    }
}
