import Glibc
package import Tensors

extension RotaryEmbedding {
    /// The turning of every block of `config`: one for all, or one for each.
    ///
    /// - Parameter numbers: the periods, or the frequencies of every block and head, where the file has them.
    func rotations(_ config: VisionTransformerConfig, numbers: Tensor?) -> [RotaryTables] {
        let headDim = config.headDim, count = config.grid.count
        let tables =
            frequencies == .mixed
            ? (0..<config.depth).map { mixedAngles(config, block: $0, numbers) }
            : [angles(config.grid, headDim: headDim, periods: numbers)]
        return tables.map { angles in
            let shape = [angles.count / (count * headDim), count, headDim]
            return RotaryTables(
                cosines: Tensor(shape: shape, angles.map { cosf($0) }),
                sines: Tensor(shape: shape, angles.map { sinf($0) }), pairsHalves: pairs == .halves,
                prefix: config.numPrefixTokens)
        }
    }

    /// The angle of every number of a head, (patches · headDim), row-major over `grid`.
    package func angles(_ grid: GridSize, headDim: Int, periods: Tensor? = nil) -> [Float] {
        var angles: [Float] = []
        angles.reserveCapacity(grid.count * headDim)
        let frequencies = axisFrequencies(headDim: headDim, periods: periods)
        for row in 0..<grid.rows {
            let y = coordinate(row, of: grid.rows, reference: reference?.rows)
            for col in 0..<grid.cols {
                let x = coordinate(col, of: grid.cols, reference: reference?.cols)
                angles +=
                    self.frequencies == .tubelets
                    ? tubeletAngles(y, x, frequencies, headDim: headDim) : axialAngles(y, x, frequencies)
            }
        }
        return angles
    }

    private func coordinate(_ step: Int, of count: Int, reference: Int?) -> Float {
        switch coordinates {
        case .centred:
            return 2 * Float.pi * (2 * ((Float(step) + 0.5) / Float(count)) - 1)
        case .steps:
            let place = Float(step) + offset
            return reference.map { place / Float(count) * Float($0) } ?? place
        }
    }

    /// base^(−j/P): P = d/4, or half the numbers of one of three axes.
    private func axisFrequencies(headDim: Int, periods: Tensor?) -> [Float] {
        if frequencies == .stored, let periods { return periods.array.map { 1 / $0 } }
        let count = frequencies == .tubelets ? headDim / 3 / 2 : headDim / 4
        return (0..<count).map { 1 / powf(base, Float($0) / Float(count)) }
    }

    private func axialAngles(_ y: Float, _ x: Float, _ frequencies: [Float]) -> [Float] {
        let (first, second) = axes == .rowsFirst ? (y, x) : (x, y)
        return spread(frequencies.map { first * $0 } + frequencies.map { second * $0 })
    }

    /// An angle for each number: pairs of neighbours have (a₀, a₀, a₁, a₁, …), pairs of halves (a₀, a₁, …, a₀, a₁, …).
    private func spread(_ angles: [Float]) -> [Float] {
        pairs == .halves ? angles + angles : angles.flatMap { [$0, $0] }
    }

    private func tubeletAngles(_ y: Float, _ x: Float, _ frequencies: [Float], headDim: Int) -> [Float] {
        let axis = 2 * frequencies.count
        return (0..<headDim).map { place in
            let coordinate: Float = place / max(axis, 1) == 1 ? y : place / max(axis, 1) == 2 ? x : 0
            return axis == 0 || coordinate == 0 ? 0 : coordinate * frequencies[place % axis % frequencies.count]
        }
    }

    /// x·f₀ + y·f₁ with the frequencies of each head, (numHeads · patches · headDim).
    private func mixedAngles(_ config: VisionTransformerConfig, block: Int, _ numbers: Tensor?) -> [Float] {
        guard let numbers = numbers?.array else { return [] }
        let grid = config.grid, half = config.headDim / 2, heads = config.numHeads
        var angles: [Float] = []
        angles.reserveCapacity(heads * grid.count * config.headDim)
        for head in 0..<heads {
            let first = (block * heads + head) * half, second = first + config.depth * heads * half
            for row in 0..<grid.rows {
                for col in 0..<grid.cols {
                    let (t0, t1) = axes == .rowsFirst ? (Float(row), Float(col)) : (Float(col), Float(row))
                    angles += spread((0..<half).map { t0 * numbers[first + $0] + t1 * numbers[second + $0] })
                }
            }
        }
        return angles
    }
}
