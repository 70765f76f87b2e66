import Foundation
import Runs
import Service
import Training

/// A line such as `epoch 3/22 ███████░░░ 14 % 96.1 images/s, 8 min left, loss 3.21`.
enum ProgressBar {
    /// The line, at most `columns` wide.
    static func text(_ progress: TrainingProgress, columns: Int) -> String {
        let cells = 20
        let full = min(cells, Int(exactly: (progress.fraction * Double(cells)).rounded(.down)) ?? 0)
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
        var parts = [
            "epoch \(progress.epoch)/\(progress.epochs) \(bar) \(Int(exactly: (progress.fraction * 100).rounded(.down)) ?? 0) %",
            String(format: "%.1f images/s", progress.imagesPerSecond),
        ]
        if let seconds = progress.etaSeconds { parts.append(duration(seconds) + " left") }
        for metric in progress.metrics where metric.key.hasPrefix("loss") || metric.key == "accuracy" {
            parts.append("\(metric.key) " + String(format: "%.4g", metric.value))
        }
        var line = ""
        for part in parts {
            let next = line.isEmpty ? part : line + ", " + part
            guard next.count < columns else { break }
            line = next
        }
        return line
    }

    /// Seconds in words of two units at the most.
    static func duration(_ seconds: Double) -> String {
        guard seconds < 1e9, let whole = Int(exactly: seconds.rounded()) else { return "a long time" }
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
    }
}
