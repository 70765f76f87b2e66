extension Sequence {
    /// Whether there are elements, and each of them satisfies `predicate`.
    ///
    /// `allSatisfy` is true of nothing at all, so that an expectation with it holds where an answer is empty.
    public func everyOne(_ predicate: (Element) throws -> Bool) rethrows -> Bool {
        var isEmpty = true
        for element in self {
            guard try predicate(element) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }
}

/// The elements of both side by side; none where they differ in number, so that `everyOne` fails.
public func pairs<A: Collection, B: Collection>(_ a: A, _ b: B) -> [(A.Element, B.Element)] {
    a.count == b.count ? Array(zip(a, b)) : []
}
