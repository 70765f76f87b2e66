public import Platform

/// What can be wrong with an image, a folder of images or a way to prepare them, in words for the user.
public enum ImageError: Error, Equatable, CustomStringConvertible {
    /// No bytes at all.
    case empty
    /// No image at all; `found` names what it is, with its article.
    case notAnImage(found: String)
    /// An image in a format that is not read; `found` names it, with its article.
    case otherFormat(found: String)
    /// The file is larger than `limit` bytes.
    case tooManyBytes(Int, limit: Int)
    /// A side is longer than `limit` pixels.
    case tooLong(height: Int, width: Int, limit: Int)
    /// There are more pixels than `limit`.
    case tooManyPixels(height: Int, width: Int, limit: Int)
    /// A progressive JPEG with more passes than `limit`.
    case tooManyScans(limit: Int)
    /// Scans × pixels of a progressive JPEG, or the bytes that another file unpacks to, are more than `limit`.
    case tooMuchWork(ImageFormat, height: Int, width: Int, limit: Int)
    /// Decoding takes longer than `limit` seconds of processor time.
    case tooSlow(limit: Double)
    /// The file ends before the image does.
    case truncated(ImageFormat)
    /// The bytes contradict the format.
    case damaged(ImageFormat, reason: String)
    /// A legal kind of a format of which other kinds are read.
    case unsupported(ImageFormat, kind: String)
    /// An image that is no mask, whose pixels are labels.
    case noLabels(ImageFormat)
    /// There is not enough memory to decode it.
    case noMemory(height: Int, width: Int)
    /// The file or folder cannot be read.
    case file(FileError)
    /// A folder without an image in it; `leftOut` may say why.
    case noImages(path: String, leftOut: [LeftOut] = [])
    /// A folder whose folders are parts of a dataset, not classes.
    case hasSplits(path: String, splits: [String])
    /// A folder with more folders inside than `limit`.
    case tooManyFolders(path: String, limit: Int)
    /// A setting for preparing images that makes no sense; `reason` is a sentence.
    case setting(name: String, reason: String)

    public var description: String {
        switch self {
        case .empty: "the file is empty; send the bytes of an image: \(ImageFormat.names)"
        case .notAnImage(let found): "this is \(found), not an image; send a file of \(ImageFormat.names)"
        case .otherFormat(let found): "this is \(found), which is not read here; convert it to JPEG or PNG"
        case .tooManyBytes(let count, let limit):
            "the image has \(count) bytes, and at most \(limit) are read; save it smaller or compress it more"
        case .tooLong(let height, let width, let limit):
            "the image is \(width) × \(height) pixels, and a side may have at most \(limit); scale it down"
        case .tooManyPixels(let height, let width, let limit):
            "the image is \(width) × \(height) pixels, and at most \(limit) in all are read; scale it down"
        case .tooManyScans(let limit):
            "this progressive JPEG has more than \(limit) scans; save it again, as baseline or ordinary progressive"
        case .tooMuchWork(.jpeg, let height, let width, let limit):
            "this progressive JPEG has more than \(max(1, limit / max(1, height * width))) scans over \(width) × "
                + "\(height) pixels; save it again, as baseline or smaller"
        case .tooMuchWork(let format, let height, let width, let limit):
            "this \(format) of \(width) × \(height) pixels unpacks to more than \(limit) bytes; save it with 8 bits a "
                + "channel, or smaller"
        case .tooSlow(let limit):
            "decoding takes more than \(limit) seconds of processor time; save the image smaller or as baseline"
        case .truncated(let format): "the \(format) file ends before the image does; send it again, whole"
        case .damaged(let format, let reason):
            "the \(format) file is damaged (\(reason)); save it again with another program"
        case .unsupported(let format, let kind):
            "this kind of \(format) is not read (\(kind)); save it as an ordinary 8-bit JPEG or PNG"
        case .noLabels(let format):
            "this kind of \(format) holds no labels; save the mask as a PNG with a palette or grey levels of at most 8 bits"
        case .noMemory(let height, let width):
            "not enough memory to decode \(width) × \(height) pixels; scale it down, or save it as baseline"
        case .file(let error): error.description
        case .noImages(let path, let leftOut):
            "no image below \(path) (\(FolderEntryKind.readWords)); put images there, or a folder for each class"
                + (leftOut.isEmpty ? "" : " (left out: \(leftOut.map(\.words).joined(separator: ", ")))")
        case .hasSplits(let path, let splits):
            "\(path) has the splits \(splits.joined(separator: ", ")), which are no classes; name one of them: "
                + splits.map { "\(path)/\($0)" }.joined(separator: " or ")
        case .tooManyFolders(let path, let limit):
            "more than \(limit) folders below \(path); a dataset has one folder a class, and no link in a circle"
        case .setting(let name, let reason): "\(name): \(reason)"
        }
    }
}
