import FoundationEssentials
import GRDB
import Jobs

/// A number over the values of a row, written beside them: SQLite would hand out a row in which the disk has turned a bit.
///
/// Source: the 64-bit FNV-1a hash, draft-eastlake-fnv, section 2. Rows of an older program have none until they change.
enum RowSeal {
    /// Over columns by name and value.
    static func of(_ columns: some Sequence<(String, DatabaseValue)>) -> Int64 {
        var hash = Hash()
        for (name, value) in columns {
            hash.add(name.utf8)
            switch value.storage {
            case .null: hash.add(CollectionOfOne(0))
            case .int64(let number): hash.add(number: 1, UInt64(bitPattern: number))
            case .double(let number): hash.add(number: 2, number.bitPattern)
            case .string(let text): hash.add(3, text.utf8)
            case .blob(let data): hash.add(4, data)
            }
        }
        return Int64(bitPattern: hash.state)
    }

    /// Over the columns of `row` but `seal` and those that are named.
    static func of(_ row: Row, without: Set<String> = []) -> Int64 {
        of(row.lazy.filter { $0.0 != "seal" && !without.contains($0.0) })
    }

    /// - Throws: `corrupt` where the row is not what was written.
    static func check(_ row: Row, without: Set<String> = [], _ what: String) throws {
        guard matches(row, without: without) else {
            throw JobStoreError.corrupt("\(what) in it is not what was written")
        }
    }

    static func matches(_ row: Row, without: Set<String> = []) -> Bool {
        // A value whose type was turned ends the process where it is asked for as another one.
        let seal: DatabaseValue = row["seal"]
        return seal.isNull || seal == of(row, without: without).databaseValue
    }

    private struct Hash {
        private(set) var state: UInt64 = 14_695_981_039_346_656_037

        mutating func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { state = (state ^ UInt64(byte)) &* 1_099_511_628_211 }
        }

        /// What has a length of its own says it, so that no two rows read alike.
        mutating func add(_ kind: UInt8, _ bytes: some Collection<UInt8>) {
            add(number: kind, UInt64(bytes.count))
            add(bytes)
        }

        mutating func add(number kind: UInt8, _ number: UInt64) {
            add(CollectionOfOne(kind))
            add((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
        }
    }
}
