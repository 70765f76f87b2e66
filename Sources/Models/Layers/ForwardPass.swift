import Platform
import Tensors

/// What every layer needs on the way forward: the numbers, and the threads to spend.
struct ForwardPass {
    let weights: Weights
    let pool: ThreadPool
}
