public import JSON
import Platform

/// The forms in which a result is given. Raw values are what `format=` says.
public enum ResultFormat: String, Sendable, CaseIterable {
    case json, png, npy, npz, csv

    public var mediaType: String {
        switch self {
        case .json: "application/json"
        case .png: "image/png"
        case .npy: "application/x-npy"
        case .npz: "application/zip"
        case .csv: "text/csv; charset=utf-8"
        }
    }
}

/// What else decides how a result looks.
public struct EncodingOptions: Sendable, Equatable {
    /// PNG of attention: blend the map over the image.
    public var overlay = false
    /// PNG and CSV: the `values` of the figure that is wanted; nil for the first.
    public var figure: String?
    /// NPZ of maps: bytes from 0 to 255 with the scale of each map beside them, a quarter of the size.
    public var isQuantized = false
    /// NPZ of maps as bytes: the whole file as gzip, where it is large and that makes it smaller.
    public var isPacked = false
    /// JSON: members of `links`, for example `self`.
    public var links: [JSONValue.Member] = []

    public init() {}
}

/// A result in the form that was asked for.
public struct EncodedResult: Sendable {
    public let bytes: [UInt8]
    public let mediaType: String
    /// NPY: shape, number format and names of the extents, for the X-Tensor headers.
    public let tensor: (shape: [Int], dtype: String, axes: [String])?
    /// NPY: numbers of the file that are not finite. Why, JSON says: the form has no room for it.
    public var missingCount = 0
    /// Whether `bytes` are the gzip form of the file.
    public var isPacked = false

    /// Files below this many bytes are not worth packing.
    package static let smallestPacked = 64 << 10

    /// The file as gzip where that is smaller. At the quickest level, because somebody waits for it.
    package func packed() -> EncodedResult {
        guard bytes.count >= Self.smallestPacked else { return self }
        let packed = Deflate.gzip(bytes, level: 1)
        guard packed.count < bytes.count else { return self }
        return EncodedResult(
            bytes: packed, mediaType: mediaType, tensor: tensor, missingCount: missingCount, isPacked: true)
    }
}

extension EncodedResult {
    /// A figure.
    package init(png bytes: [UInt8]) { self.init(bytes: bytes, mediaType: ResultFormat.png.mediaType, tensor: nil) }
}
