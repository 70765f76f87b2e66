import Platform

extension CheckpointError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .inside(let file, let error): "\(shown(file)): \(error)"
        case .emptyFile: "the file is empty; download it again"
        case .truncated(let part, let needed, let present):
            "the file ends inside \(part): \(needed) bytes needed, \(present) there; download it again"
        case .trailingBytes(let part, let count):
            "\(count) bytes follow the end of \(part), where nothing belongs; download the file again"
        case .gitLFSPointer: "this is a Git LFS pointer, not the weights; run 'git lfs pull' where it came from"
        case .htmlPage: "this is a web page, not a checkpoint; download the file itself instead of its page"
        case .compressed(let method): "the file is compressed with \(method); decompress it first"
        case .foreign(let kind): "this is \(kind); \(Self.accepted)"
        case .unrecognised(let bytes):
            "the file begins with \(bytes.hex) and is no checkpoint; \(Self.accepted)"
        case .notUTF8(let part): "\(part) is not UTF-8 text; the file is damaged"
        case .duplicateTensor(let name): "two tensors are called \(shown(name)); save the checkpoint again"
        default: folderOrHeaderDescription
        }
    }

    private static let accepted =
        "give a .safetensors file, a file of torch.save, a JAX .npz or a Hugging Face folder"

    private var folderOrHeaderDescription: String {
        switch self {
        case .noWeights:
            """
            the folder holds neither model.safetensors nor pytorch_model.bin (nor their .index.json); \
            give the folder that save_pretrained wrote
            """
        case .parts(let writer, let advice):
            "the folder is \(writer)'s, with a part of the weights from each process; \(advice)"
        case .badShardName(let name): "the index names the shard \(shown(name)), which is no plain file name"
        case .missingFromShard(let tensor, let shard):
            "the index says that \(shown(tensor)) is in \(shown(shard)), but it is not; download the folder again"
        case .badIndex: "the index has no weight_map from tensor names to file names; download the folder again"
        case .badJSON(let expected, let byte): "the JSON is malformed at byte \(byte): expected \(expected)"
        case .duplicateKey(let key, let byte): "the JSON has the key \(shown(key)) twice, again at byte \(byte)"
        case .tooDeep(let limit, let byte): "the nesting is deeper than \(limit) levels at byte \(byte)"
        case .overBudget(let what, let limit, let byte):
            "the file needs more than \(limit) \(what) at byte \(byte), which no real checkpoint does"
        case .nameTooLong(let limit, let byte):
            "the name at byte \(byte) has more than \(limit) bytes, which no real one does; rename it"
        case .tooManyMarks(let byte):
            "the text at byte \(byte) has more than \(StreamSafeText.longestRun) combining marks in a row, which no "
                + "language writes"
        case .headerTooLarge(let count, let limit):
            "the safetensors header claims \(count) bytes, more than the \(limit) that are read"
        case .badTensorRecord(let tensor, let expected): "the header of \(shown(tensor)) is wrong: expected \(expected)"
        case .unsupportedDType(let tensor, let dtype):
            "\(shown(tensor)) holds numbers of kind \(shown(dtype)), which is not read; save it as float32"
        case .badShape(let tensor, let shape): "\(shown(tensor)) has the impossible shape \(shown(shape))"
        case .sizeMismatch(let tensor, let shape, let dtype, let expected, let present):
            """
            \(shown(tensor)) of shape \(shown(shape)) in \(shown(dtype)) takes \(expected) bytes, \
            but the file gives it \(present)
            """
        case .overlapping(let tensor, let other): "\(shown(tensor)) and \(shown(other)) claim the same bytes"
        case .gap(let tensor, let count): "\(count) bytes before \(shown(tensor)) belong to no tensor"
        case .outsideFile(let tensor, let end, let present):
            "\(shown(tensor)) ends at byte \(end) of the data, but only \(present) are there; download it again"
        case .reservedName(let name): "no tensor may be called \(shown(name)) in safetensors; rename it"
        default: zipDescription
        }
    }

    private var zipDescription: String {
        switch self {
        case .zipNoDirectory: "the zip archive has no directory at its end; the download stopped early, so repeat it"
        case .zipMalformed(let entry, let part): "the zip entry \(shown(entry)) has a malformed \(part)"
        case .zipDisagreement(let entry, let field):
            "the zip directory and the header of \(shown(entry)) disagree about its \(field)"
        case .zipOverlap(let entry): "the zip entry \(shown(entry)) overlaps another"
        case .zipGap(let entry): "unclaimed bytes lie next to the zip entry \(shown(entry))"
        case .zipDuplicate(let entry): "the zip archive has two entries called \(shown(entry))"
        case .zipFlags(let entry, let flags):
            "the zip entry \(shown(entry)) has flags \(flags), as encrypted or patched archives do"
        case .zipCompressed(let entry, let method):
            "the zip entry \(shown(entry)) is compressed (method \(method)); write the file with torch.save itself"
        case .zipChecksum(let entry): "the checksum of \(shown(entry)) does not match; download the file again"
        case .zipInflation(let entry): "\(shown(entry)) does not decompress to its declared size"
        case .zipBomb(let entry, let limit): "with \(shown(entry)) the archive decompresses to over \(limit) bytes"
        case .zipTooManyEntries(let count, let limit): "the archive claims \(count) entries; \(limit) are the most"
        case .zipBadName(let name): "the zip archive has an entry with a name that leads elsewhere, \(shown(name))"
        case .zipTwoRoots(let first, let second):
            "the archive has two root folders, \(shown(first)) and \(shown(second)); torch.save writes one"
        case .zipMissing(let entry): "the archive has no entry \(shown(entry)); it is not a file of torch.save"
        case .zipSplit: "the archive is one part of several; join them first"
        case .torchScript: "this is a TorchScript program; save its state_dict() with torch.save instead"
        case .exportedProgram:
            "this is a program of torch.export; save its state_dict() with torch.save instead"
        case .tar: "this is a tar archive; unpack it, or save the checkpoint again with a PyTorch of this decade"
        default: pickleDescription
        }
    }

    private var pickleDescription: String {
        switch self {
        case .unknownOpcode(let code, let byte):
            "the pickle has the opcode 0x\([code].hex) at byte \(byte), which no checkpoint needs"
        case .unknownProtocol(let version, let byte):
            "the pickle at byte \(byte) is of protocol \(version); 5 is the last"
        case .stackUnderflow(let opcode, let byte):
            "the pickle's \(opcode) at byte \(byte) finds too little on the stack"
        case .badOperand(let opcode, let expected, let byte):
            "the pickle's \(opcode) at byte \(byte) needs \(expected) and finds something else"
        case .missingMemo(let key, let byte): "the pickle reads the memo \(key) at byte \(byte) before it is written"
        case .cycle(let byte):
            "the object made at byte \(byte) of the pickle contains itself; save only the state_dict()"
        case .badLiteral(let kind, let byte): "the pickle has a malformed \(kind) at byte \(byte)"
        case .badCall(let name, let byte):
            "the pickle calls \(shown(name)) at byte \(byte) with arguments it cannot have"
        case .unknownStorage(let name, let byte):
            "the pickle has the unknown storage class \(shown(name)) at byte \(byte)"
        case .unsupportedTensor(let kind, let byte):
            "the tensor at byte \(byte) is \(shown(kind)), which is not read; save it as a dense float32 tensor"
        case .storageOutOfBounds(let needed, let present, let byte):
            "the tensor at byte \(byte) reaches element \(needed) of a storage of \(present)"
        case .negativeStride(let byte): "the tensor at byte \(byte) has a negative stride or offset"
        case .storageSize(let key, let declared, let present):
            "the storage \(shown(key)) is declared with \(declared) bytes, but \(present) are there"
        case .bigEndian(let part): "\(part) is big-endian; save it on a little-endian machine"
        case .badLegacy(let expected, let byte):
            "the file begins as one of the old torch.save but has no \(expected) at byte \(byte)"
        case .badNpyHeader(let expected): "the NPY header is malformed: expected \(expected)"
        default: "the checkpoint is damaged"
        }
    }

    /// A name out of the file, short and printable enough for a message.
    private func shown(_ name: String) -> String {
        var text = ""
        for (index, scalar) in name.unicodeScalars.enumerated() {
            if index == 120 { return "'\(text)…'" }
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return "'\(text)'"
    }

    private func shown(_ shape: [Int]) -> String {
        shape.count <= 8 ? "\(shape)" : "of \(shape.count) axes"
    }
}
