package import Engine

/// One way to write a diagnosis.
package protocol Report: Sendable {
    func render(_ diagnosis: Diagnosis) -> String
}

/// How the person's terminal wants its text.
package struct TextOptions: Sendable {
    package var isColored: Bool
    /// In characters.
    package var width: Int

    package init(isColored: Bool = false, width: Int = 100) {
        self.isColored = isColored
        self.width = width
    }
}

/// The formats by the names that `--output` takes; a new one is a file of its own and one line here.
package enum ReportFormat: String, Sendable, CaseIterable {
    case text, wide, json, yaml, markdown, html, sarif, junit

    package func report(_ options: TextOptions) -> any Report {
        switch self {
        case .text: TextReport(options: options, isWide: false)
        case .wide: TextReport(options: options, isWide: true)
        case .json: JSONReport()
        case .yaml: YAMLReport()
        case .markdown: MarkdownReport()
        case .html: HTMLReport()
        case .sarif: SARIFReport()
        case .junit: JUnitReport()
        }
    }
}
