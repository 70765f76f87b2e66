import JSON

/// How a result is drawn: which of its arrays go where. Pictures, the page and reports read the same description.
struct ResultFigure: Sendable, Equatable {
    enum Form: String, Sendable {
        /// `values` is (points) or (series, points) over `x`.
        case lines
        /// `values` is (rows, columns), the first row on top.
        case heatMap = "heat_map"
        /// `values` is (points, 2 or 3).
        case scatter
    }

    let form: Form
    let title: String
    /// The field with the numbers.
    let values: String
    /// The field with the points' places or names, or with the columns' names.
    var x: String?
    /// The field with the names of series or rows, or with the group of each point of a scatter.
    var series: String?
    /// The field with the half-widths around `values`, of the same shape.
    var band: String?
    var xLabel = ""
    var yLabel = ""
    /// Whether the series are steps of depth, coloured in order.
    var isOrdered = false

    init(
        _ form: Form, _ values: String, title: String, x: String? = nil, series: String? = nil, band: String? = nil,
        xLabel: String = "", yLabel: String = "", isOrdered: Bool = false
    ) {
        self.form = form
        self.values = values
        self.title = title
        self.x = x
        self.series = series
        self.band = band
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.isOrdered = isOrdered
    }

    /// As JSON has it.
    var value: JSONValue {
        .object([
            .init("form", .string(form.rawValue)), .init("title", .string(title)), .init("values", .string(values)),
            .init("x", .optional(x)), .init("series", .optional(series)), .init("band", .optional(band)),
            .init("x_label", .string(xLabel)), .init("y_label", .string(yLabel)), .init("ordered", .bool(isOrdered)),
        ])
    }
}
