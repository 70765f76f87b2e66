import GRDB
import Jobs

/// A filter as SQL; every value is an argument, never text of the statement.
struct JobQuery: Sendable {
    let sql: String
    let arguments: StatementArguments

    init(_ filter: JobFilter, before: JobID?, limit: Int) {
        var conditions: [String] = []
        var values: [(any DatabaseValueConvertible)?] = []
        func require(_ condition: String, _ arguments: [any DatabaseValueConvertible]) {
            conditions.append(condition)
            values += arguments
        }
        func require(_ column: String, among choices: [String]) {
            guard !choices.isEmpty else { return }
            require("\(column) IN (\(choices.map { _ in "?" }.joined(separator: ", ")))", choices)
        }
        require("state", among: filter.states.map(\.rawValue))
        require("kind", among: filter.kind.map { [$0.rawValue] } ?? [])
        require("method", among: filter.methods)
        require("parent_id", among: filter.parentID.map { [$0.text] } ?? [])
        for (key, value) in filter.labels.sorted(by: { $0.key < $1.key }) {
            let isAny = value.isEmpty
            require(
                "id IN (SELECT job_id FROM job_label WHERE key = ?\(isAny ? "" : " AND value = ?"))",
                isAny ? [key] : [key, value])
        }
        // Ids sort by time, and stay where they are when others are deleted.
        if let before { require("id < ?", [before.text]) }
        let rule = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        sql = "SELECT * FROM job \(rule) ORDER BY id DESC LIMIT ?"
        arguments = StatementArguments(values + [max(limit, 0)])
    }
}
