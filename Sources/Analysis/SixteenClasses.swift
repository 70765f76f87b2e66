import Glibc

/// The sixteen everyday classes of the cue-conflict images, each of several ImageNet classes (Geirhos et al. 2019;
/// indices from 0 in alphabetical order).
public enum SixteenClasses {
    /// In alphabetical order.
    public static var names: [String] { members.map(\.name) }

    /// The ImageNet classes of class `index`.
    public static func members(of index: Int) -> [Int] { members[index].ranges.flatMap { Array($0) } }

    /// The class with the largest mean probability of its members, the first of equals; nil where a logit is not finite.
    ///
    /// - Parameter logits: of the 1000 ImageNet classes.
    public static func decision(_ logits: [Float]) -> Int? {
        precondition(logits.count == 1000, "\(logits.count) logits, 1000 expected")
        guard logits.allSatisfy(\.isFinite) else { return nil }
        // The sum of all exponentials divides every class alike.
        let largest = Double(logits.max() ?? 0)
        let weights = logits.map { exp(Double($0) - largest) }
        let means = members.indices.map { index in
            let own = members(of: index)
            return own.reduce(0) { $0 + weights[$1] } / Double(own.count)
        }
        return means.indices.reduce(0) { means[$1] > means[$0] ? $1 : $0 }
    }

    private static let members: [(name: String, ranges: [ClosedRange<Int>])] = [
        ("airplane", [404...404]),
        ("bear", [294...297]),
        ("bicycle", [444...444, 671...671]),
        (
            "bird",
            [
                8...8, 10...16, 18...20, 22...24, 80...83, 87...96, 98...100, 127...133, 135...145,
            ]
        ),
        ("boat", [472...472, 554...554, 625...625, 814...814, 914...914]),
        ("bottle", [440...440, 720...720, 737...737, 898...899, 901...901, 907...907]),
        ("car", [436...436, 511...511, 817...817]),
        ("cat", [281...286]),
        ("chair", [423...423, 559...559, 765...765, 857...857]),
        ("clock", [409...409, 530...530, 892...892]),
        (
            "dog",
            [
                152...191, 193...203, 205...226, 228...241, 243...250, 252...257, 259...259, 261...263, 265...268,
            ]
        ),
        ("elephant", [385...386]),
        ("keyboard", [508...508, 878...878]),
        ("knife", [499...499]),
        ("oven", [766...766]),
        (
            "truck",
            [555...555, 569...569, 656...656, 675...675, 717...717, 734...734, 864...864, 867...867]
        ),
    ]
}
