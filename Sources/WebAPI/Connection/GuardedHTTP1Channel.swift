package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// An HTTP/1.1 connection with the guard in it.
///
/// Hummingbird's own channel adds handlers only behind the conversion that forgets the protocol version and all Host
/// fields but one, so the pipeline is put together here.
package struct GuardedHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
    /// The connection's parts, and its life.
    package struct Value: ServerChildChannelValue {
        let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let life: ConnectionLife
        package var channel: any Channel { parts.channel }
    }

    package let responder: HTTPChannelHandler.Responder
    let rules: RequestRules
    let counter: ConnectionCounter

    package init(responder: @escaping HTTPChannelHandler.Responder, rules: RequestRules, counter: ConnectionCounter) {
        self.responder = responder
        self.rules = rules
        self.counter = counter
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let limits = rules.limits
            var decoding = NIOHTTPDecoderLimitConfiguration()
            decoding.maxHeaderFieldSize = limits.headBytes
            decoding.maxHeaderListSize = limits.headBytes
            decoding.maxHeaderFieldCount = limits.headFields
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoding
            )
            let life = ConnectionLife(on: channel.eventLoop)
            try pipeline.addHandler(ConnectionGuard(rules: rules, life: life, counter: counter))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(
                HTTPConnectionStateHandler(idleTimeout: .seconds(limits.idleSeconds), logger: logger))
            return Value(
                parts: try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)),
                life: life)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await ConnectionLife.$current.withValue(value.life) {
            await handleHTTP(asyncChannel: value.parts, logger: logger)
        }
    }
}
