import HTTPTypes
import Hummingbird
import Platform

extension Call {
    /// Seconds that `Prefer: wait=N` grants (RFC 7240, section 4.3).
    func wait(usual: Double, most: Double) -> Double {
        for preference in preferences {
            let parts = preference.split(separator: "=")
            if parts.count == 2, parts[0] == "wait", let seconds = Int(parts[1]), seconds >= 0 {
                return min(Double(seconds), most)
            }
        }
        return usual
    }

    /// Whether `Prefer: watched` says that the answer is for somebody who looks on, and for nobody once they are gone.
    var isWatched: Bool { preferences.contains("watched") }

    /// What the client would like, in small letters and without spaces.
    private var preferences: [String] {
        request.headers[values: .prefer].flatMap { field in
            field.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }
        }
    }
}

extension OperationParameter {
    /// What a client who asks for an analysis may prefer.
    static let analysisPreferences = OperationParameter(
        name: "Prefer", place: .header, schema: .string,
        detail:
            "`wait=N` waits up to N seconds for an answer that takes its time. `watched` gives the question up where it "
            + "is in the queue, nobody has asked after it for 150 seconds and nobody else has asked without this.")
}
