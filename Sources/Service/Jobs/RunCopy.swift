import Platform

/// Takes the beginning of a run from another one.
enum RunCopy {
    /// Gives `target` the record, configuration, metrics and checkpoints of the run in `source`. Checkpoints are files
    /// that never change, so both runs share them on the disk; where there is none, nothing is made.
    static func make(from source: String, to target: String) throws {
        let checkpoints = ((try? Folder.entries(source + "/checkpoints")) ?? []).filter {
            $0.name.hasPrefix("step-") && $0.name.hasSuffix(".safetensors")
        }
        guard !checkpoints.isEmpty, Folder.exists(source + "/state.json") else { return }
        try Folder.create(target + "/checkpoints")
        for entry in checkpoints {
            try Folder.link(source + "/checkpoints/" + entry.name, as: target + "/checkpoints/" + entry.name)
        }
        // The record comes last: without it there is no run.
        for name in ["config.json", "metrics.jsonl", "state.json"] where Folder.exists(source + "/" + name) {
            try AtomicFile.write([try MappedFile.open(source + "/" + name)], to: target + "/" + name, isPrivate: false)
        }
    }
}
