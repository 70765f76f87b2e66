public import JSON

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
}

extension EncodedResult {
    /// A figure.
    package init(png bytes: [UInt8]) { self.init(bytes: bytes, mediaType: ResultFormat.png.mediaType, tensor: nil) }
}
