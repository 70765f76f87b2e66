public import Catalogue
import Engine
import Platform
import Plots

// The report as one file with plots, for a browser.
extension ReproductionReport {
    /// Writes it; nothing has to be loaded beside it.
    ///
    /// - Throws: `conflict` where the file cannot be written.
    public func writeHTML(to path: String) throws(ServiceError) {
        do { try AtomicFile.write(Array(html.utf8), to: path) } catch {
            throw .conflict("The report could not be written to \(path): \(error)")
        }
    }

    var html: String {
        var page = HTMLPage(title: "What do self-supervised Vision Transformers learn?")
        page.paragraph(
            "The demo's models on \(analysedImages) images that none of them has seen; linear probes learned from "
                + "\(probeTrainImages) images and were tested on \(probeTestImages).")
        page.section("The paper's checklist")
        page.table(
            ["", "claim", "verdict", "measured"],
            rows: checklist.items.map { ["\($0.number)", $0.claim, $0.verdict.rawValue, $0.evidence] },
            isProse: true)
        page.section("Self-attention")
        draw(&page, "Attention distance", "block", "px", bands: \.attentionDistanceSem, uniform: uniformDistancePx) {
            $0.attentionDistancePx
        }
        draw(&page, "Normalized mutual information", "block", "NMI", bands: \.attentionNmiSem) { $0.attentionNmi }
        draw(&page, "Cosine similarity between heads", "block", "cosine") { $0.cosineHeads }
        draw(&page, "Cosine similarity between tokens", "block", "cosine") { $0.cosineTokens }
        draw(&page, "Cosine similarity between a block and the next", "block", "cosine") { $0.cosineDepths }
        page.section("Representations")
        draw(&page, "Highest frequency", "depth", "Δ log amplitude") { $0.highFrequency }
        draw(&page, "Singular values between tokens", "depth", "mean Δ log σ") { $0.singularTokens }
        draw(&page, "Singular values between images", "depth", "mean Δ log σ") { $0.singularImages }
        draw(&page, "Accuracy lost to noise, shape probe", "frequency (π)", "share", x: noiseFrequenciesPi) {
            $0.noiseDrop
        }
        page.section("Layers")
        draw(&page, "Shape probe on mean patch tokens", "depth", "accuracy") { $0.shapeProbe }
        draw(&page, "Texture probe on mean patch tokens", "depth", "accuracy") { $0.textureProbe }
        page.table(
            ["model", "shape, class token", "texture, class token", "decisions by shape", "decided"],
            rows: models.map {
                [$0.name]
                    + [$0.shapeProbeCls, $0.textureProbeCls, $0.shapeBias, $0.shapeBiasDecided].map {
                        HTMLPage.number($0)
                    }
            })
        if !sweep.isEmpty { drawSweep(&page) }
        return page.text
    }

    private func draw(
        _ page: inout HTMLPage, _ title: String, _ xLabel: String, _ yLabel: String, x: [Double]? = nil,
        bands: ((ModelMeasurement) -> [Double])? = nil, uniform: Double? = nil,
        _ numbers: (ModelMeasurement) -> [Double]
    ) {
        let series = models.map { model -> LineChart.Series in
            let y = numbers(model)
            return LineChart.Series(
                name: model.name, x: x.map { Array($0.prefix(y.count)) } ?? y.indices.map(Double.init), y: y,
                band: bands.map { $0(model) })
        }
        var chart = LineChart(series, title: title, xLabel: xLabel, yLabel: yLabel)
        chart.hasWholeNumbers = x == nil
        if let uniform { chart.reference = (uniform, "uniform attention") }
        page.picture(chart.png(), description: "\(title) of each model")
    }

    private func drawSweep(_ page: inout HTMLPage) {
        page.section("Hybrids by the weight of the contrastive loss")
        if let sweepEpochs {
            page.paragraph("They learned for \(sweepEpochs) epochs, which is not what the demo's job says.")
        }
        let lambdas = sweep.map(\.lambda)
        func chart(_ title: String, _ label: String, _ curves: [(String, (ModelMeasurement) -> Double)]) {
            let series = curves.map { curve in
                LineChart.Series(name: curve.0, x: lambdas, y: sweep.map { curve.1($0.model) })
            }
            page.picture(
                LineChart(series, title: title, xLabel: "λ", yLabel: label).png(), description: "\(title) by λ")
        }
        chart(
            "Shape probe", "accuracy",
            [("class token", { $0.shapeProbeCls }), ("mean patch token, last layer", { $0.shapeProbe.last ?? .nan })])
        chart(
            "Normalized mutual information", "NMI",
            [("last layer", { $0.attentionNmi.last ?? .nan }), ("first layer", { $0.attentionNmi.first ?? .nan })])
        chart(
            "Highest frequency", "Δ log amplitude",
            [
                ("last layer", { $0.highFrequency.last ?? .nan }),
                ("second layer", { $0.highFrequency.dropFirst(2).first ?? .nan }),
            ])
    }
}
