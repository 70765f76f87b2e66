import Foundation
import TestSupport
import Testing

/// The commands without a server.
@Suite(.blocking) struct CommandTests {
    @Test func inspectPrintsTheReport() throws {
        let answer = try run(vitscope, ["inspect", fixture("models/files/simmim_pretrain.pth"), "--json"])
        #expect(answer.status == 0, "\(answer.errors)")
        let report = try JSONSerialization.jsonObject(with: answer.output) as? [String: Any]
        #expect(report?["recognised_as"] as? String == "simmim")
        #expect(report?["verdict"] as? String == "complete")
        let text = try run(vitscope, ["inspect", fixture("models/files/simmim_pretrain.pth")])
        #expect(text.status == 0 && text.text.contains("simmim"))
    }

    @Test func inspectRefusesWhatIsNoCheckpoint() throws {
        let answer = try run(vitscope, ["inspect", fixture("models/cases.json"), "--json"])
        #expect(answer.status == 65)
        #expect(!answer.errors.isEmpty)
        #expect(try run(vitscope, ["inspect", "/nowhere/at.all"]).status != 0)
    }

    @Test func convertedCheckpointsAreTheSame() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/out.safetensors"
        let converted = try run(vitscope, ["convert", fixture("models/files/hf_vit"), out, "--to", "timm"])
        #expect(converted.status == 0, "\(converted.errors)")
        let report = try run(vitscope, ["inspect", out, "--json"])
        let json = try JSONSerialization.jsonObject(with: report.output) as? [String: Any]
        #expect(json?["recognised_as"] as? String == "timm")
        #expect(json?["verdict"] as? String == "complete")
    }

    @Test func analyzePrintsWhatTheServerAnswers() throws {
        let server = try Server(models: fixture("models/files"))
        _ = try server.load("m", path: "dinov2_reg.pth", ["num_heads": 3])
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: fixture("images/jpeg/444.jpg"), toPath: folder.path + "/photo.jpg")
        let upload = try server.curl(
            "/v1/images", ["-H", "Content-Type: image/jpeg", "--data-binary", "@\(folder.path)/photo.jpg"])
        let id = try #require(upload.json["id"] as? String)
        let online = try server.curl("/v1/models/m/analyses/attention-distance?image=\(id)").json
        let answer = try run(
            vitscope,
            [
                "analyze", "attention-distance", "--model", fixture("models/files/dinov2_reg.pth"), "--num-heads", "3",
                "--images", folder.path,
            ])
        #expect(answer.status == 0, "\(answer.errors)")
        let offline = try JSONSerialization.jsonObject(with: answer.output) as? [String: Any]
        #expect("\(offline?["mean"] ?? "")" == "\(online["mean"] ?? "?")")
    }

    @Test func benchMeasuresItsCeiling() throws {
        let answer = try run(
            vitscope, ["bench", "forward", "--arch", "vit_tiny_patch16_64", "--batch", "2", "--rounds", "2", "--json"])
        let report = try JSONSerialization.jsonObject(with: answer.output) as? [String: Any]
        for key in ["images_per_second", "gflops", "gemm_ceiling_gflops", "fraction_of_ceiling"] {
            #expect((report?[key] as? Double ?? 0) > 0, "\(key): \(answer.text)")
        }
    }

    @Test func wrongCommandLinesEndWithTwo() throws {
        for arguments in [
            ["frobnicate"], ["serve", "--port", "99999"], ["inspect"], ["bench", "forward", "--precision", "f8"],
        ] {
            let answer = try run(vitscope, arguments)
            #expect(answer.status == 2 && !answer.errors.isEmpty, "\(arguments): \(answer)")
        }
        #expect(try run(vitscope, ["--help"]).status == 0)
        #expect(try run(vitscope, ["version"]).text.hasPrefix("0."))
    }

    /// oneDNN's own variable bounds the instructions of our kernels, too: so other processors' numbers can be tested.
    @Test(arguments: [("SSE41", "x86-64"), ("avx", "x86-64"), ("AVX2", "x86-64-v3")])
    func theEnvironmentBoundsTheKernels(bound: String, expected: String) throws {
        func kernels(_ environment: [String: String]) throws -> String? {
            let answer = try run(vitscope, ["version", "--json"], environment: environment)
            let version = try JSONSerialization.jsonObject(with: answer.output) as? [String: Any]
            return (version?["libraries"] as? [String: String])?["kernels"]
        }
        let levels = ["x86-64", "x86-64-v3", "x86-64-v4"]
        let widest = try #require(try kernels(["ONEDNN_MAX_CPU_ISA": "ALL"]))
        guard let top = levels.firstIndex(of: widest) else {
            #expect(widest == "generic")
            return
        }
        let wanted = try #require(levels.firstIndex(of: expected))
        #expect(try kernels(["ONEDNN_MAX_CPU_ISA": bound]) == levels[min(wanted, top)])
    }

    /// The program finds its page from any folder, and its converted files are not private.
    @Test func theWorkingDirectoryDoesNotMatter() throws {
        let folder = try TemporaryFolder()
        let answer = try run(vitscope, ["serve", "--print-config", "--json"], directory: folder.path)
        let settings = try JSONSerialization.jsonObject(with: answer.output) as? [String: [String: String]]
        let page = try #require(settings?["public"]?["value"])
        #expect(FileManager.default.fileExists(atPath: page + "/index.html"), "\(page)")
        let out = folder.path + "/out.safetensors"
        #expect(try run(vitscope, ["convert", fixture("models/files/jax.npz"), out]).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: out)[.posixPermissions] as? Int
        #expect((mode ?? 0) & 0o044 == 0o044 & ~Int(umaskNow), "\(mode ?? 0)")
    }

    private var umaskNow: mode_t {
        let mask = umask(0o022)
        umask(mask)
        return mask
    }

    @Test func configurationSaysWhereEachValueCameFrom() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/config.json"
        try Data(#"{"port": 9001, "threads": 3}"#.utf8).write(to: URL(fileURLWithPath: file))
        let answer = try run(
            vitscope, ["serve", "--print-config", "--config", file, "--host", "::1"],
            environment: ["VITSCOPE_THREADS": "2"])
        #expect(answer.status == 0, "\(answer.errors)")
        let lines = answer.text.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        func line(_ name: String) -> [String] { lines.first { $0.first == name } ?? [] }
        #expect(line("host") == ["host", "::1", "flag"])
        #expect(line("threads") == ["threads", "2", "environment VITSCOPE_THREADS"])
        #expect(line("port") == ["port", "9001", "file \(file)"])
        #expect(line("data") == ["data", "data", "default"])
        try Data(#"{"prot": 9001}"#.utf8).write(to: URL(fileURLWithPath: file))
        let wrong = try run(vitscope, ["serve", "--print-config", "--config", file])
        #expect(wrong.status == 78 && wrong.errors.contains("prot"))
    }
}
