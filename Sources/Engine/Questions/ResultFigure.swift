import JSON

/// How a result is drawn: which of its arrays go where. Pictures, the page and reports read the same description.
package struct ResultFigure: Sendable, Equatable {
    package enum Form: String, Sendable {
        /// `values` is (points) or (series, points) over `x`.
        case lines
        /// `values` is (rows, columns), the first row on top.
        case heatMap = "heat_map"
        /// `values` is (points, 2 or 3).
        case scatter
        /// `values` is (image, …, row, column): maps of images, laid over them where that is asked for.
        case maps
        /// `values` is (image, …, row, column, 3), red, green and blue in 0…1: an image of patches for each image, laid
        /// over it where that is asked for.
        case colours
        /// `values` is (image, y, x, 3), levels from 0 to 1, and `series` names the fields with images of the same extents
        /// that stand side by side.
        case images
        /// `values` is (image, row, column): labels of patches, 255 for none, drawn in VOC's colours over their images;
        /// `series` names the fields of the same extents that stand side by side.
        case labels

        /// Whether it shows images, rather than numbers beside one another.
        var isPictorial: Bool { [.maps, .colours, .images, .labels].contains(self) }
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
    /// The field with a number that a level line is drawn at.
    var reference: String?
    var xLabel = ""
    var yLabel = ""
    /// Whether the series are steps of depth, coloured in order.
    var isOrdered = false
    /// The numbers that the ends of a colour map stand for, unless some lie beyond.
    var range: ClosedRange<Double>?
    /// Whether the first row of a heat map is at the bottom.
    var startsAtBottom = false

    package init(
        _ form: Form, _ values: String, title: String, x: String? = nil, series: String? = nil, band: String? = nil,
        reference: String? = nil, xLabel: String = "", yLabel: String = "", isOrdered: Bool = false,
        range: ClosedRange<Double>? = nil, startsAtBottom: Bool = false
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
        self.reference = reference
        self.range = range
        self.startsAtBottom = startsAtBottom
    }

    /// As JSON has it.
    var value: JSONValue {
        .object([
            .init("form", .string(form.rawValue)), .init("title", .string(title)), .init("values", .string(values)),
            .init("x", .optional(x)), .init("series", .optional(series)), .init("band", .optional(band)),
            .init("reference", .optional(reference)), .init("x_label", .string(xLabel)),
            .init("y_label", .string(yLabel)), .init("ordered", .bool(isOrdered)),
            .init("range", range.map { .doubles([$0.lowerBound, $0.upperBound]) } ?? .null),
            .init("starts_at_bottom", .bool(startsAtBottom)),
        ])
    }
}
