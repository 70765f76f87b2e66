import Foundation
import TestSupport
import Testing

/// `vitscope train` as users run it.
@Suite(.blocking) struct TrainTests {
    /// A job of seconds.
    static func job(_ more: String = "", images: Int = 64) -> String {
        """
        {"method": "hybrid", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2},
         "dataset": "shapes-textures", "dataset_options": {"n_images": \(images)}, "epochs": 3, "batch_size": 16,
         "lr": 0.001, "moco": {"dim": 8, "mlp_dim": 16}, "log_every_steps": 2,
         "resources": {"threads": 2}\(more.isEmpty ? "" : ", ")\(more)}
        """
    }

    static func write(_ text: String, in folder: TemporaryFolder, as name: String = "job.json") throws -> String {
        let path = folder.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func lines(_ data: Data) throws -> [[String: Any]] {
        try data.split(separator: 10).compactMap { try JSONSerialization.jsonObject(with: $0) as? [String: Any] }
    }

    @Test func jobTrainsAndItsModelIsRead() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/run"
        let answer = try run(vitscope, ["train", "--config", try Self.write(Self.job(), in: folder), "--out", out])
        #expect(answer.status == 0, "\(answer.errors)")
        let events = try Self.lines(answer.output)
        #expect(Set(events.compactMap { $0["event"] as? String }) == ["progress", "metric", "checkpoint", "end"])
        #expect(events.last?["outcome"] as? String == "succeeded" && events.last?["step"] as? Int == 12)
        let metrics = try Self.lines(FileManager.default.contents(atPath: out + "/metrics.jsonl") ?? Data())
        #expect(metrics.compactMap { $0["step"] as? Int } == [2, 4, 6, 8, 10, 12])
        #expect(metrics.everyOne { $0["loss"] is Double && $0["loss_moco"] is Double && $0["lr"] is Double })
        for file in ["model.safetensors", "checkpoints/step-12.safetensors"] {
            let report = try run(vitscope, ["inspect", out + "/" + file, "--json"])
            #expect(report.status == 0)
            let found = try #require(try JSONSerialization.jsonObject(with: report.output) as? [String: Any])
            #expect(found["verdict"] as? String == "complete")
        }
        let converted = try run(
            vitscope, ["convert", out + "/model.safetensors", folder.path + "/timm.safetensors", "--to", "timm"])
        #expect(converted.status == 0, "\(converted.errors)")
        let again = try run(vitscope, ["train", "--config", folder.path + "/job.json", "--out", out])
        #expect(again.status == 0)
        #expect(try Self.lines(again.output).last?["outcome"] as? String == "already_finished")
    }

