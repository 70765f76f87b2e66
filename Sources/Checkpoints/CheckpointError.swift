public import Platform

/// The ways a checkpoint can be wrong, one case each; `description` is one sentence that a user can act on.
///
/// Offsets called `byte` count from the start of the file, or of `data.pkl` in a zip archive. Names come from the
/// file and are shortened and stripped of control characters before they are shown.
public indirect enum CheckpointError: Error, Equatable, Sendable {
    // MARK: Any file

    /// The operating system refused.
    case file(FileError)
    /// A file inside a folder is wrong.
    case inside(file: String, CheckpointError)
    /// Nothing in the file.
    case emptyFile
    /// The file ends early, most often a download that stopped.
    case truncated(part: String, needed: Int, present: Int)
    /// Bytes that nothing claims follow the end.
    case trailingBytes(part: String, count: Int)
    /// Git LFS left its pointer where the weights should be.
    case gitLFSPointer
    /// A web page was saved instead of the file behind it.
    case htmlPage
    /// The whole file is compressed: gzip, xz, zstd or bzip2.
    case compressed(by: String)
    /// A known kind of file that is no ViT checkpoint.
    case foreign(String)
    /// No kind of file we know.
    case unrecognised(firstBytes: [UInt8])
    /// Text that is not UTF-8.
    case notUTF8(part: String)
    /// Two arrays have one name.
    case duplicateTensor(String)

    // MARK: Hugging Face folders

    /// No file with weights in the folder.
    case noWeights
    /// A folder in which each process of a training wrote its own part: by whom, and how the parts become one file.
    case parts(of: String, advice: String)
    /// The index names a shard that is not a plain file name.
    case badShardName(String)
    /// The index promises an array that its shard does not hold.
    case missingFromShard(tensor: String, shard: String)
    /// The index has no usable `weight_map`.
    case badIndex

    // MARK: JSON, and every nested format

    /// Not strict JSON.
    case badJSON(expected: String, byte: Int)
    /// An object has a key twice.
    case duplicateKey(String, byte: Int)
    /// Nested deeper than any real checkpoint.
    case tooDeep(limit: Int, byte: Int)
    /// More of something than any real checkpoint has: a bomb.
    case overBudget(of: String, limit: Int, byte: Int)

    /// A name is longer than any real one.
    case nameTooLong(limit: Int, byte: Int)
    /// A text has more combining marks in a row than any language: it would take minutes to compare.
    case tooManyMarks(byte: Int)

    // MARK: safetensors

    /// The header is, or claims to be, larger than 16 MiB.
    case headerTooLarge(count: Int, limit: Int)
    /// A record of the header lacks a field or has one of the wrong kind.
    case badTensorRecord(tensor: String, expected: String)
    /// A number format that ViTScope does not read.
    case unsupportedDType(tensor: String, dtype: String)
    /// A shape with a negative extent, too many axes, or a product that overflows.
    case badShape(tensor: String, shape: [Int])
    /// Shape times number size is not the bytes that are there.
    case sizeMismatch(tensor: String, shape: [Int], dtype: String, expected: Int, present: Int)
    /// Two arrays claim the same bytes.
    case overlapping(tensor: String, with: String)
    /// Bytes before an array belong to none.
    case gap(before: String, count: Int)
    /// An array reaches beyond the file.
    case outsideFile(tensor: String, end: Int, present: Int)
    /// The name `__metadata__` is taken by the format.
    case reservedName(String)

    // MARK: Zip archives

    /// No end-of-directory record at the end: truncated, or something was appended.
    case zipNoDirectory
    /// The directory or a header is malformed.
    case zipMalformed(entry: String, part: String)
    /// The directory and the entry's own header disagree.
    case zipDisagreement(entry: String, field: String)
    /// Two entries claim the same bytes.
    case zipOverlap(entry: String)
    /// Bytes between entries belong to none.
    case zipGap(entry: String)
    /// Two entries have one name.
    case zipDuplicate(entry: String)
    /// Flags that `torch.save` and NumPy never set, such as encryption.
    case zipFlags(entry: String, flags: Int)
    /// A compressed entry in a .pth, or a method other than deflate in an .npz.
    case zipCompressed(entry: String, method: Int)
    /// The checksum does not match the bytes.
    case zipChecksum(entry: String)
    /// A compressed entry that does not inflate to what it declares.
    case zipInflation(entry: String)
    /// Inflated, the archive would be larger than we take.
    case zipBomb(entry: String, limit: Int)
    /// More entries than any real checkpoint has.
    case zipTooManyEntries(Int, limit: Int)
    /// An empty, absolute or climbing name.
    case zipBadName(String)
    /// The entries do not share one root folder.
    case zipTwoRoots(String, String)
    /// An entry that must be there is not.
    case zipMissing(entry: String)
    /// An archive in several parts.
    case zipSplit
    /// A TorchScript program.
    case torchScript
    /// A program of torch.export.
    case exportedProgram
    /// A tar archive of PyTorch before 0.1.10, or any other tar.
    case tar

    // MARK: Pickles

    /// An opcode outside protocols 0 to 4, or one that only programs need.
    case unknownOpcode(UInt8, byte: Int)
    /// A protocol number from the future.
    case unknownProtocol(Int, byte: Int)
    /// An opcode takes more than the stack holds.
    case stackUnderflow(opcode: String, byte: Int)
    /// An opcode meets something it cannot work on.
    case badOperand(opcode: String, expected: String, byte: Int)
    /// A memo slot is read before it is written.
    case missingMemo(Int, byte: Int)
    /// Something contains itself.
    case cycle(byte: Int)
    /// A number or text inside the pickle is malformed.
    case badLiteral(String, byte: Int)
    /// One of the known constructors has arguments it cannot have.
    case badCall(String, byte: Int)
    /// A storage class that ViTScope does not know.
    case unknownStorage(String, byte: Int)
    /// Quantized, sparse, complex, meta: a kind of tensor that is not read.
    case unsupportedTensor(kind: String, byte: Int)
    /// A view reaches beyond its storage.
    case storageOutOfBounds(needed: Int, present: Int, byte: Int)
    /// A view runs backwards.
    case negativeStride(byte: Int)
    /// A storage has other than the declared number of bytes.
    case storageSize(key: String, declared: Int, present: Int)
    /// Numbers are stored most significant byte first.
    case bigEndian(part: String)
    /// The old PyTorch format has an unknown version or shape.
    case badLegacy(expected: String, byte: Int)

    // MARK: NumPy

    /// The header of an NPY file is not the literal it must be.
    case badNpyHeader(expected: String)
}
