import Platform

extension RotaryEmbedding {
    /// One line for the metadata of a file of this program: base, coordinates, axes, pairs, frequencies, offset, and the
    /// reference grid where there is one.
    var text: String {
        let words = ["\(base)", coordinates.rawValue, axes.rawValue, pairs.rawValue, frequencies.rawValue, "\(offset)"]
        return (words + (reference.map { ["\($0.rows)", "\($0.cols)"] } ?? [])).joined(separator: ",")
    }

    /// Reads `text`.
    ///
    /// - Throws: `unsupported` for what this program has not written.
    init(own text: String) throws(ModelError.Reason) {
        guard let found = RotaryEmbedding(words: text.split(separator: ",").map(String.init)) else {
            throw .unsupported("the file's word for its rotary positions, \(text.clipped), is not known")
        }
        self = found
    }

    private init?(words: [String]) {
        guard words.count == 6 || words.count == 8, let base = Float(words[0]),
            let coordinates = Coordinates(rawValue: words[1]), let axes = Axes(rawValue: words[2]),
            let pairs = Pairs(rawValue: words[3]), let frequencies = Frequencies(rawValue: words[4]),
            let offset = Float(words[5])
        else { return nil }
        self.init(
            base: base, coordinates: coordinates, axes: axes, pairs: pairs, frequencies: frequencies, offset: offset)
        if words.count == 8 {
            guard let rows = Int(words[6]), let cols = Int(words[7]) else { return nil }
            reference = GridSize(rows: rows, cols: cols)
        }
        guard isPlausible else { return nil }
    }
}
