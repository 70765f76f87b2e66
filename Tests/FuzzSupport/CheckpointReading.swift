import Checkpoints
import Platform
import Tensors

/// Reads a checkpoint as far as anybody could.
enum CheckpointReading {
    /// More than any budget of the readers allows.
    private static let mostValues = 4_000_000

    /// Whether `bytes` are a checkpoint that is taken.
    static func check(_ bytes: Bytes) throws(FuzzFault) -> Bool {
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.decode(bytes) } catch {
            try FuzzFault.require(!error.description.isEmpty, "the error \(error) has no words")
            return false
        }
        try checkSize(checkpoint, fileSize: bytes.count)
        for (path, dict) in checkpoint.stateDicts() {
            // Names of modules in modules grow longer than a name may be; then there is nothing to write.
            guard dict.names.reduce(true, { $0 && $1.utf8.count <= 1024 }) else { continue }
            try checkWritten(dict, at: path)
        }
        return true
    }

    /// What was read is not larger than the file allows.
    private static func checkSize(_ checkpoint: Checkpoint, fileSize: Int) throws(FuzzFault) {
        var places = [checkpoint.root], values = 0, numbers = 0
        while let value = places.popLast() {
            values += 1
            try FuzzFault.require(values <= mostValues, "more than \(mostValues) values")
            switch value {
            case .list(let elements): places += elements
            case .dictionary(let dictionary):
                for item in dictionary { places += [item.key, item.value] }
            case .opaque(let object):
                places += object.arguments + object.elements + [object.state]
                for item in object.fields { places += [item.key, item.value] }
            case .tensor(let entry):
                numbers += entry.count * entry.dtype.size
                try FuzzFault.require(
                    entry.bytes.count <= max(fileSize * 1032, 1 << 20), "an array of \(entry.bytes.count) bytes")
            default: break
            }
        }
        guard checkpoint.format != .npz else { return }
        // A tensor that many places share counts in each.
        try FuzzFault.require(
            numbers <= (fileSize * 8 + 1 << 20) * max(values, 1), "\(numbers) bytes of numbers in \(fileSize)")
    }

    /// Written and read again, the arrays are the same.
    static func checkWritten(_ dict: StateDict, at path: [String]) throws(FuzzFault) {
        let first: [UInt8], again: StateDict, second: [UInt8]
        do throws(CheckpointError) {
            first = try SafeTensors.encode(dict)
        } catch {
            guard case .reservedName = error else { throw FuzzFault("\(path) cannot be written: \(error)") }
            return
        }
        do throws(CheckpointError) {
            again = try SafeTensors.decode(Bytes(first)).tensors
            second = try SafeTensors.encode(again)
        } catch { throw FuzzFault("\(path) was written and is refused: \(error)") }
        try FuzzFault.require(first == second, "\(path) changes when it is written and read")
        try FuzzFault.require(Set(again.names) == Set(dict.names), "\(path) has other names when it is read again")
        for name in dict.names {
            guard let old = dict[name], let new = again[name] else { throw FuzzFault("\(name) is lost") }
            try FuzzFault.require(old.dtype == new.dtype && old.shape == new.shape, "\(name) changes its shape")
            let a = old.tensor(), b = new.tensor()
            try FuzzFault.require(
                a.littleEndianBytes.array == b.littleEndianBytes.array, "\(name) changes its numbers")
            _ = old.permuted(Array(old.shape.indices.reversed())).tensor()
        }
    }
}
