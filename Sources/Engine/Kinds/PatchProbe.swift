import Analysis
import Platform
import Tensors
import Training

/// What tells the class of a patch from its features, at each of several depths.
struct PatchProbe: Sendable {
    enum Form: Sendable {
        case linear(FeatureProbe.Schedule)
        case knn(k: Int, temperature: Double)
    }

    private enum Fitted: Sendable {
        case linear([FittedProbe])
        case knn([NearestVotes], k: Int, temperature: Double)
    }

    private let fitted: Fitted

    /// - Parameters:
    ///   - features: of each depth (patches, width).
    ///   - classes: of each patch, below `count`.
    init(_ form: Form, features: [Tensor], classes: [Int], count: Int, pool: ThreadPool) {
        switch form {
        case .linear(let schedule):
            // One depth at a time, so that each can be asked alone.
            fitted = .linear(
                features.map {
                    FittedProbe(
                        train: .init(features: [$0], labels: classes), classes: count, schedule: schedule, pool: pool)
                })
        case .knn(let k, let temperature):
            fitted = .knn(
                features.map { NearestVotes($0, labels: classes, classes: count) }, k: k, temperature: temperature)
        }
    }

    /// The class of each row of `features` (rows, width) of a depth, by its place; nil where nothing is decided.
    func decisions(_ depth: Int, on features: Tensor, pool: ThreadPool) -> [Int?] {
        switch fitted {
        case .linear(let probes): probes[depth].logits(of: [features], pool: pool)[0].largestColumns
        case .knn(let votes, let k, let temperature):
            votes[depth].decisions(on: features, k: k, temperature: temperature, pool: pool)
        }
    }
}
