import Foundation
import JSON
import TestSupport
import Testing
import Training

/// The schema of a job's body, as the service publishes it.
enum PublishedSchema {
    /// What of `body` does not fit.
    static func faults(of body: JSONValue, settings: JobSettingList = .standard) throws -> [String] {
        SchemaCheck().faults(
            of: try foundation(body), against: try foundation(settings.schema) as? [String: Any] ?? [:])
    }

    /// Whoever reads a job may not be stricter or laxer than the schema: what tests post has to fit.
    static func check(_ body: JSONValue) throws {
        let faults = try faults(of: body)
        #expect(faults.isEmpty, "\(faults)")
    }

    private static func foundation(_ value: JSONValue) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(value.json))
    }
}
