/// What batches come to that were compared so far: the sums of their independence criteria. Those of neighbouring stretches
/// of batches add up to those of both.
public struct CKASums: Sendable, Codable {
    private var terms: CKABatch?
    /// Why batches did not count.
    var reasons: [Reason] = []

    init() {}

    mutating func add(_ batch: CKABatch) { terms = terms.map { $0.adding(batch) } ?? batch }

    /// Takes in the batches that `next` has seen, as if they had come after these.
    ///
    /// - Returns: false where they are of other layers, and nothing is taken in.
    public mutating func add(_ next: CKASums) -> Bool {
        if let terms, let others = next.terms {
            guard terms.fits(others) else { return false }
            self.terms = terms.adding(others)
        } else {
            terms = terms ?? next.terms
        }
        reasons += next.reasons
        return true
    }

    /// See `CKA.matrix(rows:cols:)`.
    public func matrix(rows: Int, cols: Int, estimator: CKA.Estimator) -> CKAMatrix {
        if let terms { return terms.matrix(reasons: reasons) }
        let reason = Reason(
            pointer: "/cka",
            reason: "there is no batch of \(estimator.minimumSamples) or more, which the \(estimator.rawValue) "
                + "estimator needs")
        return CKAMatrix(
            rows: rows, cols: cols, values: [Double?](repeating: nil, count: rows * cols), selfSimilarityMaxError: nil,
            reasons: reasons + [reason])
    }
}

extension CKABatch: Codable {
    private enum CodingKeys: String, CodingKey {
        case cross
        case selvesA = "selves_a"
        case selvesB = "selves_b"
        case productsA = "products_a"
        case productsB = "products_b"
        case faultsA = "faults_a"
        case faultsB = "faults_b"
        case isSymmetric = "symmetric"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func numbers(_ key: CodingKeys) throws -> [Double] {
            try container.decode(ExactNumbers.self, forKey: key).values
        }
        /// A layer without a fault is an empty text.
        func faults(_ key: CodingKeys) throws -> [LayerFault?] {
            try container.decode([String].self, forKey: key).map { text in
                guard !text.isEmpty else { return nil }
                guard let fault = LayerFault(rawValue: text) else {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: container, debugDescription: "No layer has such a fault.")
                }
                return fault
            }
        }
        self.init(
            cross: try numbers(.cross), selves: (try numbers(.selvesA), try numbers(.selvesB)),
            products: (try numbers(.productsA), try numbers(.productsB)),
            faults: (try faults(.faultsA), try faults(.faultsB)),
            isSymmetric: try container.decode(Bool.self, forKey: .isSymmetric))
        let (rows, cols) = (selves.a.count, selves.b.count)
        guard rows < 1 << 16, cols < 1 << 16, cross.count == rows * cols,
            [products.a.count, self.faults.a.count] == [rows, rows],
            [products.b.count, self.faults.b.count] == [cols, cols]
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .cross, in: container, debugDescription: "The layers do not go together.")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ExactNumbers(cross), forKey: .cross)
        try container.encode(ExactNumbers(selves.a), forKey: .selvesA)
        try container.encode(ExactNumbers(selves.b), forKey: .selvesB)
        try container.encode(ExactNumbers(products.a), forKey: .productsA)
        try container.encode(ExactNumbers(products.b), forKey: .productsB)
        try container.encode(faults.a.map { $0?.rawValue ?? "" }, forKey: .faultsA)
        try container.encode(faults.b.map { $0?.rawValue ?? "" }, forKey: .faultsB)
        try container.encode(isSymmetric, forKey: .isSymmetric)
    }
}