    /// SIGTERM saves a checkpoint; the next run ends with the bytes of one that was never stopped.
    @Test func terminatedRunGoesOnBitForBit() throws {
        let folder = try TemporaryFolder()
        let job = try Self.write(Self.job(#""checkpoint": {"every_epochs": 100}"#, images: 512), in: folder)
        let straight = folder.path + "/straight", broken = folder.path + "/broken"
        #expect(try run(vitscope, ["train", "--config", job, "--out", straight]).status == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: vitscope)
        process.arguments = ["train", "--config", job, "--out", broken]
        let output = Pipe(), errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // The first line says that a step is done.
        var said = Data()
        while !said.contains(10) {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the run ended before its first step")
            said += more
        }
        process.terminate()
        _ = output.fileHandleForReading.readDataToEndOfFile()
        let sentence = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // A machine that is very quick may be done before the signal comes.
        if process.terminationStatus != 0 {
            #expect(process.terminationStatus == 143)
            #expect(sentence.contains("goes on"))
            #expect(!FileManager.default.fileExists(atPath: broken + "/model.safetensors"))
        }
        let last = try run(vitscope, ["train", "--config", job, "--out", broken])
        #expect(last.status == 0, "\(last.errors)")
        for file in ["model.safetensors", "checkpoints/step-96.safetensors", "metrics.jsonl"] {
            let bytes = try #require(FileManager.default.contents(atPath: straight + "/" + file))
            #expect(FileManager.default.contents(atPath: broken + "/" + file) == bytes, "\(file) differs")
        }
    }

    /// kill -9 loses one interval at most.
    @Test func killedRunGoesOnBitForBit() throws {
        let folder = try TemporaryFolder()
        let job = try Self.write(Self.job(#""checkpoint": {"every_steps": 3}"#, images: 512), in: folder)
        let straight = folder.path + "/straight", broken = folder.path + "/broken"
        #expect(try run(vitscope, ["train", "--config", job, "--out", straight]).status == 0)
        for _ in 0..<2 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: vitscope)
            process.arguments = ["train", "--config", job, "--out", broken]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            var said = ""
            while !said.contains("\"event\":\"checkpoint\"") {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                said += String(decoding: more, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let last = try run(vitscope, ["train", "--config", job, "--out", broken])
        #expect(last.status == 0, "\(last.errors)")
        for file in ["model.safetensors", "checkpoints/step-96.safetensors", "metrics.jsonl"] {
            let bytes = try #require(FileManager.default.contents(atPath: straight + "/" + file))
            #expect(FileManager.default.contents(atPath: broken + "/" + file) == bytes, "\(file) differs")
        }
    }

    @Test func refusalsHaveTheirCodes() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/run"
        func train(_ job: String, _ more: [String] = []) throws -> Answer {
            try run(vitscope, ["train", "--config", try Self.write(job, in: folder), "--out", out] + more)
        }
        #expect(try run(vitscope, ["train", "--config", "job.json"]).status == 2)
        #expect(try run(vitscope, ["train", "--config", folder.path + "/none.json", "--out", out]).status == 78)
        let wrong = try train(#"{"method": "moco", "arch": "vit_tiny_patch16_224", "dataset": "d", "epoch": 3}"#)
        #expect(wrong.status == 78)
        #expect(
            wrong.errors.contains("/method") && wrong.errors.contains("/epoch: ") && wrong.errors.contains("epochs"))
        let large = try train(Self.job(images: 10))
        #expect(large.status == 78 && large.errors.contains("batch_size"))
        let missing = try train(
            Self.job().replacingOccurrences(of: "\"shapes-textures\"", with: "\"shape-textures\"")
                .replacingOccurrences(of: #""dataset_options": {"n_images": 64}, "#, with: ""))
        #expect(missing.status == 78 && missing.errors.contains("shapes-textures"))
        #expect(try train(Self.job()).status == 0)
        let other = try train(Self.job(#""weight_decay": 0.5"#))
        #expect(other.status == 78 && other.errors.contains("/weight_decay"))
        let threads = try train(Self.job(), ["--threads", "1"])
        #expect(threads.status == 78 && threads.errors.contains("--allow-inexact"))
        #expect(try train(Self.job(), ["--restart"]).status == 78)
    }

    @Test func typoDoesNotSpoilTheDirectory() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/run"
        func train(_ job: String, _ more: [String] = []) throws -> Answer {
            try run(vitscope, ["train", "--config", try Self.write(job, in: folder), "--out", out] + more)
        }
        let typo = Self.job().replacingOccurrences(of: "\"shapes-textures\"", with: "\"shape-textures\"")
            .replacingOccurrences(of: #""dataset_options": {"n_images": 64}, "#, with: "")
        #expect(try train(typo).status == 78)
        #expect(try train(Self.job(), ["--restart"]).status == 0)
        // Somebody's own folder stays as it is, hidden files too.
        try FileManager.default.createDirectory(atPath: folder.path + "/own", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/own/thesis.txt"))
        let own = try run(
            vitscope, ["train", "--config", folder.path + "/job.json", "--out", folder.path + "/own"])
        #expect(own.status == 78)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/own") == ["thesis.txt"])
    }

    /// The dry run of a job that fits no machine says so instead of trying.
    @Test func jobsThatDoNotFitAreRefused() throws {
        let folder = try TemporaryFolder()
        let huge = #"{"method": "simmim", "arch": {"img_size": 4096}, "dataset": "shapes-textures"}"#
        let deep = Self.job().replacingOccurrences(
            of: "\"embed_dim\": 24, \"depth\": 2", with: "\"embed_dim\": 16384, \"depth\": 200")
        for job in [huge, deep] {
            let path = try Self.write(job, in: folder)
            for more in [["--dry-run"], ["--out", folder.path + "/run"]] {
                let answer = try run(vitscope, ["train", "--config", path] + more)
                #expect(answer.status == 78)
                #expect(answer.errors.contains("/arch") && answer.errors.contains("the machine has"))
            }
        }
    }

    @Test func dryRunOfOneStepMeasuresIt() throws {
        let folder = try TemporaryFolder()
        let job = Self.job(images: 16).replacingOccurrences(of: "\"epochs\": 3", with: "\"epochs\": 1")
        let answer = try run(
            vitscope, ["train", "--config", try Self.write(job, in: folder), "--dry-run", "--json"])
        let found = try #require(try JSONSerialization.jsonObject(with: answer.output) as? [String: Any])
        #expect(found["measured_steps"] as? Int == 1)
        #expect(found["seconds_per_epoch"] as? Double ?? 0 > 0)
    }

    /// Validation pairs classes by name and lives with an image that cannot be read, but not with none.
    @Test func validationIsOnTheSameClassesAndSkipsWhatCannotBeRead() throws {
        let folder = try TemporaryFolder(), files = FileManager.default
        let picture = try Data(contentsOf: URL(fileURLWithPath: fixture("images/orientation/1.png")))
        func fill(_ set: String, _ classes: [String], _ count: Int, _ data: Data) throws {
            for name in classes {
                let path = folder.path + "/\(set)/\(name)"
                try files.createDirectory(atPath: path, withIntermediateDirectories: true)
                for number in 0..<count {
                    try data.write(to: URL(fileURLWithPath: path + "/\(set)\(number).png"))
                }
            }
        }
        try fill("train", ["cat", "dog"], 4, picture)
        try fill("other", ["ant", "dog"], 1, picture)
        try fill("same", ["cat", "dog"], 1, picture)
        try fill("none", ["cat", "dog"], 1, Data("x".utf8))
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/same/cat/broken.png"))
        func train(_ validation: String) throws -> Answer {
            let job = """
                {"method": "supervised", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 1},
                 "dataset": "train", "validation_dataset": "\(validation)", "epochs": 2, "batch_size": 4}
                """
            return try run(
                vitscope,
                [
                    "train", "--config", try Self.write(job, in: folder), "--datasets", folder.path, "--out",
                    folder.path + "/run-" + validation,
                ])
        }
        let other = try train("other")
        #expect(other.status == 78 && other.errors.contains("/validation_dataset"), "\(other.errors)")
        #expect(other.errors.contains("ant") && other.errors.contains("cat"))
        let same = try train("same")
        #expect(same.status == 0, "\(same.errors)")
        let events = try Self.lines(same.output)
        #expect(events.count { ($0["message"] as? String)?.contains("broken.png") == true } == 1)
        let accuracies = events.compactMap { $0["val_accuracy"] as? Double }
        #expect(accuracies.count == 2 && accuracies.everyOne { [0, 0.5, 1].contains($0) })
        #expect(try train("none").status == 65)
        #expect(files.fileExists(atPath: folder.path + "/run-none/checkpoints/step-2.safetensors"))
    }

    /// One image among others that cannot be read: a dry run names it, `refuse` ends the run before its first step, and
    /// `skip` goes on and tells at the end.
    @Test func unreadableImagesAreRefusedOrSkippedAsTheJobSays() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        let picture = try Data(contentsOf: URL(fileURLWithPath: fixture("images/orientation/1.png")))
        for name in ["cat", "dog"] {
            let path = folder.path + "/pets/\(name)"
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            for number in 0..<4 { try picture.write(to: URL(fileURLWithPath: path + "/\(number).png")) }
        }
        try picture.prefix(60).write(to: URL(fileURLWithPath: folder.path + "/pets/cat/torn.png"))
        try picture.write(to: URL(fileURLWithPath: folder.path + "/pets/cat/1.heic"))
        func train(_ rule: String?, _ more: [String]) throws -> Answer {
            let said = rule.map { #", "on_error": "\#($0)""# } ?? ""
            let job = """
                {"method": "supervised", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 1},
                 "dataset": "pets", "epochs": 1, "batch_size": 4\(said)}
                """
            return try run(
                vitscope,
                ["train", "--config", try Self.write(job, in: folder), "--datasets", folder.path] + more)
        }
        let dry = try train(nil, ["--dry-run", "--json"])
        let found = try #require(try JSONSerialization.jsonObject(with: dry.output) as? [String: Any])
        let data = try #require(found["data"] as? [String: Any])
        #expect(data["on_error"] as? String == "skip" && data["n_checked"] as? Int == 9)
        #expect(data["n_unreadable"] as? Int == 1)
        #expect((data["unreadable"] as? [String])?.first?.hasPrefix("cat/torn.png: ") == true)
        #expect((data["warnings"] as? [String])?.contains { $0.contains("cat/1.heic") } == true)
        #expect((data["index_rule"] as? String)?.contains("numbered from 0") == true)
        #expect(
            try train(nil, ["--dry-run"]).text.contains("1 cannot be read (on_error: skip): cat/torn.png")
        )
        for more in [["--dry-run"], ["--out", folder.path + "/refused"]] {
            let refused = try train("refuse", more)
            #expect(refused.status == 65, "\(refused.errors)")
            #expect(
                refused.errors.contains("1 of 9 images cannot be read")
                    && refused.errors.contains("cat/torn.png"))
        }
        #expect(!files.fileExists(atPath: folder.path + "/refused/model.safetensors"))
        let skipped = try train("skip", ["--out", folder.path + "/skipped"])
        #expect(skipped.status == 0, "\(skipped.errors)")
        let messages = try Self.lines(skipped.output).compactMap { $0["message"] as? String }
        #expect(messages.contains { $0.hasPrefix("1 of 9 images cannot be read and were skipped") })
        #expect(
            try train("ignore", ["--dry-run"]).errors.contains("on_error must be one of refuse, skip"))
    }

    @Test func dryRunWritesNothing() throws {
        let folder = try TemporaryFolder()
        let job = try Self.write(Self.job(), in: folder)
        let text = try run(vitscope, ["train", "--config", job, "--dry-run"])
        #expect(text.status == 0 && text.text.contains("measured"), "\(text.errors)")
        let json = try run(vitscope, ["train", "--config", job, "--dry-run", "--json"])
        let found = try #require(try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
        #expect((found["parameters"] as? Int ?? 0) >= (found["trainable_parameters"] as? Int ?? 1))
        #expect((found["memory_bytes"] as? Int ?? 0) > 0 && found["seconds_per_epoch"] is Double)
        #expect(found["steps_per_epoch"] as? Int == 4)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["job.json"])
    }

    /// Pre-training, fine-tuning from it, and a probe of every layer.
    @Test func methodsFollowOneAnother() throws {
        let folder = try TemporaryFolder()
        func train(_ name: String, _ job: String) throws -> Answer {
            try run(
                vitscope,
                [
                    "train", "--config", try Self.write(job, in: folder, as: name + ".json"), "--out",
                    folder.path + "/" + name,
                ])
        }
        #expect(try train("first", Self.job()).status == 0)
        let data = #""dataset": "shapes-textures", "dataset_options": {"n_images": 64}, "epochs": 2, "batch_size": 16"#
        let from = #""init_from": "\#(folder.path)/first/model.safetensors""#
        let measured = #", "validation_dataset": "shapes-textures""#
        for (method, more) in [
            ("finetune", measured), ("linear_probe", measured), ("linear_probe", measured + #", "recipe": "mae""#),
            ("simmim", ""),
        ] {
            let name = method + "\(more.count)"
            let job = #"{"method": "\#(method)", \#(data), \#(from)\#(more)}"#
            let answer = try train(name, job)
            #expect(answer.status == 0, "\(method): \(answer.errors)")
            let metrics = try Self.lines(
                FileManager.default.contents(atPath: folder.path + "/\(name)/metrics.jsonl") ?? Data())
            if method == "finetune" { #expect(metrics.last?["val_accuracy"] is Double) }
            if method == "linear_probe" { #expect(metrics.last?["val_accuracy.2"] is Double) }
        }
    }

    /// Rules on metrics of training end the run; those on analyses, and analyses, are a server's.
    @Test func runEndsByItsRulesAndSaysWhatItLeavesOut() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/run"
        let rules = #"[{"metric": "loss", "above": -1, "after_epochs": 2}, {"metric": "attention-nmi", "below": 0.01}]"#
        let job = try Self.write(
            Self.job(#""analysis": {"probe_set": "p"}, "stop_when": \#(rules)"#), in: folder)
        let answer = try run(vitscope, ["train", "--config", job, "--out", out])
        #expect(answer.status == 0, "\(answer.errors)")
        let events = try Self.lines(answer.output)
        let warnings = events.filter { $0["event"] as? String == "warning" }.compactMap { $0["code"] as? String }
        #expect(warnings == ["analysis_skipped", "stop_when_skipped"])
        #expect(events.last?["outcome"] as? String == "succeeded" && events.last?["step"] as? Int == 8)
        #expect((events.last?["stopped_early"] as? String)?.contains("loss") == true)
        #expect(events.filter { $0["event"] as? String == "metric" }.compactMap { $0["line"] as? Int } == [0, 1, 2, 3])
        let again = try run(vitscope, ["train", "--config", job, "--out", out])
        #expect(try Self.lines(again.output).last?["outcome"] as? String == "already_finished")
        let wrong = try Self.write(Self.job(#""stop_when": [{"metric": "loss"}]"#), in: folder, as: "wrong.json")
        let refused = try run(vitscope, ["train", "--config", wrong, "--out", folder.path + "/other"])
        #expect(refused.status == 78 && refused.errors.contains("/stop_when/0: "))
    }
}
