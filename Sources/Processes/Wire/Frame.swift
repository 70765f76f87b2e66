import JSON
import Platform

/// One message between two processes of ours: a number that an answer repeats, a small value, and bytes that may be many.
struct Frame: Sendable {
    let number: UInt64
    let head: JSONValue
    let payload: Bytes

    /// A frame with a longer head, or with a payload, lies in memory that both map.
    private static let longestHead = 32_768
    /// Where a payload begins, so that arrays in it can be computed with where they lie.
    private static let alignment = 64

    /// Sends a frame.
    ///
    /// - Throws: `FileError`; with EPIPE where the other process is gone.
    static func send(
        _ number: UInt64, _ head: JSONValue, payload: [Bytes] = [], over socket: MessageSocket
    ) throws(FileError) {
        let text = head.json, prefix = littleEndian(number)
        guard !payload.isEmpty || text.count > longestHead else { return try socket.send(prefix + [0] + text) }
        var opening = littleEndian(UInt64(text.count)) + text
        while opening.count % alignment != 0 { opening.append(0) }
        let memory = try OpenFile(memoryHolding: [Bytes(opening)] + payload)
        try socket.send(prefix + [1], attaching: memory.descriptor)
    }

    /// Waits for a frame; nil where the other process is gone, or sends what is none.
    static func receive(from socket: MessageSocket) -> Frame? {
        guard let (message, attached) = try? socket.receive() else { return nil }
        let bytes = Bytes(message)
        guard let number = bytes.littleEndian(at: 0, as: UInt64.self), bytes.count > 8 else { return nil }
        guard let attached else {
            guard bytes[8] == 0, let text = bytes.slice(at: 9, count: bytes.count - 9),
                let head = try? JSONValue.parse(text)
            else { return nil }
            return Frame(number: number, head: head, payload: Bytes([]))
        }
        guard bytes[8] == 1, let memory = try? attached.bytes(),
            let length = memory.littleEndian(at: 0, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            length <= memory.count, let text = memory.slice(at: 8, count: length),
            let head = try? JSONValue.parse(text)
        else { return nil }
        let start = min((8 + length + alignment - 1) / alignment * alignment, memory.count)
        guard let payload = memory.slice(at: start, count: memory.count - start) else { return nil }
        return Frame(number: number, head: head, payload: payload)
    }

    private static func littleEndian(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
