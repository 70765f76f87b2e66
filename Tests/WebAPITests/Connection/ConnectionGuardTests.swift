import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import WebAPI

/// A connection without a socket: the parser, the guard, and an application that notes what reaches it.
struct GuardedConnection {
    /// Notes requests; answers nothing by itself.
    final class Application: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var heads: [HTTPRequestHead] = []
        var bytes = 0
        var ends = 0
        var failures: [BodyFailure] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): heads.append(head)
            case .body(let buffer): bytes += buffer.readableBytes
            case .end: ends += 1
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let failure = error as? BodyFailure { failures.append(failure) }
        }
    }

    let channel: EmbeddedChannel
    let application = Application()
    let life = ConnectionLife()
    let counter: ConnectionCounter

    init(_ limits: ConnectionLimits = ConnectionLimits(), counter: ConnectionCounter? = nil) throws {
        self.counter = counter ?? ConnectionCounter(limits: limits)
        channel = EmbeddedChannel()
        let rules = RequestRules(
            limits: limits, hosts: HostPolicy(boundHost: "127.0.0.1"),
            bodyLimit: { method, path in method == "POST" && path == ["big"] ? 100_000 : 1000 })
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = limits.headBytes
        decoding.maxHeaderListSize = limits.headBytes
        decoding.maxHeaderFieldCount = limits.headFields
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoding)
        try pipeline.addHandler(ConnectionGuard(rules: rules, life: life, counter: self.counter))
        try pipeline.addHandler(application)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1000), promise: nil)
    }

    func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// Why the last request was refused, nil where it was let through.
    var refusal: String? { application.heads.last?.headers.first(name: Refusal.fieldName) }

    /// Answers the oldest open request.
    func answer(_ body: String = "ok", headers: HTTPHeaders = [:], flushes: Bool = true) {
        var headers = headers
        headers.add(name: "content-length", value: "\(body.utf8.count)")
        channel.write(
            HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok, headers: headers)), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        channel.write(HTTPServerResponsePart.end(nil), promise: nil)
        if flushes { channel.flush() }
    }

    /// Everything that went to the socket.
    func output() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    func advance(seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }
}

