public import Platform
public import Tensors

/// NumPy's NPZ format: a zip archive of NPY files, stored or deflated.
public enum Npz {
    /// The most that an archive of `fileSize` bytes may inflate to, bytes. Weights hardly deflate; what grows more than
    /// sixteen times is a bomb. A ViT-H of 32-bit floats has 2.5 GB.
    static func maximumInflated(fileSize: Int) -> Int { min(64 << 20 + (fileSize.times(16) ?? Int.max >> 1), 4 << 30) }

    /// The arrays of an archive by name, in the archive's order; one that is no tensor, such as text, becomes an opaque
    /// value.
    public static func decode(_ bytes: Bytes) throws(CheckpointError) -> ValueDictionary {
        try decode(ZipArchive(bytes), fileSize: bytes.count)
    }

    static func decode(_ archive: ZipArchive, fileSize: Int) throws(CheckpointError) -> ValueDictionary {
        var arrays = ValueDictionary(), inflated = 0
        let limit = maximumInflated(fileSize: fileSize)
        for entry in archive.entries {
            guard let name = arrayName(entry.name) else { throw .zipBadName(entry.name) }
            if entry.isDeflated {
                guard let total = inflated.plus(entry.size), total <= limit else {
                    throw .zipBomb(entry: entry.name, limit: limit)
                }
                inflated = total
            }
            let bytes = try archive.read(entry)
            do throws(CheckpointError) {
                arrays.set(.string(name), to: .tensor(try Npy.decode(bytes, name: name)))
            } catch .unsupportedDType(_, let dtype) {
                arrays.set(.string(name), to: .opaque(Value.Opaque(name: "numpy.ndarray of \(dtype)")))
            } catch {
                throw error
            }
        }
        return arrays
    }

    /// The name without `.npy`, or nil where it does not end so.
    static func arrayName(_ entry: String) -> String? {
        entry.hasSuffix(".npy") ? String(entry.dropLast(4)) : nil
    }

    /// An archive of NPY files, stored, as `numpy.savez` writes; the same content always gives the same bytes.
    ///
    /// - Parameter files: names without `.npy`, and what `Npy.encode` made of the arrays.
    public static func encode(files: [(name: String, npy: [UInt8])]) -> [UInt8] {
        var writer = ZipWriter()
        for file in files { writer.add(file.name + ".npy", file.npy) }
        return writer.finish()
    }

    /// An archive of tensors, 32-bit floats.
    public static func encode(_ tensors: [(String, Tensor)]) -> [UInt8] {
        encode(files: tensors.map { ($0.0, Npy.encode($0.1)) })
    }
}
