import Foundation
import TestSupport
import Testing

/// Several ranks by the real mpirun, where it is there: the numbers of one process, the same bits again, and jobs that
/// live on when a rank dies.
@Suite(.blocking, .enabled(if: Ranks.areHere, Ranks.reason)) struct RanksTests {
    /// Every way to learn, by its name, with what makes the comparison fair: rounding of the last digit is as large a
    /// difference as any where a batch norm divides by the spread of class tokens that are nearly equal, as those of an
    /// untrained network are, and AdamW makes full steps of gradients that are nothing but rounding. So contrast learns by
    /// SGD here, by which the difference stays what it is.
    static let objectives: [(name: String, settings: String)] = [
        ("supervised", #""smoothing": 0.1, "augmentation": {"mixup": 0.8, "cutmix": 1.0}, "drop_path": 0.2"#),
        ("simmim", #""simmim": {"mask_patch_size": 8}, "drop_path": 0.2, "accumulation_steps": 2"#),
        ("mae", #""mae": {"decoder_dim": 16, "decoder_depth": 1, "decoder_heads": 2}, "drop_path": 0.2"#),
        ("moco_v3", #""moco": {"dim": 8, "mlp_dim": 16}, "optimizer": "sgd""#),
        (
            "hybrid",
            #""moco": {"dim": 8, "mlp_dim": 16}, "simmim": {"mask_patch_size": 8}, "optimizer": "sgd", "drop_path": 0.1"#
        ),
        ("finetune", #""augmentation": {"mixup": 0.8}, "clip_grad": 0.1"#), ("linear_probe", #""optimizer": "lars""#),
    ]

    @Test func ranksHaveTheNumbersOfOneProcess() throws {
        let folder = try TemporaryFolder()
        for (name, settings) in Self.objectives {
            let starts = ["hybrid", "finetune", "linear_probe"].contains(name)
            let arch = #""arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 3, "num_heads": 2}"#
            let start = starts ? "\"init_from\": \"\(folder.path)/supervised-one/model.safetensors\"" : arch
            let rate = name == "hybrid" ? "0.0001" : "0.001"
            func job(_ ranks: Int) -> String {
                """
                {"method": "\(name)", \(start), \(settings), "dataset": "shapes-textures",
                 "dataset_options": {"n_images": 96, "img_size": 32}, "epochs": \(name == "simmim" ? 5 : 3), "batch_size": 24,
                 "lr": \(rate), "log_every_steps": 1, "resources": {"threads": 1\(ranks > 1 ? ", \"ranks\": \(ranks)" : "")}}
                """
            }
            let one = folder.path + "/\(name)-one", two = folder.path + "/\(name)-two", again = two + "-again"
            try Ranks.train(job(1), 1, out: one)
            try Ranks.train(job(2), 2, out: two)
            try Ranks.train(job(2), 2, out: again)
            let model = FileManager.default.contents(atPath: two + "/model.safetensors")
            #expect(
                model != nil && model == FileManager.default.contents(atPath: again + "/model.safetensors"), "\(name)")
            let (own, others) = (try Ranks.tensors(one), try Ranks.tensors(two))
            #expect(!own.isEmpty && own.keys.sorted() == others.keys.sorted())
            for (tensor, numbers) in own {
                let differences = zip(numbers, others[tensor] ?? []).map { abs($0 - $1) }
                // A softmax does not see what all keys have in common: the gradient at their bias, the second third, is
                // nothing but rounding.
                let keys = tensor.hasSuffix("attn.qkv.bias") ? numbers.count / 3..<numbers.count / 3 * 2 : 0..<0
                let found = differences.indices.filter { !keys.contains($0) }.map { differences[$0] }.max() ?? .infinity
                #expect(found <= 1e-5, "\(name): \(tensor) differs by \(found)")
            }
            let (lines, otherLines) = (try Ranks.metrics(one), try Ranks.metrics(two))
            #expect(lines.count >= 10 && lines.count == otherLines.count)
            for (line, other) in zip(lines, otherLines) {
                #expect(line.keys.sorted() == other.keys.sorted())
                for (key, number) in line {
                    let found = abs(number - (other[key] ?? .infinity)), scale = key.hasPrefix("gradient_") ? 10.0 : 1
                    #expect(found <= 1e-5 * scale * max(1, abs(number)), "\(name): \(key) differs by \(found)")
                }
            }
        }
    }

    /// A job of 80 steps; `epochs` for more.
    static func job(epochs: Int = 20) -> String {
        let more =
            #""checkpoint": {"every_steps": 5}, "mae": {"decoder_dim": 16, "decoder_depth": 1, "decoder_heads": 2}"#
        return JobTests.body(more, epochs: epochs).replacingOccurrences(of: "\"hybrid\"", with: "\"mae\"")
            .replacingOccurrences(of: "\"threads\": 2", with: "\"threads\": 1, \"ranks\": 2")
    }

    /// A rank dies, the job is paused, and both times it goes on, to the bits of one that was let alone.
    @Test func jobSurvivesTheDeathOfARank() throws {
        let server = try Server(), straight = try server.submit(Self.job())
        #expect(try server.finished(straight)["state"] as? String == "succeeded")
        let id = try server.submit(Self.job())
        _ = try server.job(id) { ($0["checkpoint_step"] as? Int ?? 0) > 5 }
        let first = try #require(server.worker(id))
        let other = try #require(Ranks.processes(of: server.folder(id)).first { $0 != first })
        kill(other, SIGKILL)
        _ = try server.job(id) { ($0["attempt"] as? Int ?? 0) == 2 && ($0["step"] as? Int ?? 0) > 20 }
        #expect(try server.curl("/v1/jobs/\(id)/pause", ["-X", "POST"]).status == 202)
        _ = try server.job(id) { $0["held"] as? Bool == true || $0["state"] as? String == "succeeded" }
        _ = try server.found("no rank is left") { Ranks.processes(of: server.folder(id)).isEmpty ? true : nil }
        _ = try server.curl("/v1/jobs/\(id)/resume", ["-X", "POST"])
        let done = try server.finished(id)
        #expect(done["state"] as? String == "succeeded" && done["attempt"] as? Int == 2, "\(done)")
        let told = try server.events(id).map { "\($0)" }.joined()
        #expect(told.contains("ended one of its 2 ranks"), "\(told.suffix(2000))")
        let models = [straight, id].map {
            FileManager.default.contents(atPath: server.folder($0) + "/run/model.safetensors")
        }
        #expect(models[0] != nil && models[0] == models[1])
        let state = String(
            decoding: FileManager.default.contents(atPath: server.folder(id) + "/run/state.json") ?? Data(),
            as: UTF8.self)
        #expect(state.contains("\"ranks\": 2") && state.contains("\"inexact\": false"), "\(state)")
    }

    /// A cancel ends all ranks; the job goes on with one rank, and says that its numbers are others.
    @Test func cancelledJobGoesOnWithOtherRanks() throws {
        let server = try Server(),
            id = try server.submit(Self.job(epochs: 400))
        _ = try server.job(id) { ($0["checkpoint_step"] as? Int ?? 0) > 5 }
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202)
        #expect(try server.finished(id)["state"] as? String == "cancelled")
        _ = try server.found("no rank is left") { Ranks.processes(of: server.folder(id)).isEmpty ? true : nil }
        #expect(try server.curl("/v1/jobs/\(id)/retry?ranks=3", ["-X", "POST"]).status == 422)
        let reply = try server.curl("/v1/jobs/\(id)/retry?ranks=1", ["-X", "POST"])
        #expect(reply.status == 202, "\(reply.text)")
        let copy = try #require(reply.json["id"] as? String)
        _ = try server.job(copy) { ($0["checkpoint_step"] as? Int ?? 0) > 10 }
        #expect(try server.curl("/v1/jobs/\(copy)/cancel", ["-X", "POST"]).status == 202)
        #expect(try server.finished(copy)["state"] as? String == "cancelled")
        let told = try server.events(copy).map { "\($0)" }.joined()
        #expect(told.contains("2 ranks became 1") && told.contains("going on from the checkpoint"), "\(told)")
    }

    @Test func ranksThatDoNotFitAreRefused() throws {
        let server = try Server()
        func faults(_ resources: String) throws -> String {
            let body = JobTests.body().replacingOccurrences(of: "{\"threads\": 2}", with: resources)
            let reply = try server.post("/v1/jobs?dry_run=true", json: body)
            return reply.status == 200 ? "" : reply.text
        }
        #expect(try faults(#"{"threads": 1, "ranks": 2}"#) == "")
        #expect(try faults(#"{"threads": 1, "ranks": 3}"#).contains("a multiple of 3"))
        #expect(try faults(#"{"threads": 512, "ranks": 2}"#).contains("processors"))
        let folder = try TemporaryFolder(), job = try TrainTests.write(Self.job(), in: folder)
        let alone = try run(vitscope, ["train", "--config", job, "--out", folder.path + "/run"])
        #expect(alone.status == 78 && alone.errors.contains("mpirun -n 2"), "\(alone.errors)")
    }
}

/// What these tests need of the machine, and how they start ranks.
enum Ranks {
    static let reason: Comment = "mpirun (Debian: openmpi-bin) and two processors are wanted"
    static let launcher = "/usr/bin/mpirun"

    static var areHere: Bool {
        FileManager.default.isExecutableFile(atPath: launcher) && ProcessInfo.processInfo.activeProcessorCount > 1
    }

    static func train(_ job: String, _ ranks: Int, out: String) throws {
        let folder = try TemporaryFolder()
        let command = [vitscope, "train", "--config", try TrainTests.write(job, in: folder), "--out", out]
        let flags = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"]
        let answer =
            ranks == 1
            ? try run(command[0], Array(command.dropFirst())) : try run(launcher, flags + command)
        #expect(answer.status == 0, "\(job): \(answer.errors.suffix(1500))")
    }

    /// The numbers of a run's model by their names.
    static func tensors(_ out: String) throws -> [String: [Float]] {
        let bytes = [UInt8](FileManager.default.contents(atPath: out + "/model.safetensors") ?? Data())
        guard bytes.count > 8 else { return [:] }
        let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any] ?? [:]
        var found: [String: [Float]] = [:]
        for case (let name, let entry as [String: Any]) in header {
            guard let place = entry["data_offsets"] as? [Int] else { continue }
            let numbers = Data(bytes[(8 + length + place[0])..<(8 + length + place[1])])
            found[name] = numbers.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        return found
    }

    static func metrics(_ out: String) throws -> [[String: Double]] {
        try TrainTests.lines(FileManager.default.contents(atPath: out + "/metrics.jsonl") ?? Data()).map {
            $0.compactMapValues { $0 as? Double }
        }
    }

    /// The workers of a job, the launcher apart.
    static func processes(of folder: String) -> [pid_t] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
        return numbers.filter { pid in
            let words = String(
                decoding: FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data(), as: UTF8.self
            ).split(separator: "\0")
            return words.contains(Substring(folder)) && words.first?.hasSuffix("mpirun") == false
        }
    }
}
