import Checkpoints
import Foundation
import Images

/// Good files of each format, small, from the fixtures or written here.
public enum FuzzSeeds {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The seeds of `format`, always the same and in the same order.
    public static func files(_ format: FuzzFormat) throws -> [[UInt8]] {
        switch format {
        case .pickle: try pickles()
        case .torchZip: try fixtures("checkpoints", ["pth"], "zip_")
        case .torchLegacy: try fixtures("checkpoints", ["pth"], "legacy_")
        case .safeTensors: try fixtures("checkpoints", ["safetensors"]) + [safeTensors]
        case .npz: try fixtures("checkpoints", ["npz"])
        case .npy: try fixtures("checkpoints", ["npy"]) + fixtures("checkpoints/refused", ["npy"])
        case .json: try fixtures("checkpoints/hf", ["json"]) + texts(jsons)
        case .jpeg, .png, .webp, .tiff, .bmp, .gif: try images(format.rawValue)
        case .query: texts(queries)
        case .range: texts(ranges)
        case .jobBody: texts(jobs)
        }
    }

    /// The files kept in Tests/Attacks for `format`, by name.
    public static func attacks(_ format: FuzzFormat) throws -> [(name: String, bytes: [UInt8])] {
        try folder("Attacks/\(format.rawValue)").map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    /// A file of torch.save around `pickle`, with three storages of 64 bytes.
    public static func torchFile(_ pickle: [UInt8]) -> [UInt8] {
        var writer = ZipWriter()
        writer.add("archive/data.pkl", pickle)
        for key in 0..<3 { writer.add("archive/data/\(key)", (0..<64).map { UInt8($0 * 3 + key) }) }
        writer.add("archive/version", Array("3\n".utf8))
        return writer.finish()
    }

    private static func folder(_ path: String) throws -> [URL] {
        let folder = tests.appendingPathComponent(path)
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    private static func fixtures(_ path: String, _ endings: [String], _ start: String = "") throws -> [[UInt8]] {
        try folder("Fixtures/\(path)").filter {
            endings.contains($0.pathExtension) && $0.lastPathComponent.hasPrefix(start)
        }.map { Array(try Data(contentsOf: $0)) }
    }

    /// The images of a format, and one that EXIF turns.
    private static func images(_ name: String) throws -> [[UInt8]] {
        let endings = ImageFormat(rawValue: name)?.endings.map { String($0.dropFirst()) } ?? []
        return try fixtures("images/\(name)", endings) + fixtures("images/orientation", endings, "6")
    }

    /// The pickles of the fixtures, and some whose storages are those of `torchFile`.
    private static func pickles() throws -> [[UInt8]] {
        let own = [
            SeedPickle.stateDict, SeedPickle.training, SeedPickle.module, SeedPickle.numpy, SeedPickle.oldText,
        ]
        return try own.map(\.bytes)
            + files(.torchZip).compactMap {
                ZipMembers($0).members.first { $0.name.suffix(9) == Array("/data.pkl".utf8) }
            }
            .map(\.content)
    }

    private static func texts(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private static let safeTensors: [UInt8] = {
        let header =
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
            + #""b.weight":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},"#
            + #""c":{"dtype":"I64","shape":[],"data_offsets":[22,30]},"e":{"dtype":"U8","shape":[0,7],"data_offsets":[30,30]}}"#
        return [UInt8(truncatingIfNeeded: header.utf8.count), UInt8(header.utf8.count >> 8), 0, 0, 0, 0, 0, 0]
            + Array(header.utf8) + (0..<30).map { UInt8($0) }
    }()

    private static let jsons = [
        #"{"a": [1, -2, 3.5e2, true, false, null, "text"], "b": {"c": {"d": []}}, "é": "\u00e9\ud83d\ude00\n"}"#,
        #"[[[[[[[[[[1]]]]]]]]]]"#, "0.1", #""\"\\\/\b\f\n\r\t""#, "-0.0", "1e22", "9007199254740993",
    ]
    private static let queries = [
        "limit=20&kind=a&kind=b&model=deit%20small&all=true", "model=%C3%A9%CC%81+x&limit=-1", "a=b=c&&d&=e", "limi=1",
    ]
    private static let ranges = [
        "bytes=0-99", "bytes=5-", "bytes=-5", "bytes = 1 - 2", "bytes=0-1,5-9", "BYTES=99-100",
        "bytes=9223372036854775807-",
    ]
    private static let jobs = [
        """
        {"name": "hybrid", "method": "hybrid", "arch": "vit_tiny_patch16_224", "img_size": 224, "dataset": "photos",
        "epochs": 100, "warmup_epochs": 10, "batch_size": 64, "optimizer": "adamw", "base_lr": 1.5e-4, "min_lr": 0,
        "weight_decay": 0.1, "clip_grad": 3.0, "seed": 0, "moco": {"dim": 256, "mlp_dim": 4096, "m": 0.99, "t": 0.2},
        "simmim": {"mask_ratio": 0.6, "mask_patch_size": 32}, "hybrid": {"lambda": 0.2}, "init_from": null,
        "checkpoint": {"every_epochs": 5, "keep_last": 3}, "resources": {"executor": "local", "threads": 2},
        "analysis": {"every_epochs": 5, "probe_set": "probe-64", "metrics": ["attention-distance", "fourier"]},
        "labels": {"a": "b"}}
        """,
        #"{"method": "mae", "arch": "vit_base_patch16_224", "dataset": "d", "mae": {"mask_ratio": 0.75}, "epochs": 3}"#,
        #"{"method": "supervised", "arch": "vit_tiny_patch16_224", "dataset": "d", "seed": 9, "smoothing": 0.1}"#,
    ]
}
