import TestSupport
import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

/// Threads for all tests of this folder.
func makePool(threads: Int = 2) -> ThreadPool {
    NumericLibraries.prepareThread()
    return ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
}

/// The layout of patches of 16 pixels after one class token, unless said otherwise.
func layout(_ rows: Int, _ cols: Int, prefix: Int = 1, patchSize: Int = 16) -> TokenLayout {
    TokenLayout(
        grid: GridSize(rows: rows, cols: cols), patchSize: patchSize, numPrefixTokens: prefix, classToken: prefix > 0)
}

/// Attention with one image and one head and no prefix token, each row made by `weights`.
func attention(_ tokens: Int, _ weights: (_ query: Int, _ key: Int) -> Double) -> Tensor {
    var numbers: [Float] = []
    for query in 0..<tokens {
        let row = (0..<tokens).map { weights(query, $0) }
        let sum = row.reduce(0, +)
        numbers += row.map { Float($0 / sum) }
    }
    return Tensor(shape: [1, 1, tokens, tokens], numbers)
}

/// softmax over k of sin(1 + offset + h + 2q + 3k), the catalogue's small attention: (1, heads, tokens, tokens).
func sineAttention(heads: Int, tokens: Int, offset: Double = 0) -> Tensor {
    var numbers: [Float] = []
    for head in 0..<heads {
        for query in 0..<tokens {
            let row = (0..<tokens).map { key in
                exp(sin(1 + offset + Double(head) + 2 * Double(query) + 3 * Double(key)))
            }
            let sum = row.reduce(0, +)
            numbers += row.map { Float($0 / sum) }
        }
    }
    return Tensor(shape: [1, heads, tokens, tokens], numbers)
}

/// A sequence of numbers that looks random: SplitMix64.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// −1…1.
    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / 0x1p52 - 1
    }

    mutating func tensor(_ shape: [Int]) -> Tensor {
        Tensor(shape: shape, (0..<Tensor.count(of: shape)).map { _ in Float(next()) })
    }

    mutating func matrix(_ rows: Int, _ cols: Int) -> DoubleMatrix {
        DoubleMatrix(rows: rows, cols: cols, (0..<rows * cols).map { _ in next() })
    }

    /// Softmaxed attention, far from uniform.
    mutating func attention(_ batch: Int, _ heads: Int, _ tokens: Int, sharpness: Double = 4) -> Tensor {
        var numbers: [Float] = []
        for _ in 0..<batch * heads * tokens {
            let row = (0..<tokens).map { _ in exp(sharpness * next()) }
            let sum = row.reduce(0, +)
            numbers += row.map { Float($0 / sum) }
        }
        return Tensor(shape: [batch, heads, tokens, tokens], numbers)
    }
}

/// A matrix by a formula of row and column.
func matrix(_ rows: Int, _ cols: Int, _ number: (_ row: Double, _ col: Double) -> Double) -> DoubleMatrix {
    DoubleMatrix(
        rows: rows, cols: cols, (0..<rows * cols).map { number(Double($0 / cols), Double($0 % cols)) })
}

/// Whether two numbers differ by at most `tolerance`; NaN is close to nothing.
func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance }

func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    pairs(a, b).everyOne { isClose($0, $1, tolerance) }
}

func isClose(_ a: Tensor, _ b: [Double], _ tolerance: Double) -> Bool {
    isClose(a.array.map(Double.init), b, tolerance)
}

/// The numbers of Tests/Fixtures/analysis, made by make.py there.
struct Fixture: Decodable {
    struct Input: Decodable {
        let offset: Int
        let shape: [Int]
    }

    struct AttentionCase: Decodable {
        let name: String
        let grid: [Int]
        let prefix: Int
        let patch: Int
        let attention: Input
        let distance, nmi, nmiReference, entropy: [[Double]]
        let cls: [[[Double]]]
        let meanQueryMeanHead, maxHeadQuery1: [[Double]]
        let rollout: [String: [[Double]]]
        let rolloutReference: [[Double]]

        enum CodingKeys: String, CodingKey {
            case name, grid, prefix, patch, attention, distance, nmi, entropy, cls, rollout
            case nmiReference = "nmi_reference", meanQueryMeanHead = "mean_query_mean_head"
            case maxHeadQuery1 = "max_head_query_1", rolloutReference = "rollout_reference"
        }

        var layout: TokenLayout {
            TokenLayout(
                grid: GridSize(rows: grid[0], cols: grid[1]), patchSize: patch, numPrefixTokens: prefix,
                classToken: true)
        }
    }

    struct FourierCase: Decodable {
        let name: String
        let grid: [Int]
        let prefix: Int
        let tokens: Input
        let relative, map: [[Double]]
    }

    struct CKACase: Decodable {
        struct Result: Decodable {
            let kernel: String
            let threshold: Double
            let estimator: String
            let batchSize: Int
            let ab, aa: [[Double]]

            enum CodingKeys: String, CodingKey {
                case kernel, threshold, estimator, ab, aa
                case batchSize = "batch_size"
            }
        }

        let name: String
        let a, b: [Input]
        let results: [Result]
    }

    struct Golden: Decodable {
        let x, y: [Double]
    }

    let attention: [AttentionCase]
    let golden: Golden
    let fourier: [FourierCase]
    let cka: [CKACase]

    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis")
    }

    static func load() throws -> Fixture {
        try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
    }

    /// An input, from inputs.bin.
    static func tensor(_ input: Input) throws -> Tensor {
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("inputs.bin")))
        let count = Tensor.count(of: input.shape)
        return Tensor(
            shape: input.shape,
            (input.offset..<input.offset + count).map { index in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[index * 4 + $1]) << (8 * UInt32($1)) })
            })
    }
}
