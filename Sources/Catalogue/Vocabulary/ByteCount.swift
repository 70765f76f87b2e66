import Platform

/// Numbers of bytes for people.
package enum ByteCount {
    package static func text(_ bytes: Int) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes), unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let rounded =
            unit == 0 || value >= 10
            ? "\(Int(rounding: value, .toNearestOrAwayFromZero) ?? 0)" : "\((value * 10).rounded() / 10)"
        return "\(rounded) \(units[unit])"
    }
}
