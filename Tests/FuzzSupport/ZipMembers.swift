import Checkpoints

/// The members of a zip archive, to be damaged behind its checksums and packed again.
struct ZipMembers {
    var members: [(name: [UInt8], content: [UInt8])] = []

    /// Walks the headers from the first byte on, as far as members are stored and in order.
    init(_ bytes: [UInt8]) {
        var offset = 0
        func number(_ place: Int, _ count: Int) -> Int {
            bytes.dropFirst(offset + place).prefix(count).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while bytes.dropFirst(offset).starts(with: [0x50, 0x4b, 3, 4]) {
            let name = number(26, 2), start = offset + 30 + name + number(28, 2), size = number(18, 4)
            guard number(8, 2) == 0, start + size <= bytes.count else { return }
            members.append((Array(bytes[offset + 30..<offset + 30 + name]), Array(bytes[start..<start + size])))
            offset = start + size
            // A descriptor may follow, of 16 or 24 bytes.
            for width in [16, 24] where bytes.dropFirst(offset).starts(with: [0x50, 0x4b, 7, 8]) {
                let next = Array(bytes.dropFirst(offset + width).prefix(3))
                if next.starts(with: [0x50, 0x4b, 3]) || next.starts(with: [0x50, 0x4b, 1]) { offset += width }
            }
        }
    }

    /// The archive of the members with one of them damaged, or their order or names changed.
    func damaged(_ random: inout FuzzRandom, by mutate: ([UInt8], inout FuzzRandom) -> [UInt8]) -> [UInt8] {
        var members = members
        guard !members.isEmpty else { return [] }
        let place = random.below(members.count)
        // The pickle comes first, and is the most of it.
        let victim = random.below(2) == 0 ? 0 : place
        switch random.below(12) {
        case 0: members.swapAt(place, random.below(members.count))
        case 1: members.insert(members[place], at: random.below(members.count))
        case 2: members.remove(at: place)
        case 3: members[place].name = mutate(members[place].name, &random)
        case 4: members[place].content = members[random.below(members.count)].content
        default: members[victim].content = mutate(members[victim].content, &random)
        }
        var writer = ZipWriter(zip64From: random.below(8) == 0 ? 0 : 0xffff_ffff)
        let deflates = random.below(6) == 0
        for member in members {
            writer.add(String(decoding: member.name, as: UTF8.self), member.content, deflating: deflates)
        }
        return writer.finish()
    }
}
