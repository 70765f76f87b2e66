import CZlib

/// zlib's deflate, gzip and CRC-32.
public enum Deflate {
    /// Why compressed bytes were refused.
    public enum Failure: Error, Equatable { case corrupt, tooLarge, truncated }

    /// The inflated form of a raw deflate stream that must be exactly `size` bytes long.
    ///
    /// Nothing larger than `size` is ever allocated, and a stream that wants to be longer or shorter is refused.
    public static func inflateRaw(_ input: Bytes, size: Int) throws(Failure) -> [UInt8] {
        guard size >= 0, size <= 1 << 32 else { throw .tooLarge }
        // Deflate cannot expand by more than 1032:1, so a declared size beyond that is a lie or a bomb.
        guard size / 1032 <= input.count + 1 else { throw .tooLarge }
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .corrupt
        }
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: size)
        var probe: UInt8 = 0
        let status: Result<Void, Failure> = input.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var read = 0, written = 0
                while true {
                    let inChunk = min(source.count - read, 1 << 30)
                    stream.next_in = UnsafeMutablePointer(
                        mutating: (source.baseAddress! + read).assumingMemoryBound(to: UInt8.self))
                    stream.avail_in = UInt32(inChunk)
                    let outChunk = min(target.count - written, 1 << 30)
                    let code: Int32
                    if outChunk > 0 {
                        stream.next_out = (target.baseAddress! + written).assumingMemoryBound(to: UInt8.self)
                        stream.avail_out = UInt32(outChunk)
                        code = inflate(&stream, Z_NO_FLUSH)
                        written += outChunk - Int(stream.avail_out)
                    } else {
                        // Full: one more byte of room tells an exact end from a stream that goes on.
                        code = withUnsafeMutablePointer(to: &probe) {
                            stream.next_out = $0
                            stream.avail_out = 1
                            return inflate(&stream, Z_NO_FLUSH)
                        }
                        if stream.avail_out == 0 { return .failure(.tooLarge) }
                    }
                    read += inChunk - Int(stream.avail_in)
                    if code == Z_STREAM_END { return written == target.count ? .success(()) : .failure(.truncated) }
                    if code != Z_OK { return .failure(read >= source.count ? .truncated : .corrupt) }
                }
            }
        }
        try status.get()
        return output
    }

    /// `input` as a gzip file.
    public static func gzip(_ input: [UInt8], level: Int32 = 6) -> [UInt8] {
        deflate(input, windowBits: 31, level: level)
    }

    /// `input` as a raw deflate stream, for zip archives.
    public static func deflateRaw(_ input: [UInt8], level: Int32 = 6) -> [UInt8] {
        deflate(input, windowBits: -15, level: level)
    }

    /// The CRC-32 of `bytes`, as zip archives carry it.
    public static func crc32(_ bytes: Bytes) -> UInt32 {
        var checksum: UInt = 0
        bytes.forEachChunk {
            checksum = CZlib.crc32_z(checksum, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        return UInt32(truncatingIfNeeded: checksum)
    }

    private static func deflate(_ input: [UInt8], windowBits: Int32, level: Int32) -> [UInt8] {
        var stream = z_stream()
        let opened = deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(opened == Z_OK, "zlib could not start")
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
        let written = input.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var read = 0, written = 0, code = Z_OK
                repeat {
                    let inChunk = min(source.count - read, 1 << 30), outChunk = min(target.count - written, 1 << 30)
                    stream.next_in = source.baseAddress.map {
                        UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: UInt8.self))
                    }
                    stream.avail_in = UInt32(inChunk)
                    stream.next_out = (target.baseAddress! + written).assumingMemoryBound(to: UInt8.self)
                    stream.avail_out = UInt32(outChunk)
                    code = CZlib.deflate(&stream, read + inChunk == source.count ? Z_FINISH : Z_NO_FLUSH)
                    read += inChunk - Int(stream.avail_in)
                    written += outChunk - Int(stream.avail_out)
                } while code == Z_OK
                precondition(code == Z_STREAM_END, "zlib could not finish")
                return written
            }
        }
        output.removeLast(output.count - written)
        return output
    }
}
