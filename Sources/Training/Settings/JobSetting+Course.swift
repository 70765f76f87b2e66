import Jobs
import Tensors

/// Regularization, and what happens around the steps.
extension JobSetting {
    static let dropPath = number("drop_path", 0...0.99, "Stochastic depth in the last block, less in those before it.")
    static let smoothing = number("smoothing", 0...0.99, "Smoothing of the class labels.")
    static let checkpoint = object("checkpoint", Checkpoint.all, "When the run saves itself.")
    static let logEverySteps = int("log_every_steps", 1...1_000_000, default: 10, "Steps between two lines of metrics.")
    static let resources = object("resources", Resource.all, "Where the run computes.")
    static let precision = choice(
        "precision", PrecisionChoice.self,
        "What products are made of: f32, as in silence, bf16 where the processor multiplies it, or auto for the quickest "
            + "that it has.")
    static let labels = JobSetting("labels", .texts(atMost: 64), "Texts by name that belong to the job.")
    static let analysis = object("analysis", Analysis.all, "What is looked at while the model trains.")
    static let stopWhen = JobSetting(
        "stop_when", .objects(Stop.all, atMost: 64), "Rules by which the run ends before its last epoch.")

    static let course: [JobSetting] = [
        dropPath, smoothing, checkpoint, logEverySteps, resources, precision, labels, analysis, stopWhen,
    ]

    /// Fields of `checkpoint`.
    enum Checkpoint {
        static let everyEpochs = int("every_epochs", 1...1_000_000, default: 1, "Epochs between two checkpoints.")
        static let everySteps = int(
            "every_steps", 1...1_000_000_000, "Steps between two checkpoints, beside those of the epochs.")
        static let keepLast = int("keep_last", 1...10_000, default: 3, "How many checkpoints stay.")

        static let all: [JobSetting] = [everyEpochs, everySteps, keepLast]
    }

    /// Fields of `resources`.
    enum Resource {
        static let executor = choice(
            "executor", ExecutorName.self, "Who runs the job: this machine, as in silence, or a Slurm cluster.")
        static let threads = int(
            "threads", 1...1024, "Threads that compute, of each rank; another number gives other last digits.")
        static let partition = text("partition", longest: 64, "Of slurm: the partition; the cluster's own in silence.")
        static let account = text("account", longest: 64, "Of slurm: who pays.")
        static let nodes = int("nodes", 1...1024, "Of slurm: the nodes that the ranks lie on; one in silence.")
        static let ranks = int(
            "ranks", 1...1024,
            "Processes that train together by MPI, each on its part of every batch; one in silence. batch_size counts the "
                + "images of all of them and is a multiple of it.")
        static let timeLimit = text(
            "time_limit", longest: 32,
            "Of slurm: how long one start may take, such as 90 (minutes), 12:00:00 or 2-00:00:00; the run saves itself "
                + "before, and goes on in the next start.")
        static let options = JobSetting(
            "options", .texts(atMost: ClusterResources.optionNames.count),
            "Of slurm: more of what sbatch takes, such as qos, constraint, mem or gres.")

        static let all: [JobSetting] = [
            executor, threads, partition, account, nodes, ranks, timeLimit, options,
        ]
    }

    /// Fields of `analysis`.
    enum Analysis {
        static let everyEpochs = int("every_epochs", 1...1_000_000, default: 5, "Epochs between two snapshots.")
        static let probeSet = text(
            "probe_set", longest: 128, isRequired: true, "The images that every snapshot is shown.")
        static let metrics = JobSetting(
            "metrics", .choices(AnalysisMetric.allCases.map(\.rawValue)), "What is measured of every layer.")

        static let all: [JobSetting] = [everyEpochs, probeSet, metrics]
    }

    /// Fields of a rule of `stop_when`.
    enum Stop {
        static let metric = text(
            "metric", longest: 100, isRequired: true, "A metric of training such as loss, or an analysis.")
        static let layer = int(
            "layer", -1000...1000, "Of an analysis: the layer, negative ones from the end; the last one in silence.")
        static let below = number("below", -1e300...1e300, "The run ends below this; a rule has one bound.")
        static let above = number("above", -1e300...1e300, "The run ends above this; a rule has one bound.")
        static let afterEpochs = number(
            "after_epochs", 0...1_000_000, default: 0, "The rule is not judged before that many epochs.")

        static let all: [JobSetting] = [metric, layer, below, above, afterEpochs]
    }
}
