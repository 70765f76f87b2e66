package import NIOCore
import NIOHTTP1
import Platform

// Requests, on their way in.
extension ConnectionGuard {
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch (part, inbound) {
        case (.head(let head), .betweenRequests): begin(head, context)
        case (.body(let bytes), .body(var meter)):
            meter.count(bytes.readableBytes, at: context.eventLoop.now)
            inbound = .body(meter)
            guard meter.received <= meter.limit else { return fail(.tooLarge, context) }
            context.fireChannelRead(data)
        case (.end, .body):
            inbound = exchanges.last?.closes == true ? .discarding : .betweenRequests
            // Trailers decide nothing here, and nobody checked them.
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        case (.body(let bytes), _): discard(bytes.readableBytes, context)
        case (.head, _), (.end, _): break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if case .lingering = ending { context.read() }
    }

    /// The application wants more: from here on it waits for the client.
    package func read(context: ChannelHandlerContext) {
        if case .body(var meter) = inbound {
            meter.startWaiting(at: context.eventLoop.now)
            inbound = .body(meter)
        }
        context.read()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            life.end()
            return context.fireErrorCaught(error)
        }
        switch inbound {
        case .betweenRequests:
            // A marked request of our own stands for the head that could not be read.
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "*")
            refuse(head, error == .headerOverflow ? .headTooLarge : .malformed, context)
        case .body: fail(.malformed, context)
        case .discarding: break
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        stopWaiting()
        var head = head
        let limit: Int
        switch rules.judge(&head) {
        case .success(let bytes): limit = bytes
        case .failure(let error): return refuse(head, error.refusal, context)
        }
        let isOld = head.version.minor < 1
        // After an offer to switch protocols the parser waits for our decision and reads no further request.
        let switches = head.headers.contains(name: "upgrade")
        if !isOld, exchanges.isEmpty, expectsContinue(head) {
            context.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        }
        exchanges.append(Exchange(isOldProtocol: isOld, closes: isOld || switches || !head.isKeepAlive))
        inbound = .body(BodyMeter(limit: limit))
        startTimer(context)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func expectsContinue(_ head: HTTPRequestHead) -> Bool {
        head.headers.first(name: "expect")?.lowercased() == "100-continue"
            && (head.headers.contains(name: "transfer-encoding") || head.headers.first(name: "content-length") != "0")
    }

    private func refuse(_ head: HTTPRequestHead, _ refusal: Refusal, _ context: ChannelHandlerContext) {
        stopWaiting()
        // A target that was not found fit travels no further.
        let target = refusal == .bodyTooLarge ? head.uri : "*"
        var marked = HTTPRequestHead(version: .http1_1, method: head.method, uri: target)
        marked.headers.add(name: Refusal.fieldName, value: refusal.rawValue)
        for name in ["accept", "x-request-id"] {
            if let value = head.headers.first(name: name), StreamSafeText.holds(value) {
                marked.headers.add(name: name, value: value)
            }
        }
        exchanges.append(Exchange(isOldProtocol: head.version.minor < 1, closes: true))
        inbound = .discarding
        context.fireChannelRead(wrapInboundOut(.head(marked)))
        context.fireChannelRead(wrapInboundOut(.end(nil)))
        context.fireChannelReadComplete()
    }

    /// Ends the body with an error for its reader. The answer that follows is the connection's last.
    func fail(_ failure: BodyFailure, _ context: ChannelHandlerContext) {
        inbound = .discarding
        if let last = exchanges.indices.last { exchanges[last].closes = true }
        context.fireErrorCaught(failure)
    }

    private func discard(_ count: Int, _ context: ChannelHandlerContext) {
        discarded += count
        if discarded > limits.discardBytes { cut(context) }
    }
}