@Suite struct ConnectionGuardTests {
    static let get = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test func ordinaryRequestPasses() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        #expect(connection.refusal == nil)
        #expect(connection.application.heads.map(\.uri) == ["/a"])
        connection.answer()
        let output = try connection.output()
        #expect(output.hasPrefix("HTTP/1.1 200 OK"))
        #expect(!output.lowercased().contains("connection:"))
        #expect(connection.channel.isActive)
    }

    @Test func clientsCannotForgeTheMark() throws {
        let connection = try GuardedConnection()
        try connection.send("GET /a HTTP/1.1\r\nHost: localhost\r\nX-ViTScope-Refusal: malformed\r\n\r\n")
        #expect(connection.refusal == nil)
    }

    @Test(arguments: [
        ("Connection: close", "1.1"), ("connection: Close", "1.1"), ("Connection: foo, CLOSE", "1.1"),
        ("X-A: b", "1.0"),
        ("Upgrade: h2c", "1.1"),
    ])
    func requestCloses(field: String, version: String) throws {
        let connection = try GuardedConnection()
        try connection.send("GET /a HTTP/\(version)\r\nHost: localhost\r\n\(field)\r\n\r\n")
        try connection.send(Self.get)
        #expect(connection.application.heads.count == 1, "what follows a last request is not read")
        connection.answer()
        #expect(try connection.output().contains("connection: close"))
        #expect(!connection.channel.isActive)
    }

    @Test func responseCloses() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        connection.answer(headers: ["Connection": "Close"])
        #expect(!connection.channel.isActive)
    }

    @Test func answerOfUnknownLengthToOldProtocolHasNoChunks() throws {
        let connection = try GuardedConnection()
        try connection.send("GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n")
        let channel = connection.channel
        channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "text"))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        let output = try connection.output()
        #expect(output.hasSuffix("\r\n\r\ntext"))
        #expect(!output.lowercased().contains("chunked"))
        #expect(!channel.isActive)
    }

    @Test func pipelinedRequestsKeepTheirOrder() throws {
        let connection = try GuardedConnection()
        for index in 0..<1000 { try connection.send("GET /\(index) HTTP/1.1\r\nHost: localhost\r\n\r\n") }
        #expect(connection.application.heads.map(\.uri) == (0..<1000).map { "/\($0)" })
    }

    @Test func refusalWaitsForEarlierAnswers() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        try connection.send("GET /b HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        try connection.send(Self.get)
        #expect(connection.application.heads.count == 2)
        #expect(connection.refusal == "hostUnknown")
        #expect(try connection.output().isEmpty)
        connection.answer("first")
        #expect(connection.channel.isActive)
        connection.answer("second")
        #expect(!connection.channel.isActive)
    }

    @Test func declaredBodyOverTheLimitIsRefusedBeforeItComes() throws {
        let connection = try GuardedConnection()
        try connection.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\nabc")
        #expect(connection.refusal == "bodyTooLarge")
        #expect(connection.application.bytes == 0)
        #expect(connection.application.ends == 1)
    }

    @Test func countedBodyOverTheLimitFails() throws {
        let connection = try GuardedConnection()
        try connection.send("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<10 { try connection.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
        #expect(connection.application.failures.isEmpty)
        try connection.send("1\r\nx\r\n")
        #expect(connection.application.failures == [.tooLarge])
        #expect(connection.application.bytes == 1000)
        connection.answer()
        #expect(!connection.channel.isActive)
    }

    @Test func limitsBelongToRoutes() throws {
        for path in ["/big", "//big", "/big/", "/big?x=1"] {
            let connection = try GuardedConnection()
            try connection.send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
            #expect(connection.refusal == nil)
        }
    }

    @Test func whatFollowsARefusalIsReadOnlySoFar() throws {
        var limits = ConnectionLimits()
        limits.discardBytes = 5000
        let connection = try GuardedConnection(limits)
        try connection.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        for _ in 0..<5 { try connection.send(String(repeating: "x", count: 1000)) }
        #expect(connection.channel.isActive)
        try connection.send("x")
        #expect(!connection.channel.isActive)
    }

    @Test func slowBodyFailsOnlyWhileSomebodyReads() throws {
        let connection = try GuardedConnection()
        try connection.send("POST /big HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n")
        connection.advance(seconds: 60)
        #expect(connection.application.failures.isEmpty, "nobody has asked for the body")
        connection.channel.read()
        connection.advance(seconds: 10)
        #expect(connection.application.failures.isEmpty)
        connection.advance(seconds: 2)
        #expect(connection.application.failures == [.tooSlow])
    }

    @Test func drippingBodyFailsAndASteadyOneDoesNot() throws {
        let dripping = try GuardedConnection()
        let steady = try GuardedConnection()
        for connection in [dripping, steady] {
            try connection.send("POST /big HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n")
        }
        for _ in 0..<40 {
            dripping.channel.read()
            steady.channel.read()
            dripping.advance(seconds: 1)
            steady.advance(seconds: 1)
            try dripping.send("x")
            try steady.send(String(repeating: "x", count: 2000))
        }
        #expect(dripping.application.failures == [.tooSlow])
        #expect(steady.application.failures.isEmpty)
    }

    @Test func readerThatTakesNothingIsCut() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        connection.answer(flushes: false)
        connection.advance(seconds: 29)
        #expect(connection.channel.isActive)
        connection.advance(seconds: 3)
        #expect(!connection.channel.isActive)
    }

    @Test func bodyThatEndsWithTheConnectionIsNoCompleteOne() throws {
        let connection = try GuardedConnection()
        try connection.send("POST /big HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\nabc")
        connection.channel.close(promise: nil)
        #expect(connection.application.failures == [.malformed])
        #expect(connection.application.ends == 0)
    }

    @Test func drainingClosesAfterTheAnswer() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(connection.channel.isActive)
        connection.answer()
        #expect(try connection.output().contains("connection: close"))
        #expect(!connection.channel.isActive)
    }

    @Test func closingWaitsForUnsentAnswers() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        connection.channel.write(
            HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok, headers: ["content-length": "2"])),
            promise: nil)
        let unsent = connection.channel.eventLoop.makePromise(of: Void.self)
        connection.channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "ok"))), promise: unsent)
        connection.channel.close(promise: nil)
        #expect(try connection.output().hasSuffix("ok"))
        #expect(!connection.channel.isActive)
    }

    @Test func largeAnswersGoInPieces() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        connection.answer(String(repeating: "x", count: 200_000))
        var pieces: [Int] = []
        while let part = try connection.channel.readOutbound(as: ByteBuffer.self) { pieces.append(part.readableBytes) }
        #expect(pieces.max() == 65_536)
        #expect(pieces.dropFirst().reduce(0, +) == 200_000)
    }

    @Test func continueIsAnsweredOnlyWhereTheBodyIsWanted() throws {
        let wanted = try GuardedConnection()
        try wanted.send("POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        #expect(try wanted.output() == "HTTP/1.1 100 Continue\r\n\r\n")
        let unwanted = try GuardedConnection()
        try unwanted.send("POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9999\r\n\r\n")
        #expect(try unwanted.output().isEmpty)
        #expect(unwanted.refusal == "bodyTooLarge")
    }

    @Test func connectionsOfOneAddressAreCounted() throws {
        var limits = ConnectionLimits()
        limits.connectionsPerAddress = 2
        let counter = ConnectionCounter(limits: limits)
        #expect(counter.enter("192.0.2.1"))
        #expect(counter.enter("192.0.2.1"))
        #expect(!counter.enter("192.0.2.1"))
        #expect(counter.enter("192.0.2.2"))
        for _ in 0..<10 { #expect(counter.enter("127.0.0.1")) }
        #expect(counter.total == 13)
        counter.leave("192.0.2.1")
        #expect(counter.enter("192.0.2.1"))
    }

    @Test func whoWaitsLongestMakesRoom() throws {
        var limits = ConnectionLimits()
        limits.connections = 8
        let counter = ConnectionCounter(limits: limits)
        let asking = try GuardedConnection(limits, counter: counter)
        try asking.send(Self.get)
        let kept = try GuardedConnection(limits, counter: counter)
        var waiting: [GuardedConnection] = []
        for _ in 0..<5 {
            waiting.append(try GuardedConnection(limits, counter: counter))
            try waiting.last?.send("GET /a HTT")
        }
        #expect(counter.total == 7)
        // Each has a clock of its own, which stands; so the first that came has waited longest.
        try kept.send(Self.get)
        kept.answer()
        for index in 0..<3 {
            let newcomer = try GuardedConnection(limits, counter: counter)
            for connection in waiting { connection.channel.embeddedEventLoop.run() }
            #expect(waiting.map(\.channel.isActive) == (0..<5).map { $0 > index })
            #expect(newcomer.channel.isActive && asking.channel.isActive && kept.channel.isActive)
            newcomer.channel.close(promise: nil)
            _ = counter.enter("192.0.2.9")
        }
        asking.answer()
        #expect(try asking.output().hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func whatFollowsTheLastAnswerIsNotSent() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.get)
        try connection.send(Self.get)
        connection.answer("last", headers: ["Connection": "close"])
        connection.answer("lost")
        #expect(try connection.output().hasSuffix("last"))
    }

    @Test func leavingEndsTheLife() async throws {
        let life = ConnectionLife()
        let (started, starting) = AsyncStream<Void>.makeStream()
        await ConnectionLife.$current.withValue(life) {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    let cancelled: Bool? = try? await ConnectionLife.cancellingWhenOver {
                        starting.yield()
                        let (never, _) = AsyncStream<Void>.makeStream()
                        for await _ in never {}
                        return Task.isCancelled
                    }
                    return cancelled ?? false
                }
                var iterator = started.makeAsyncIterator()
                await iterator.next()
                life.end()
                for await wasCancelled in group { #expect(wasCancelled) }
            }
        }
    }
}
