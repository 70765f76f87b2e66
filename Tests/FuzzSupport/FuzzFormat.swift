/// A kind of bytes that comes from outside, each with its reader.
public enum FuzzFormat: String, CaseIterable, Sendable {
    /// The pickle of a file of torch.save, packed with storages that fit.
    case pickle
    /// A file of torch.save since PyTorch 1.6.
    case torchZip = "pth"
    /// A file of torch.save before.
    case torchLegacy = "legacy"
    case safeTensors = "safetensors"
    case npz, npy, json
    /// Images, called as `ImageFormat` calls them.
    case jpeg, png, webp, tiff, bmp, gif
    /// The query of a request's address.
    case query
    /// A Range field.
    case range
    /// What is posted to start a job.
    case jobBody = "job"

    /// The fields of a file.
    func pieces(of bytes: [UInt8]) -> [Piece] {
        switch self {
        case .pickle, .torchLegacy: Dissection.pickle(bytes)
        case .torchZip, .npz: Dissection.zip(bytes)
        case .safeTensors: Dissection.safeTensors(bytes)
        case .npy: Dissection.npy(bytes)
        case .jpeg: Dissection.jpeg(bytes)
        case .png: Dissection.png(bytes)
        case .webp: Dissection.webp(bytes)
        case .tiff: Dissection.tiff(bytes)
        case .bmp: Dissection.bmp(bytes)
        case .gif: Dissection.gif(bytes)
        case .json, .query, .range, .jobBody: Dissection.text(bytes)
        }
    }

    /// The file of `pieces`.
    ///
    /// - Parameter mending: whether counts and checksums say what is there, so that a reader looks further.
    func file(of pieces: [Piece], mending: Bool) -> [UInt8] {
        guard mending else { return pieces.flatMap(\.bytes) }
        switch self {
        case .png: return Mending.chunks(pieces)
        case .jpeg: return Mending.segments(pieces)
        case .webp: return Mending.riff(pieces)
        case .gif: return Mending.blocks(pieces)
        case .safeTensors, .npy: return Mending.header(pieces)
        default: return pieces.flatMap(\.bytes)
        }
    }
}
