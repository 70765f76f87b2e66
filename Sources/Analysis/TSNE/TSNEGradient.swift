import Glibc
public import Platform

/// The gradient of the divergence between affinities and the distances of an embedding.
public enum TSNEGradient {
    /// - Parameters:
    ///   - positions: x and y of every point.
    ///   - theta: see `TSNE`; 0 is exact.
    /// - Returns: the gradient by x and y of every point, and the divergence, nats.
    public static func of(
        _ positions: [Double], _ affinities: TSNEAffinities, theta: Double, pool: ThreadPool
    ) -> (gradient: [Double], divergence: Double) {
        let count = positions.count / 2
        precondition(count == affinities.count, "\(count) points have no such affinities")
        let tree = QuadTree(positions)
        let forces = pool.map(count) { tree.repulsion(on: $0, of: positions, theta: theta) }
        let normalizer = max(forces.reduce(0) { $0 + $1.sum }, .leastNormalMagnitude)
        let parts = pool.map(count) { point -> (x: Double, y: Double, divergence: Double) in
            let (x, y) = (positions[2 * point], positions[2 * point + 1])
            var forceX = 0.0, forceY = 0.0, divergence = 0.0
            for place in affinities.starts[point]..<affinities.starts[point + 1] {
                let other = affinities.neighbours[place], weight = affinities.weights[place]
                let (stepX, stepY) = (x - positions[2 * other], y - positions[2 * other + 1])
                let kernel = 1 / (1 + stepX * stepX + stepY * stepY)
                forceX += weight * kernel * stepX
                forceY += weight * kernel * stepY
                let tiny = Double.leastNormalMagnitude
                divergence += weight * log(max(weight, tiny) / max(kernel / normalizer, tiny))
            }
            return (
                4 * (forceX - forces[point].x / normalizer), 4 * (forceY - forces[point].y / normalizer), divergence
            )
        }
        return (parts.flatMap { [$0.x, $0.y] }, parts.reduce(0) { $0 + $1.divergence })
    }
}
