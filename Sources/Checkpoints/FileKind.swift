import Platform

/// What a file is, by its content; its name decides nothing.
enum FileKind {
    case safeTensors, zip, legacyPickle

    /// - Throws: `CheckpointError` saying what the file is instead, where that can be told.
    init(_ bytes: Bytes) throws(CheckpointError) {
        guard bytes.count > 0 else { throw .emptyFile }
        // The length of any safetensors header is far below 2^40, and no other format has a brace after such a number.
        if let length = bytes.littleEndian(at: 0, as: UInt64.self), length < 1 << 40, bytes.count > 8,
            bytes[8] == UInt8(ascii: "{")
        {
            self = .safeTensors
        } else if Self.begins(bytes, "PK\u{3}\u{4}") || Self.begins(bytes, "PK\u{5}\u{6}") {
            self = .zip
        } else if bytes[0] == 0x80 || Self.begins(bytes, "L119547037146038801333356L\n") {
            guard Self.hasLegacyMagic(bytes) else { throw .foreign("a bare pickle, not a file of torch.save") }
            self = .legacyPickle
        } else {
            throw Self.recognised(bytes)
        }
    }

    private static func hasLegacyMagic(_ bytes: Bytes) -> Bool {
        guard bytes[0] == 0x80 else { return true }
        // The magic number is the first thing pickled, in whatever protocol.
        let head = bytes.slice(at: 0, count: min(bytes.count, 32))?.array ?? []
        let magic = PyTorchLegacy.magic
        return head.indices.contains { head[$0...].starts(with: magic) }
    }

    /// What a file that cannot be read is, for the message.
    private static func recognised(_ bytes: Bytes) -> CheckpointError {
        if begins(bytes, "version https://git-lfs") { return .gitLFSPointer }
        if bytes.count > 262, bytes.slice(at: 257, count: 5)?.equal("ustar") ?? false { return .tar }
        let compressions: [([UInt8], String)] = [
            ([0x1f, 0x8b], "gzip"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"),
            ([0x42, 0x5a, 0x68], "bzip2"), ([0x37, 0x7a, 0xbc, 0xaf], "7-Zip"), ([0x52, 0x61, 0x72, 0x21], "RAR"),
        ]
        let head = bytes.slice(at: 0, count: min(bytes.count, 1024))?.array ?? []
        for (magic, name) in compressions where head.starts(with: magic) { return .compressed(by: name) }
        let foreign: [([UInt8], String)] = [
            ([0x89] + Array("HDF".utf8), "an HDF5 file, as Keras writes"), (Array("GGUF".utf8), "a GGUF file"),
            (Npy.magic, "a single NumPy array"),
            ([0x08, 0x07, 0x12], "an ONNX model"), ([0x08, 0x08, 0x12], "an ONNX model"),
            ([0xff, 0xd8, 0xff], "a JPEG image"), ([0x89, 0x50, 0x4e, 0x47], "a PNG image"),
            (Array("%PDF".utf8), "a PDF document"),
        ]
        for (magic, name) in foreign where head.starts(with: magic) { return .foreign(name) }
        let text = String(decoding: head.drop { $0 <= 0x20 || $0 >= 0x80 }.prefix(64), as: UTF8.self).lowercased()
        if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head") { return .htmlPage }
        if text.hasPrefix("{") || text.hasPrefix("[") { return .foreign("a JSON text; give its whole folder") }
        if !head.contains(where: { $0 < 9 || $0 >= 0x7f }) { return .foreign("a text") }
        return .unrecognised(firstBytes: Array(head.prefix(8)))
    }

    private static func begins(_ bytes: Bytes, _ text: String) -> Bool {
        bytes.slice(at: 0, count: text.utf8.count)?.array == Array(text.utf8)
    }
}
