import Checkpoints
import Foundation
import Jobs
import JSON
import Models
import Platform
import Tensors
import Testing
import Training

/// A folder that goes when its owner does.
final class RunFolder {
    let path = NSTemporaryDirectory() + "vitscope-run-" + UUID().uuidString

    deinit { for path in [path, path + ".snapshots"] { try? FileManager.default.removeItem(atPath: path) } }

    func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: path + "/" + name) }

    var snapshots: SnapshotFolder { SnapshotFolder(path + ".snapshots") }

    var snapshotFiles: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []).sorted()
    }

    var checkpoints: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/checkpoints")) ?? []).sorted()
    }
}

/// A run of seconds: one block on images of 16 pixels, batches made of their step alone.
struct TinyRun {
    var body: String
    var identity = RunIdentity(datasetDigest: "d", threads: 2, codeVersion: "1")
    var stepsPerEpoch = 4
    /// The step whose images are not numbers.
    var poisonedStep: Int?
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init(_ method: String, _ more: String = "") {
        NumericLibraries.prepareThread()
        body = """
            {"method": "\(method)", "dataset": "shapes-textures", "epochs": 3, "batch_size": 4, "drop_path": 0.2,
             "lr": 0.01, "warmup_epochs": 1, "log_every_steps": 1, "seed": 5,
             "arch": {"img_size": 16, "patch_size": 8, "embed_dim": 8, "depth": 2, "num_heads": 2, "mlp_ratio": 2},
             "moco": {"dim": 4, "mlp_dim": 8}, "simmim": {"mask_patch_size": 8}\(more.isEmpty ? "" : ", ")\(more)}
            """
    }

    func configuration() throws -> TrainingConfiguration {
        let value = try JSONValue.parse(Array(body.utf8))
        try PublishedSchema.check(value)
        return try TrainingConfiguration(value)
    }

    func batch(_ step: Int, _ part: Int, views: Int) -> Batch {
        let random = RandomStream(seed: 3, "batch").stream(step).stream(part)
        func tensor(_ shape: [Int], _ number: Int, _ draw: (inout RandomStream) -> Double) -> Tensor {
            var stream = random.stream(number)
            return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in Float(draw(&stream)) })
        }
        var images = (0..<views).map { tensor([4, 3, 16, 16], $0) { $0.normal() } }
        if step == poisonedStep { images[0][flat: 7] = .nan }
        let mask = Tensor(shape: [4, 4], (0..<16).map { ($0 + step) % 4 < 2 ? 1 : 0 })
        return Batch(
            views: images, mask: mask, noise: tensor([4, 4], 9) { $0.uniform() }, labels: [0, 1, 2, 0],
            indices: [0, 1, 2, 3])
    }

    func trainer() throws -> Trainer {
        let configuration = try configuration()
        let vit = try #require(configuration.vit)
        let objective = try configuration.makeObjective(configuration.encoder(vit, classes: 3), classes: 3)
        let optimizer = configuration.makeOptimizer(for: objective, stepsPerEpoch: stepsPerEpoch)
        let plan = configuration.makePlan(stepsPerEpoch: stepsPerEpoch, identity: identity, vit: vit)
        return Trainer(objective: objective, optimizer: optimizer, plan: plan, pool: pool)
    }

    /// Runs in `folder` until the end, or until step `last` is done.
    @discardableResult func run(
        in folder: RunFolder, stopAfter last: Int? = nil, allowInexact: Bool = false,
        validation: Trainer.Validation? = nil, wish: WorkerWish = .stop, linesTold: Int? = nil
    ) throws -> (outcome: TrainingOutcome, events: [TrainingEvent]) {
        let configuration = try configuration()
        let directory = try RunDirectory(folder.path)
        _ = try directory.enter(configuration, identity: identity, allowInexact: allowInexact)
        var trainer = try trainer()
        let views = configuration.augmentation.views.count
        let stop = StopFlag()
        var events: [TrainingEvent] = []
        let outcome = try trainer.run(
            in: directory, batches: { _ in { step, part in batch(step, part, views: views) } }, validation: validation,
            snapshots: SnapshotFolder(folder.path + ".snapshots"), linesTold: linesTold, stop: stop
        ) { event in
            events.append(event)
            if case .progress(let progress) = event, progress.step == last { stop.raise(wish) }
        }
        return (outcome, events)
    }
}
