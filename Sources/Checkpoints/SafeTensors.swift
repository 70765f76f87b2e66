import JSON
public import Platform
public import Tensors

/// The safetensors format: a little-endian length, a JSON header of names, shapes and offsets, then the numbers.
///
/// Reading maps and checks; no number is copied. Source: the reference implementation's `validate`, with a duplicate
/// key refused as well.
public enum SafeTensors {
    /// The largest header read, bytes. The reference takes 100 MB; a real one has a few hundred kilobytes.
    public static let maximumHeader = 16 << 20

    /// What a file holds.
    public struct Contents: Sendable {
        /// The arrays, in the header's order.
        public let tensors: StateDict
        /// The free text of `__metadata__`, such as `format: pt`.
        public let metadata: [String: String]
    }

    /// The arrays in `bytes`, a whole file.
    ///
    /// - Throws: a `CheckpointError` unless the header is strict JSON without duplicate keys and the arrays tile the
    ///   rest of the file exactly.
    public static func decode(_ bytes: Bytes) throws(CheckpointError) -> Contents {
        var cursor = Cursor(bytes, part: "the safetensors header")
        guard let length = Int(exactly: try cursor.integer(UInt64.self)) else {
            throw .headerTooLarge(count: Int.max, limit: maximumHeader)
        }
        guard length <= maximumHeader else { throw .headerTooLarge(count: length, limit: maximumHeader) }
        let header = try cursor.take(length)
        guard header.count > 0, header[0] == UInt8(ascii: "{") else { throw .badJSON(expected: "'{'", byte: 0) }
        guard let fields = try Value.json(header).object else { throw .badJSON(expected: "'{'", byte: 0) }
        let data = try cursor.take(cursor.remaining)

        var metadata: [String: String] = [:]
        var records: [Record] = []
        for field in fields {
            if field.name == metadataKey {
                metadata = try text(of: field.value)
            } else {
                records.append(try Record(field.name, field.value))
            }
        }
        try checkTiling(records, of: data)
        var tensors = StateDict()
        for record in records { tensors[record.name] = try record.entry(in: data) }
        return Contents(tensors: tensors, metadata: metadata)
    }

    static let metadataKey = "__metadata__"

    private static func text(of value: JSONValue) throws(CheckpointError) -> [String: String] {
        guard let fields = value.object else {
            throw .badTensorRecord(tensor: metadataKey, expected: "an object of texts")
        }
        var metadata: [String: String] = [:]
        for field in fields {
            guard let text = field.value.string else {
                throw .badTensorRecord(tensor: metadataKey, expected: "an object of texts")
            }
            metadata[field.name] = text
        }
        return metadata
    }

    /// The arrays must cover the data from its first byte to its last, without overlap or gap; so nothing in it can be
    /// read twice and nothing can hide.
    private static func checkTiling(_ records: [Record], of data: Bytes) throws(CheckpointError) {
        var end = 0, previous = ""
        for record in records.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard record.end <= data.count else {
                throw .outsideFile(tensor: record.name, end: record.end, present: data.count)
            }
            guard record.begin >= end else { throw .overlapping(tensor: record.name, with: previous) }
            guard record.begin == end else { throw .gap(before: record.name, count: record.begin - end) }
            (end, previous) = (record.end, record.name)
        }
        guard end == data.count else { throw .trailingBytes(part: "the last tensor", count: data.count - end) }
    }

    /// One line of the header; `begin` ≤ `end`, both not negative.
    private struct Record {
        let name: String
        let dtype: DType
        let shape: [Int]
        let begin: Int
        let end: Int

        init(_ name: String, _ value: JSONValue) throws(CheckpointError) {
            guard let fields = value.object, fields.count == 3 else {
                throw .badTensorRecord(tensor: name, expected: "dtype, shape and data_offsets")
            }
            guard let dtypeName = value["dtype"]?.string else {
                throw .badTensorRecord(tensor: name, expected: "a dtype")
            }
            guard let dtype = DType(rawValue: dtypeName) else {
                throw .unsupportedDType(tensor: name, dtype: dtypeName)
            }
            guard let shape = Self.integers(value["shape"]) else {
                throw .badTensorRecord(tensor: name, expected: "a shape of whole numbers")
            }
            guard let offsets = Self.integers(value["data_offsets"]), offsets.count == 2,
                offsets[0] >= 0, offsets[0] <= offsets[1]
            else { throw .badTensorRecord(tensor: name, expected: "two data_offsets in order") }
            (self.name, self.dtype, self.shape, begin, end) = (name, dtype, shape, offsets[0], offsets[1])
        }

        private static func integers(_ value: JSONValue?) -> [Int]? {
            guard let elements = value?.list else { return nil }
            var integers: [Int] = []
            for element in elements {
                guard case .int(let integer) = element else { return nil }
                integers.append(integer)
            }
            return integers
        }

        func entry(in data: Bytes) throws(CheckpointError) -> StateDict.Entry {
            guard let expected = Extents.byteCount(shape, size: dtype.size) else {
                throw .badShape(tensor: name, shape: shape)
            }
            guard expected == end - begin, let bytes = data.slice(at: begin, count: expected) else {
                throw .sizeMismatch(
                    tensor: name, shape: shape, dtype: dtype.rawValue, expected: expected, present: end - begin)
            }
            return StateDict.Entry(dtype: dtype, shape: shape, bytes: bytes)
        }
    }
}
