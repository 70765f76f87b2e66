import Analysis

/// What an analysis found out.
package struct AnalysisAnswer: Sendable {
    /// The numbers, and what they belong to, under JSON's names.
    var fields: [AnalysisResult.Field]
    /// The field that an NPY file holds.
    var mainField: String
    /// Why numbers are missing, or how they are to be read.
    var reasons: [Reason] = []
    /// How it is drawn, the most telling figure first.
    var figures: [ResultFigure] = []
}

extension AnalysisAnswer {
    /// - Parameters:
    ///   - mainField: the field that an NPY file holds.
    ///   - figures: the most telling first.
    package init(_ fields: [AnalysisResult.Field], mainField: String, figures: [ResultFigure]) {
        self.init(fields: fields, mainField: mainField, figures: figures)
    }
}
