import Foundation
import TestSupport
import Testing

/// `vitscope reproduce` as users run it, and what the committed demo shows.
@Suite(.blocking) struct ReproduceTests {
    private struct Model: Decodable {
        let name: String
        let attentionDistancePx: [Double]
        let attentionNmi: [Double]
        let shapeProbe: [Double]
        let shapeProbeCls: Double
        let highFrequency: [Double]
        let noiseDrop: [Double]
        let cosineDepths: [Double]
    }
    private struct Report: Decodable {
        struct Checklist: Decodable {
            struct Item: Decodable {
                let number: Int
                let verdict: String
            }
            let items: [Item]
        }
        struct Point: Decodable {
            let lambda: Double
            let model: Model
        }
        let models: [Model]
        let sweep: [Point]
        let sweepEpochs: Int?
        let checklist: Checklist
    }

    private func report(_ arguments: [String]) throws -> Report {
        let answer = try run(vitscope, ["reproduce", "--json", "--threads", "2"] + arguments)
        try #require(answer.status == 0, "\(answer.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: answer.output)
    }

    /// The margins by which the committed checkpoints show the paper's findings: far wider than the standard error of
    /// 2 points that a probe of 600 images has.
    @Test func committedDemoShowsThePapersFindings() throws {
        let demo = repository.appendingPathComponent("deploy/demo").path
        let report = try report([
            "--committed", "--demo-dir", demo, "--analysed", "100", "--probe-train", "1500", "--probe-test", "600",
        ])
        try #require(report.models.map(\.name) == ["untrained", "moco_v3", "simmim", "hybrid"])
        let (untrained, moco, simMIM, hybrid) = (
            report.models[0], report.models[1], report.models[2], report.models[3]
        )
        for block in 1..<moco.attentionNmi.count {
            #expect(moco.attentionDistancePx[block] > simMIM.attentionDistancePx[block], "distance in block \(block)")
            #expect(moco.attentionNmi[block] < simMIM.attentionNmi[block], "NMI in block \(block)")
        }
        #expect(moco.attentionNmi.last ?? 1 < 0.06, "the contrastive model's last layer has not collapsed")
        let last = moco.shapeProbe.count - 1
        #expect(moco.shapeProbe[last] > untrained.shapeProbe[last] + 0.1)
        #expect(hybrid.shapeProbe[last] > untrained.shapeProbe[last] + 0.1)
        #expect(simMIM.shapeProbe[1..<last].max() ?? 0 > (untrained.shapeProbe.max() ?? 1) + 0.04)
        #expect(moco.shapeProbe[last] > simMIM.shapeProbe[last] + 0.08)
        #expect(report.checklist.items.count == 21)
        // What small models cannot show is said, not left out.
        #expect(report.checklist.items.count { $0.verdict == "not measured" } == 5)
        #expect(Set(report.checklist.items.map(\.number)) == Set(1...10))
        #expect(report.models.everyOne { $0.noiseDrop.count == 5 && $0.cosineDepths.count == 5 })
    }

    /// Jobs of seconds: the whole way from training to the report, which is honest about what such models show.
    @Test func jobsAreTrainedAndMeasured() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/jobs", withIntermediateDirectories: true)
        for name in ["moco_v3", "simmim", "hybrid"] {
            let source = repository.appendingPathComponent("deploy/demo/jobs/\(name).json")
            var job = try #require(
                JSONSerialization.jsonObject(with: try Data(contentsOf: source)) as? [String: Any])
            job["epochs"] = 1
            job["warmup_epochs"] = 0
            job["batch_size"] = 16
            job["dataset_options"] = ["n_images": 32, "img_size": 48, "seed": 100]
            try JSONSerialization.data(withJSONObject: job)
                .write(to: URL(fileURLWithPath: folder.path + "/jobs/\(name).json"))
        }
        let small = [
            "--demo-dir", folder.path, "--out", folder.path + "/runs", "--analysed", "20", "--probe-train", "60",
            "--probe-test", "40", "--sweep", "--sweep-epochs", "1",
        ]
        let first = try report(small)
        #expect(first.sweep.map(\.lambda) == [0, 0.2, 0.4, 0.6, 0.8, 1] && first.sweepEpochs == 1)
        // λ decides what is learned.
        #expect(first.sweep[0].model.attentionNmi != first.sweep[5].model.attentionNmi)
        #expect(first.checklist.items.count { $0.verdict == "not measured" } == 4)
        let page = try String(contentsOfFile: folder.path + "/runs/report.html", encoding: .utf8)
        #expect(page.contains("checklist") && page.components(separatedBy: "data:image/png;base64,").count == 15)
        #expect(first.models.count == 4 && first.models.everyOne { $0.attentionNmi.count == 6 })
        #expect(first.models.everyOne { $0.shapeProbe.count == 7 && $0.highFrequency.everyOne(\.isFinite) })
        #expect(FileManager.default.fileExists(atPath: folder.path + "/runs/hybrid/model.safetensors"))
        // Finished runs are not trained again, and the same models give the same numbers.
        let second = try report(small)
        #expect(second.models.map(\.attentionNmi) == first.models.map(\.attentionNmi))
        #expect(second.models.map(\.shapeProbe) == first.models.map(\.shapeProbe))
    }

    @Test func missingJobsAreNamed() throws {
        let folder = try TemporaryFolder()
        let answer = try run(vitscope, ["reproduce", "--demo-dir", folder.path, "--committed"])
        #expect(answer.status == 1 && answer.errors.contains("jobs"), "\(answer.errors)")
    }
}
