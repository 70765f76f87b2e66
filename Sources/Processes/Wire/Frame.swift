import JSON
import Platform

/// One message between two processes of ours: a number that an answer repeats, a small value, and bytes that may be many.
struct Frame: Sendable {
    let number: UInt64
    let head: JSONValue
    let payload: Bytes

    /// How the rest of a message is to be read.
    private enum Form {
        static let inside: UInt8 = 0
        static let inMemory: UInt8 = 1
    }

    /// What fits into a message goes in it; more lies in memory that both map.
    private static let longest = MessageSocket.longestMessage - 9
    /// Where a payload begins, so that arrays in it can be computed with where they lie.
    private static let alignment = 64

    /// Sends a frame.
    ///
    /// - Throws: `FileError`; with EPIPE where the other process is gone.
    static func send(
        _ number: UInt64, _ head: JSONValue, payload: [Bytes] = [], over socket: MessageSocket
    ) throws(FileError) {
        let text = head.json, prefix = littleEndian(number)
        var opening = littleEndian(UInt64(text.count)) + text
        while opening.count % alignment != 0 { opening.append(0) }
        if payload.reduce(opening.count, { $0 + $1.count }) <= longest {
            var message = prefix + [Form.inside] + opening
            for part in payload { message += part.array }
            return try socket.send(message)
        }
        let memory = try OpenFile(memoryHolding: [Bytes(opening)] + payload)
        try socket.send(prefix + [Form.inMemory], attaching: memory.descriptor)
    }

    /// Waits for a frame; nil where the other process is gone, or sends what is none.
    static func receive(from socket: MessageSocket) -> Frame? {
        guard let (message, attached) = try? socket.receive() else { return nil }
        let bytes = Bytes(message)
        guard let number = bytes.littleEndian(at: 0, as: UInt64.self), bytes.count > 8 else { return nil }
        switch bytes[8] {
        case Form.inside: return bytes.slice(at: 9, count: bytes.count - 9).flatMap { Frame(number, $0) }
        case Form.inMemory: return attached.flatMap { try? $0.bytes() }.flatMap { Frame(number, $0) }
        default: return nil
        }
    }

    private init?(_ number: UInt64, _ bytes: Bytes) {
        guard let length = bytes.littleEndian(at: 0, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            length <= bytes.count, let text = bytes.slice(at: 8, count: length),
            let head = try? JSONValue.parse(text)
        else { return nil }
        let start = min((8 + length + Self.alignment - 1) / Self.alignment * Self.alignment, bytes.count)
        guard let payload = bytes.slice(at: start, count: bytes.count - start) else { return nil }
        self.number = number
        self.head = head
        self.payload = payload
    }

    private static func littleEndian(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
